//! A labelled reply as a mail program would send it, so that the whole core is judged: parsing, fresh text, gate, reading.
//!
//! Deliberately absent: header fields that the labels do not have, such as Auto-Submitted.

use super::Labelled;
use std::fmt::Write;

/// The raw message, to this address. The text is body, blank line, signature, blank line, quoted; any may be empty.
pub fn compose(reply: &Labelled, to: &str) -> Vec<u8> {
    let line = |text: &str| text.replace(['\r', '\n'], " ");
    let (kind, text) = if reply.html {
        ("html", as_html(reply))
    } else {
        ("plain", as_plain(reply))
    };
    let id = reply.id.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    format!(
        "From: {}\r\nTo: <{to}>\r\nSubject: {}\r\nMessage-ID: <{id}@labelled.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
        mailbox(&line(&reply.from)),
        line(&reply.subject),
        text.replace("\r\n", "\n").replace('\n', "\r\n")
    )
    .into_bytes()
}

/// `Wald, Jana <jana@wald.example>` with the quotes that its comma needs (RFC 5322 3.2.4).
fn mailbox(from: &str) -> String {
    let Some((name, address)) = from.rsplit_once('<') else {
        return from.to_owned();
    };
    let name = name.trim().trim_matches('"');
    if name.is_empty() {
        return format!("<{address}");
    }
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{name}\" <{address}")
}

fn as_plain(reply: &Labelled) -> String {
    let parts = [&reply.body, &reply.signature, &reply.quoted];
    let parts = parts.into_iter().filter(|p| !p.is_empty());
    parts.map(String::as_str).collect::<Vec<_>>().join("\n\n")
}

/// Typed lines in a div, what stands behind `>` in a blockquote; a quotation without any `>` is one as a whole.
fn as_html(reply: &Labelled) -> String {
    let mut html = Html {
        out: String::from("<html><body>\n"),
        is_quoting: false,
    };
    let whole = !reply.quoted.lines().any(|l| l.starts_with('>'));
    let parts = [
        (&reply.body, false),
        (&reply.signature, false),
        (&reply.quoted, whole),
    ];
    let parts = parts.into_iter().filter(|(text, _)| !text.is_empty());
    for (n, (text, is_quoted)) in parts.enumerate() {
        if n > 0 {
            html.line("", false);
        }
        for line in text.lines() {
            match line.strip_prefix('>') {
                Some(inner) => html.line(inner.trim_start(), true),
                None => html.line(line, is_quoted),
            }
        }
    }
    html.quoting(false);
    html.out + "</body></html>"
}

struct Html {
    out: String,
    is_quoting: bool,
}

impl Html {
    fn quoting(&mut self, quoted: bool) {
        if quoted != self.is_quoting {
            self.out.push_str(if quoted {
                "<blockquote type=\"cite\">\n"
            } else {
                "</blockquote>\n"
            });
            self.is_quoting = quoted;
        }
    }

    fn line(&mut self, text: &str, quoted: bool) {
        self.quoting(quoted);
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "<div>{text}<br></div>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_composed_as_a_client_would() {
        let line = r#"{"id":"a-1","lang":"fr","from":"Roux, Anne <a@b.example>","subject":"Re: x","body":"Non <merci>","quoted":"Le 3, il a écrit :\n> Bonjour","signature":"A.","html":true,"intents":["none"]}"#;
        let mut reply: Labelled = serde_json::from_str(line).unwrap();
        let text = |r: &Labelled| String::from_utf8(compose(r, "us@c.example")).unwrap();
        let html = text(&reply);
        assert!(html.starts_with("From: \"Roux, Anne\" <a@b.example>\r\n"));
        assert!(html.contains("<div>Non &lt;merci&gt;<br></div>\r\n<div><br></div>"));
        assert!(html.contains(
            "il a écrit :<br></div>\r\n<blockquote type=\"cite\">\r\n<div>Bonjour<br></div>\r\n</blockquote>"
        ));
        reply.html = false;
        assert!(
            text(&reply).ends_with(
                "\r\n\r\nNon <merci>\r\n\r\nA.\r\n\r\nLe 3, il a écrit :\r\n> Bonjour\r\n"
            )
        );
    }
}
