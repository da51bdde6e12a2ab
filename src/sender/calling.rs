//! One step as a request: its templates filled in, the secret added, and the answer judged.

use super::answer::{Verdict, judge};
use super::preset::{Auth, Step};
use super::template::{encoded, name_of};
use super::told::{Trouble, TroubleKind};
use super::walk::{Walk, call_of};
use crate::http::Ask;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use std::collections::BTreeMap;
use tera::Context;

impl Walk<'_> {
    /// Sends one request, and judges its answer.
    pub(super) async fn call(
        &self,
        number: usize,
        step: &Step,
        values: &Context,
    ) -> Result<Verdict, Trouble> {
        let call = call_of(step);
        let path = self.render(number, "path", values)?;
        if !is_safe(&path) {
            let words = format!("{call}: filled in, the path has an empty part; nothing was sent");
            return Err(Trouble::new(TroubleKind::Local, words));
        }
        let mut query: Vec<String> = Vec::new();
        for (key, text) in self.filled(number, "query", &step.query, values)? {
            if !text.is_empty() {
                query.push(format!("{}={}", encoded(key), encoded(&text)));
            }
        }
        let mut headers = Vec::new();
        self.log_in(&mut headers, &mut query)?;
        let base = self.http.target().path.trim_end_matches('/');
        let mark = if query.is_empty() { "" } else { "?" };
        let ask = Ask {
            method: step.method.word(),
            target: format!("{base}{path}{mark}{}", query.join("&")),
            headers,
            body: match &step.body {
                Some(_) => Some(self.render(number, "body", values)?),
                None => None,
            },
            at_most: self.at_most,
        };
        let answer = self.http.ask(&ask).await.map_err(|trouble| Trouble {
            words: format!("{call}: {}", trouble.words),
            ..trouble
        })?;
        judge(&answer, [&step.done, &step.unknown], &call, &self.hidden)
    }

    fn log_in(
        &self,
        headers: &mut Vec<(HeaderName, HeaderValue)>,
        query: &mut Vec<String>,
    ) -> Result<(), Trouble> {
        let secret = self.secret.expose();
        let (name, value) = match &self.preset.auth {
            Auth::Bearer => (AUTHORIZATION, format!("Bearer {secret}")),
            Auth::Basic { user } => (
                AUTHORIZATION,
                format!("Basic {}", STANDARD.encode(format!("{user}:{secret}"))),
            ),
            Auth::Header { name } => {
                let known = HeaderName::from_bytes(name.as_bytes());
                let wrong = |_| {
                    Trouble::new(
                        TroubleKind::Local,
                        "[auth] name is not the name of a header",
                    )
                };
                (known.map_err(wrong)?, secret.to_owned())
            }
            Auth::Query { name } => {
                query.push(format!("{}={}", encoded(name), encoded(secret)));
                return Ok(());
            }
        };
        let wrong = |_| {
            Trouble::new(
                TroubleKind::Secret,
                "the secret holds a character that no key has",
            )
        };
        let mut value = HeaderValue::from_str(&value).map_err(wrong)?;
        value.set_sensitive(true);
        headers.push((name, value));
        Ok(())
    }

    /// The texts of a table, by pointer.
    pub(super) fn filled<'s, T: AsRef<str>>(
        &self,
        number: usize,
        kind: &str,
        table: &'s BTreeMap<String, toml::Spanned<T>>,
        values: &Context,
    ) -> Result<Vec<(&'s str, String)>, Trouble> {
        let text = |key: &'s String| {
            Ok((
                key.as_str(),
                self.render(number, &format!("{kind}.{key}"), values)?,
            ))
        };
        table.keys().map(text).collect()
    }

    fn render(&self, number: usize, part: &str, values: &Context) -> Result<String, Trouble> {
        let name = name_of(self.act, number, part);
        let cannot = |what| Trouble::new(TroubleKind::Local, what);
        self.templates.render(&name, values).map_err(cannot)
    }
}

/// No part of a path is empty or leads upwards: `DELETE /entries/` with an empty id would be another call.
fn is_safe(path: &str) -> bool {
    let Some(parts) = path.strip_prefix('/') else {
        return false;
    };
    parts
        .split('/')
        .all(|part| !matches!(part, "" | "." | ".."))
        && !path.contains(['?', '#'])
        && path.chars().all(|c| c.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_an_empty_part_is_never_sent() {
        assert!(is_safe("/a/b%40c"));
        for bad in ["/entries/", "/a//b", "/a/../b", "a", "/a?b", "/é"] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
