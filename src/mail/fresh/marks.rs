//! By which elements each mail client says "this is quoted", "this is my signature", "this nobody sees".
//!
//! Seen in the clients' own mail; a new client is a new line in a table. Marks that a person could have made by hand
//! (an indented paragraph, a rule) are not here: those are decided by words.

use super::colour::is_loud;
use super::tags::Tag;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Its content is quoted.
    Quote,
    /// A client keeps the quotation in it: its content is quoted, as far as its own blockquotes do not say what is.
    Container,
    /// Everything from here on is the mail that is answered.
    Cut,
    Signature,
    Hidden,
    /// Its words have no size, and so are not seen, or have one again.
    Tiny(bool),
    Attribution,
    Preformatted,
    /// Its colour stands out, or does not.
    Loud(bool),
}

/// Part of a `class` or `id` (lower case, whole word), what it means.
const NAMES: &[(&str, Mark)] = &[
    // Outlook: desktop, web, mobile, Mac
    ("divrplyfwdmsg", Mark::Cut),
    ("x_divrplyfwdmsg", Mark::Cut),
    ("mail-editor-reference-message-container", Mark::Cut),
    ("ms-outlook-mobile-reference-message", Mark::Cut),
    ("olk_src_body_section", Mark::Cut),
    ("outlookmessageheader", Mark::Cut),
    ("ms-outlook-mobile-signature", Mark::Signature),
    ("signature", Mark::Signature),
    ("x_signature", Mark::Signature),
    // Gmail
    ("gmail_signature", Mark::Signature),
    ("gmail_signature_prefix", Mark::Signature),
    ("gmail_attr", Mark::Attribution),
    // Apple
    ("applemailsignature", Mark::Signature),
    ("apple-mail-signature", Mark::Signature),
    // Thunderbird
    ("moz-cite-prefix", Mark::Attribution),
    ("moz-signature", Mark::Signature),
    ("moz-forward-container", Mark::Cut),
    // Proton, Tutanota
    ("protonmail_quote", Mark::Quote),
    ("tutanota_quote", Mark::Quote),
    ("protonmail_signature_block", Mark::Signature),
    ("protonmail_signature_block-user", Mark::Signature),
    // Yahoo
    ("yahoo_quoted", Mark::Quote),
    ("yahooquotedcontainer", Mark::Quote),
    // Zimbra
    ("zwchr", Mark::Cut),
    // Samsung, Huawei, Xiaomi
    ("quoted_text", Mark::Quote),
    ("composer_signature", Mark::Signature),
    // web.de, GMX
    ("quote", Mark::Quote),
    // mail.ru, Yandex, Front, Spark, Superhuman, Missive, Freshdesk, HubSpot
    ("mail-quote-collapse", Mark::Quote),
    ("front-blockquote", Mark::Quote),
    ("spark_quote", Mark::Quote),
    ("sh-quoted-content", Mark::Quote),
    ("missive_quote", Mark::Quote),
    ("freshdesk_quote", Mark::Quote),
    ("hs_reply", Mark::Quote),
    ("isreplycontent", Mark::Cut),
    ("isforwardcontent", Mark::Cut),
    ("replyforwardcontainer", Mark::Cut),
    ("elided-text", Mark::Quote),
    ("front-quote", Mark::Quote),
    ("front-signature", Mark::Signature),
    ("messagereplysection", Mark::Quote),
    ("messagesignaturesection", Mark::Signature),
    ("mail-quote", Mark::Quote),
    ("zmail_extra_hr", Mark::Cut),
    ("zm-_id_-sgn", Mark::Signature),
    ("stopspelling", Mark::Cut),
    ("airmail_on", Mark::Attribution),
    ("airmail_ext_on", Mark::Attribution),
    ("bloop_original_html", Mark::Quote),
    ("bloop_sign", Mark::Signature),
    ("edo-original", Mark::Quote),
    ("sh-signature", Mark::Signature),
    ("superhuman-signature", Mark::Signature),
    ("missive_signature", Mark::Signature),
    ("hs_signature", Mark::Signature),
    ("tutanota_signature", Mark::Signature),
    ("fastmail-signature", Mark::Signature),
    ("moz-email-headers-table", Mark::Cut),
];

/// What start tags say, with what the last few said: mail programs write the same attributes around every paragraph.
#[derive(Default)]
pub(super) struct Marks<'a> {
    last: Vec<(&'a str, bool, Vec<Mark>)>,
    oldest: usize,
}

/// How many are remembered: Word writes three or four by turns.
const REMEMBERED: usize = 6;

impl<'a> Marks<'a> {
    /// What the attributes of one start tag say.
    pub(super) fn of(&mut self, name: &Tag, attributes: &'a str) -> &[Mark] {
        let quote_tag = name == b"blockquo";
        if attributes.trim_ascii().is_empty() && !quote_tag {
            return &[];
        }
        let known = |last: &(&str, bool, _)| last.1 == quote_tag && last.0 == attributes;
        let at = match self.last.iter().position(known) {
            Some(at) => at,
            None => self.remember((attributes, quote_tag, read(attributes, quote_tag))),
        };
        &self.last[at].2
    }

