//! Writes one letter from its parts and its facts: subject, text, the same in HTML, attachments.
//!
//! The order is always the same, so the same facts give the same bytes: a reviewer approves the hash of what was shown.
//! A letter whose facts are incomplete is not written at all; the caller holds the case (rule A8). Deliberately absent:
//! addresses, headers and dates of sending, which `mime` adds; and the linter, which the caller runs on the result.

use super::facts::{Copy, LetterFacts};
use super::layout::{self, Block};
use super::lint::normal;
use super::part::Part;
use super::templates::{SEVERAL, Templates, one_line};
use crate::record::Language;
use tera::Context;

/// From this many data or mails on, an access letter carries them as a text file too.
const LONG_COPY: usize = 40;

/// A letter as people read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its language.
    pub language: Language,
    /// One line.
    pub subject: String,
    /// Plain text with `\n`, lines of at most 78 characters where words allow it.
    pub text: String,
    /// A whole HTML page.
    pub html: String,
    /// In their order.
    pub attachments: Vec<Attachment>,
}

/// A file that goes with a letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// ASCII, without a path.
    pub name: String,
    /// `application/json`, `text/plain; charset=utf-8`.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why a letter was not written. All of them are rule A8: the case is held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Nothing to say.
    #[error("a letter needs at least one part")]
    Empty,
    /// No template in this language.
    #[error("there is no template for {folder} in {language}")]
    NoTemplate {
        /// The letter's language.
        language: Language,
        /// The folder that is missing.
        folder: &'static str,
    },
    /// Facts that the law asks for are not known.
    #[error("the letter cannot be written without {}", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// The template failed on these facts, though not on the samples.
    #[error("{path}: {what}")]
    Template {
        /// Which file.
        path: String,
        /// What tera said.
        what: String,
    },
}

/// The folder of the template for these parts.
pub fn folder(parts: &[Part]) -> &'static str {
    match parts {
        [one] => one.word(),
        _ => SEVERAL,
    }
}

/// The first folder that a letter of these parts lacks. Each part needs a template of its own too: the frame for several
/// would leave an unknown part out in silence.
pub(super) fn missing_folder(
    templates: &Templates,
    language: Language,
    parts: &[Part],
) -> Option<&'static str> {
    let mut folders = parts.iter().map(|p| p.word()).chain([folder(parts)]);
    folders.find(|f| !templates.has(language, f))
}

/// Writes the letter. `parts` may come in any order, and twice.
pub fn compose(
    templates: &Templates,
    parts: &[Part],
    facts: &LetterFacts,
) -> Result<Letter, ComposeError> {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    parts.dedup();
    if parts.is_empty() {
        return Err(ComposeError::Empty);
    }
    if let Some(folder) = missing_folder(templates, facts.language, &parts) {
        let language = facts.language;
        return Err(ComposeError::NoTemplate { language, folder });
    }
    let mut missing: Vec<_> = parts.iter().flat_map(|p| p.missing(facts)).collect();
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        return Err(ComposeError::Missing(missing));
    }
    compose_unchecked(templates, &parts, facts).map_err(|(path, e)| ComposeError::Template {
        path,
        what: e.to_string(),
    })
}

/// A letter in a human's words: the same attachments, and the HTML of the template around the new text.
pub fn rewrite(
    templates: &Templates,
    parts: &[Part],
    facts: &LetterFacts,
    letter: Letter,
    (subject, text): (&str, &str),
) -> Result<Letter, ComposeError> {
    let (subject, text) = (one_line(subject), layout::tidy(text));
    // In the order in which the letter was written.
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    parts.dedup();
    let path = format!("{}/{}/body.html", facts.language, folder(&parts));
    let page = || {
        let mut context = Context::from_serialize(facts)?;
        context.insert("parts", &parts);
        context.insert("text", &text);
        templates.render(&path, &context)
    };
    let html = page().map_err(|e| ComposeError::Template {
        path: path.clone(),
        what: e.to_string(),
    })?;
    Ok(Letter {
        subject,
        text,
        html,
        ..letter
    })
}

/// Writes it from sorted parts whose facts are complete; an error comes with the file that was rendered.
pub(super) fn compose_unchecked(
    templates: &Templates,
    parts: &[Part],
    facts: &LetterFacts,
) -> Result<Letter, (String, tera::Error)> {
    let name = |file: &str| format!("{}/{}/{file}", facts.language, folder(parts));
    let mut context = Context::from_serialize(facts).map_err(|e| (name("body.txt"), e))?;
    context.insert("parts", parts);
    let render = |file: &str, context: &Context| {
        let path = name(file);
        templates.render(&path, context).map_err(|e| (path, e))
    };
    let subject = one_line(&render("subject.txt", &context)?);
    let text = layout::tidy(&render("body.txt", &context)?);
    context.insert("text", &text);
    let html = render("body.html", &context)?;
    let copy = facts
        .copy
        .as_ref()
        .filter(|_| parts.contains(&Part::Access));
    Ok(Letter {
        language: facts.language,
        subject,
        text,
        html,
        attachments: copy.map(|c| attachments(c, facts)).unwrap_or_default(),
    })
}

/// The first piece of a letter's text that its page does not say: a firm's own page may have been written for another text, and
/// most people see the page alone.
pub fn unsaid_on_page(letter: &Letter) -> Option<String> {
    let page = normal(&layout::text_of(&letter.html));
    let blocks = layout::blocks(&letter.text).into_iter();
    let mut pieces = blocks.flat_map(|block| match block {
        Block::Heading(line) => vec![line],
        Block::Paragraph(lines) | Block::List(lines) => lines,
    });
    pieces.find(|piece| !page.contains(normal(piece).trim()))
}

/// The copy for machines (Art. 20, and a courtesy under Art. 15(3)), and as a text file where it is long.
fn attachments(copy: &Copy, facts: &LetterFacts) -> Vec<Attachment> {
    let name = |ending: &str| format!("{}-copy.{ending}", file_name(&facts.case.reference));
    let portable = serde_json::json!({
        "reference": facts.case.reference,
        "controller": facts.controller.legal_name,
        "data": copy.fields,
        "mails": copy.mails,
        "systems": copy.systems,
        "origins": facts.origins,
        "processing": facts.processing,
        "suppression": facts.suppression,
    });
    let mut files = vec![Attachment {
        name: name("json"),
        media_type: "application/json",
        bytes: format!("{portable:#}\n").into_bytes(),
    }];
    if copy.fields.len() + copy.mails.len() > LONG_COPY {
        let mut text = String::new();
        for field in &copy.fields {
            text += &format!("{}: {}\n", field.label, field.value);
        }
        for mail in &copy.mails {
            let subject = mail.subject.as_deref().unwrap_or("-");
            text += &format!("{}  {subject}\n", mail.date);
        }
        files.push(Attachment {
            name: name("txt"),
            media_type: "text/plain; charset=utf-8",
            bytes: text.into_bytes(),
        });
    }
    files
}

fn file_name(reference: &str) -> String {
    let ascii = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let name: String = reference.chars().filter(ascii).take(40).collect();
    if name.is_empty() {
        "case".to_owned()
    } else {
        name
    }
}

/// Counts only: a letter is personal.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (text, files) = (self.text.len(), self.attachments.len());
        write!(
            f,
            "Letter({}, {text} bytes, {files} attachments)",
            self.language
        )
    }
}
