//! A letter as it is printed: the firm, the address in the window of the envelope, day and reference, the words of the letter.
//!
//! The words are those of the letter by mail, so a template is written once. Whatever goes with it as a file is printed
//! behind it. Everything is escaped, and nothing is fetched from elsewhere: the page reads the same on any machine.

use super::compose::Letter;
use super::facts::LetterFacts;
use super::layout::{escape, html};
use super::line::Line;
use super::words;
use jiff::civil::Date;

/// Where the address stands, so that it shows in the window of an envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Window {
    /// On the left, as in most countries (DIN 5008).
    Left,
    /// On the right, as in France (NF Z 10-011).
    Right,
}

impl Window {
    /// Where it is in this country (ISO 3166-1 alpha-2).
    pub fn of(country: &str) -> Self {
        match country.eq_ignore_ascii_case("FR") {
            true => Self::Right,
            false => Self::Left,
        }
    }
}

const STYLE: &str = "@page{size:A4;margin:20mm 20mm 20mm 25mm}\
body{font:11pt/1.4 serif;color:#000;background:#fff;max-width:165mm;margin:0 auto}\
header{font-size:9pt;height:25mm}address{font-style:normal;height:35mm}\
.right{margin-left:90mm}.head{margin:0 0 8mm}h1,h2{font-size:11pt;break-after:avoid}\
pre{break-before:page;white-space:pre-wrap;overflow-wrap:anywhere;font:9pt/1.3 monospace}\
@media screen{body{padding:15mm}}";

/// The page: a whole HTML document that a browser prints on A4.
pub fn page(
    letter: &Letter,
    facts: &LetterFacts,
    to: &[Line],
    day: Date,
    window: Window,
) -> String {
    let (language, firm) = (letter.language, &facts.controller);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n<title>"
    );
    escape(facts.case.reference.as_str(), &mut page);
    page += &format!("</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>");
    lines(
        [&firm.legal_name, &firm.address, &firm.privacy_email],
        &mut page,
    );
    page += match window {
        Window::Left => "</header>\n<address>",
        Window::Right => "</header>\n<address class=\"right\">",
    };
    lines(to, &mut page);
    page += "</address>\n<p class=\"head\">";
    escape(&words::date(language, day), &mut page);
    page += "<br>\n";
    escape(
        words::word(language, "reference").unwrap_or("Ref."),
        &mut page,
    );
    page += ": ";
    escape(facts.case.reference.as_str(), &mut page);
    page += "</p>\n<h1>";
    escape(&letter.subject, &mut page);
    page += "</h1>\n";
    page += &html(&letter.text);
    for file in &letter.attachments {
        page += "<pre>";
        escape(&format!("{}\n\n", file.name), &mut page);
        escape(&String::from_utf8_lossy(&file.bytes), &mut page);
        page += "</pre>\n";
    }
    page + "</body>\n</html>\n"
}

fn lines<'a>(all: impl IntoIterator<Item = &'a Line>, page: &mut String) {
    for (n, line) in all.into_iter().filter(|l| !l.is_empty()).enumerate() {
        if n > 0 {
            page.push_str("<br>\n");
        }
        escape(line.as_str(), page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Attachment, sample_facts_of_everything};
    use crate::record::Language;

    #[test]
    fn a_printed_letter_has_address_day_reference_words_and_files_and_no_markup_of_strangers() {
        let facts = sample_facts_of_everything(Language::Fr);
        let letter = Letter {
            language: Language::Fr,
            subject: "Votre demande <b>".into(),
            text: "Madame,\n\nC'est noté.\n".into(),
            html: String::new(),
            attachments: vec![Attachment {
                name: "copy.json".into(),
                media_type: "application/json",
                bytes: b"{\"name\": \"<script>\"}".to_vec(),
            }],
        };
        let to = [
            "Mme Jeanne Durand",
            "12 rue <i>des Lilas</i>",
            "75011 Paris",
        ]
        .map(Line::from);
        let day = jiff::civil::date(2026, 11, 28);
        let page = page(&letter, &facts, &to, day, Window::of("FR"));
        for part in [
            "<address class=\"right\">Mme Jeanne Durand<br>\n12 rue &lt;i&gt;des Lilas&lt;/i&gt;<br>\n75011 Paris</address>",
            "28\u{a0}novembre 2026<br>\nNotre référence: ",
            facts.case.reference.as_str(),
            facts.controller.legal_name.as_str(),
            "<h1>Votre demande &lt;b&gt;</h1>",
            "<p>C&#39;est noté.</p>",
            "<pre>copy.json\n\n{&quot;name&quot;: &quot;&lt;script&gt;&quot;}</pre>",
        ] {
            assert!(page.contains(part), "{part} in:\n{page}");
        }
        assert!(!page.contains("<script>") && !page.contains("http"));
        assert!(super::page(&letter, &facts, &to, day, Window::of("DE")).contains("<address>Mme"));
    }
}
