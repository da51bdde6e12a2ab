//! One question to the place that gives tokens: the form, and what its answer means.

use super::error::{OauthError, clean};
use super::settings::OauthSettings;
use crate::config::Secret;
use crate::http::{Answer, Ask, Http, Target};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;

/// Nothing longer is an answer with tokens.
const LONGEST: usize = 256 << 10;
/// Where nobody says how long a token is good (RFC 6749 5.1 leaves it open).
const USUAL_LIFE: i64 = 3_600;

/// What was given.
#[derive(Debug)]
pub(super) struct Tokens {
    pub access: Secret,
    /// A new one, where it was given or changed.
    pub refresh: Option<Secret>,
    /// Seconds.
    pub life: i64,
    pub scope: String,
}

/// Why nothing was given.
#[derive(Debug)]
pub(super) enum Nothing {
    /// The provider says no, by this code of RFC 6749 5.2 (or of RFC 8628), in these words.
    Refused { code: String, why: String },
    /// It could not be asked now.
    Later { why: String, wait: Option<Duration> },
    /// Our side.
    Ours(OauthError),
}

impl Nothing {
    fn later(why: impl Into<String>) -> Self {
        Self::Later {
            why: why.into(),
            wait: None,
        }
    }
}

impl From<Nothing> for OauthError {
    fn from(nothing: Nothing) -> Self {
        match nothing {
            Nothing::Refused { code, why } => Self::later(format!("{code} {why}")),
            Nothing::Later { why, .. } => Self::Later { why },
            Nothing::Ours(error) => error,
        }
    }
}

/// A form's words.
pub(super) type Form<'a> = Vec<(&'a str, Secret)>;

/// A word of a form that is no secret.
pub(super) fn word(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// Asks one address of the provider, as the application that the settings name.
pub(super) async fn ask(
    settings: &OauthSettings,
    url: &str,
    form: Form<'_>,
) -> Result<Value, Nothing> {
    let answer = post(settings, url, form).await?;
    judge(answer.status, answer.wait, &answer.body)
}

/// Tells it something; a 2xx is enough (RFC 7009 2.2).
pub(super) async fn tell(
    settings: &OauthSettings,
    url: &str,
    form: Form<'_>,
) -> Result<(), Nothing> {
    let answer = post(settings, url, form).await?;
    match answer.status {
        200..=299 => Ok(()),
        status => judge(status, answer.wait, &answer.body).map(drop),
    }
}

async fn post(settings: &OauthSettings, url: &str, mut form: Form<'_>) -> Result<Answer, Nothing> {
    form.push(("client_id", word(&settings.client_id)));
    if let Some(secret) = client_secret(settings).await? {
        form.push(("client_secret", secret));
    }
    let target = Target::parse(url).map_err(|(what, _)| Nothing::later(what))?;
    let query = match target.query.as_str() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let ask = Ask {
        method: "POST",
        target: format!("{}{query}", target.path),
        headers: vec![(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        )],
        body: Some(encoded(form.iter().map(|(k, v)| (*k, v.expose())))),
        at_most: LONGEST,
    };
    // A connection of its own: a kept one that breaks is asked again, and a refresh token may be used once.
    let time = Duration::from_secs(settings.timeout_seconds);
    let http = Http::new(target, settings.ca_file.as_deref(), time);
    let http = http.map_err(|(what, _)| Nothing::later(what))?;
    http.ask(&ask).await.map_err(|trouble| Nothing::Later {
        why: trouble.words,
        wait: trouble.wait,
    })
}

/// What an answer means.
fn judge(status: u16, wait: Option<Duration>, body: &[u8]) -> Result<Value, Nothing> {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let error = json.as_ref().and_then(|j| j.get("error")?.as_str());
    let later = matches!(error, Some("temporarily_unavailable" | "server_error"));
    match (status, json.as_ref(), error) {
        (200..=299, Some(json), None) => Ok(json.clone()),
        (400..=499, Some(json), Some(code)) if !later && status != 429 => {
            let words = json.get("error_description").and_then(Value::as_str);
            Err(Nothing::Refused {
                code: clean(code),
                why: clean(words.unwrap_or_default()),
            })
        }
        (200..=299, _, _) => Err(Nothing::later("the answer is not one of a token server")),
        _ => Err(Nothing::Later {
            why: format!("the token server answered {status}"),
            wait,
        }),
    }
}

/// The tokens in an answer.
pub(super) fn tokens(json: &Value) -> Result<Tokens, Nothing> {
    let text = |key: &str| json.get(key).and_then(Value::as_str);
    let kind = text("token_type").unwrap_or("bearer");
    let good = |t: &&str| !t.is_empty() && t.bytes().all(|b| (0x21..0x7f).contains(&b));
    let Some(access) = text("access_token").filter(good) else {
        return Err(Nothing::later("the token server's answer holds no token"));
    };
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err(Nothing::later(
            "the token server gives tokens of another kind than bearer",
        ));
    }
    let life = json.get("expires_in");
    let life = life.and_then(|l| l.as_i64().or_else(|| l.as_str()?.parse().ok()));
    Ok(Tokens {
        access: word(access),
        refresh: text("refresh_token").filter(good).map(word),
        life: life.filter(|l| *l > 0).unwrap_or(USUAL_LIFE),
        scope: clean(text("scope").unwrap_or_default()),
    })
}