    fn remember(&mut self, said: (&'a str, bool, Vec<Mark>)) -> usize {
        if self.last.len() < REMEMBERED {
            self.last.push(said);
            return self.last.len() - 1;
        }
        self.oldest = (self.oldest + 1) % REMEMBERED;
        self.last[self.oldest] = said;
        self.oldest
    }
}

fn read(attributes: &str, quote_tag: bool) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut quoting = quote_tag;
    for (key, value) in Attributes(attributes) {
        match key.as_ref() {
            "class" | "id" | "name" | "data-smartmail" | "data-marker" => {
                named(&value, &key, &mut marks);
            }
            "style" => {
                let style: String = value.chars().filter(|c| !c.is_whitespace()).collect();
                marks.extend(style.split(';').filter_map(styled));
                // Gmail's indentation button, not a quotation
                quoting &= !(style.contains("border:none") && style.contains("padding:0"));
            }
            "hidden" => marks.push(Mark::Hidden),
            "color" => marks.extend(is_loud(&value).map(Mark::Loud)),
            _ => {}
        }
    }
    if quoting && !marks.contains(&Mark::Quote) {
        marks.push(Mark::Quote);
    }
    if !quote_tag {
        let quotes = marks.iter_mut().filter(|m| **m == Mark::Quote);
        quotes.for_each(|m| *m = Mark::Container);
    }
    marks
}

fn named(value: &str, key: &str, marks: &mut Vec<Mark>) {
    match (key, value) {
        ("data-marker", "__headers__" | "__divider__" | "__quoted_text__") => marks.push(Mark::Cut),
        ("data-marker", "__sig_post__" | "__sig_pre__") => marks.push(Mark::Signature),
        _ => {}
    }
    for word in value.split_ascii_whitespace() {
        let Some((_, mark)) = NAMES.iter().find(|(n, _)| *n == word) else {
            continue;
        };
        // "quote" and "signature" are words that a style sheet may use for anything: only as the clients write them
        let loose = (word == "quote" && key != "name") || (word == "signature" && key == "name");
        if !loose && !marks.contains(mark) {
            marks.push(*mark);
        }
    }
}

/// What one declaration of a style, without spaces, says.
fn styled(declaration: &str) -> Option<Mark> {
    let (property, value) = declaration.split_once(':')?;
    let hidden = match property {
        "display" => value.starts_with("none"),
        "visibility" => value.starts_with("hidden"),
        "mso-hide" => value.starts_with("all"),
        "max-height" | "opacity" => number(value) == Some(0.0),
        "font-size" => return size(value).map(Mark::Tiny),
        "white-space" if value.starts_with("pre") => return Some(Mark::Preformatted),
        "color" => return is_loud(value).map(Mark::Loud),
        _ => false,
    };
    hidden.then_some(Mark::Hidden)
}

fn number(value: &str) -> Option<f32> {
    let mut numbers = value.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    numbers.next()?.parse().ok()
}

/// Whether a size of letters is none; what is relative to the size around it changes nothing, unless it is none.
fn size(value: &str) -> Option<bool> {
    let value = value.strip_suffix("!important").unwrap_or(value);
    let relative = value.ends_with('%') || (value.ends_with("em") && !value.ends_with("rem"));
    match number(value) {
        Some(0.0) => Some(true),
        Some(_) if !relative => Some(false),
        None if SIZES.contains(&value) => Some(false),
        _ => None,
    }
}

const SIZES: &[&str] = &[
    "xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large",
];

/// `key="value"` pairs, keys and values in lower case.
struct Attributes<'a>(&'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self
            .0
            .trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let key_end = rest
            .find(|c: char| c.is_ascii_whitespace() || c == '=')
            .unwrap_or(rest.len());
        let key = &rest[..key_end];
        let after = rest[key_end..].trim_start();
        let Some(after) = after.strip_prefix('=') else {
            self.0 = &rest[key_end..];
            if key.is_empty() {
                return None;
            }
            return Some((lower(key), Cow::Borrowed("")));
        };
        let after = after.trim_start();
        let (value, left) = match after.as_bytes().first() {
            Some(q @ (b'"' | b'\'')) => {
                let inner = &after[1..];
                let end = inner.find(char::from(*q)).unwrap_or(inner.len());
                (&inner[..end], inner.get(end + 1..).unwrap_or(""))
            }
            _ => {
                let end = after
                    .find(|c: char| c.is_ascii_whitespace())
                    .unwrap_or(after.len());
                (&after[..end], &after[end..])
            }
        };
        self.0 = left;
        Some((lower(key), lower(value)))
    }
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