/// The application's secret, if it has one.
pub(super) async fn client_secret(settings: &OauthSettings) -> Result<Option<Secret>, Nothing> {
    let Some(source) = settings.client_secret.clone() else {
        return Ok(None);
    };
    let read = tokio::task::spawn_blocking(move || source.read()).await;
    let read = read.map_err(|_| Nothing::later("the client_secret could not be read"))?;
    read.map(Some)
        .map_err(|e| Nothing::Ours(OauthError::Secret(e)))
}

/// As a form, or the query of an address, is written.
pub(super) fn encoded<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut all = String::new();
    for (key, value) in pairs {
        let joint = if all.is_empty() { "" } else { "&" };
        all.push_str(joint);
        all.push_str(key);
        all.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    all.push(byte.into());
                }
                // Writing to a string cannot fail.
                other => {
                    let _ = write!(all, "%{other:02X}");
                }
            }
        }
    }
    all
}

/// The same read back.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut all = Vec::with_capacity(bytes.len());
    let mut n = 0;
    while let Some(byte) = bytes.get(n) {
        let hex = text.get(n + 1..n + 3);
        match (*byte, hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(one)) => {
                all.push(one);
                n += 2;
            }
            (b'+', _) => all.push(b' '),
            (other, _) => all.push(other),
        }
        n += 1;
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_tokens_a_refusal_or_a_bad_moment() {
        let refused = |status, body: &str| match judge(status, None, body.as_bytes()) {
            Err(Nothing::Refused { code, .. }) => Some(code),
            _ => None,
        };
        let body = r#"{"error":"invalid_grant","error_description":"Token revoked"}"#;
        assert_eq!(refused(400, body).as_deref(), Some("invalid_grant"));
        assert_eq!(
            refused(401, r#"{"error":"invalid_client"}"#).as_deref(),
            Some("invalid_client")
        );
        for (status, body) in [
            (500, body),
            (429, body),
            (503, ""),
            (400, "<html>"),
            (400, r#"{"error":"temporarily_unavailable"}"#),
            (302, ""),
            (200, "ok"),
        ] {
            assert!(
                matches!(
                    judge(status, None, body.as_bytes()),
                    Err(Nothing::Later { .. })
                ),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn tokens_are_read_as_providers_write_them() {
        let read = |text: &str| tokens(&serde_json::from_str(text).unwrap());
        let one = read(
            r#"{"access_token":"a","token_type":"Bearer","expires_in":"3599","refresh_token":"r"}"#,
        );
        let one = one.unwrap();
        assert_eq!((one.access.expose(), one.life), ("a", 3599));
        assert_eq!(one.refresh.unwrap().expose(), "r");
        assert_eq!(read(r#"{"access_token":"a"}"#).unwrap().life, 3600);
        for bad in [
            r#"{}"#,
            r#"{"access_token":""}"#,
            r#"{"access_token":"a\r\nX"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_form_reads_back_as_it_was_written() {
        let all = "a b&c=d%é/+~";
        let form = encoded([("k", all), ("l", "2")].into_iter());
        assert_eq!(form, "k=a%20b%26c%3Dd%25%C3%A9%2F%2B~&l=2");
        assert_eq!(decoded("a%20b%26c%3Dd%25%C3%A9%2F%2B~"), all);
        assert_eq!(decoded("100%+%zz%e"), "100% %zz%e");
    }
}
