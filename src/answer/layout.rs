//! From what a template wrote to what a person reads: tidy lines of text, and the same words as simple HTML.
//!
//! Writers write the text once. Paragraphs are separated by an empty line, a list item begins with "– " (or "- "), a
//! heading is underlined with dashes: marks that read well as they are, and that HTML is made from. So both forms of a
//! letter say the same. Deliberately absent from the HTML: images, links, scripts, styles from elsewhere.

/// Columns of a line of text, as RFC 5322 2.1.1 recommends.
const WIDTH: usize = 78;

/// Removes what templates leave behind (spaces at line ends, runs of empty lines) and breaks long lines at spaces.
/// Lines of a list are continued under their text.
pub fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    let mut last = "";
    let mut blank = false;
    for line in text.lines().map(trim) {
        if line.is_empty() {
            blank = true;
            continue;
        }
        // Loops and conditions leave empty lines inside a list and under a heading; neither has any.
        let together = is_rule(last) || (is_item(last) && is_item(line));
        if std::mem::take(&mut blank) && !together && !last.is_empty() {
            out.push('\n');
        }
        wrap(line, &mut out);
        last = line;
    }
    if out.is_empty() {
        out.push('\n');
    }
    out
}

/// Without spaces around it; a non-breaking space is no such space.
fn trim(line: &str) -> &str {
    line.trim_matches([' ', '\t', '\r'])
}

fn wrap(line: &str, out: &mut String) {
    let indent = if is_item(line) { "  " } else { "" };
    let mut column = 0;
    for word in line.split(' ').filter(|w| !w.is_empty()) {
        let width = word.chars().count();
        let only_the_mark = column == 1 && !indent.is_empty();
        if column > 0 && column + 1 + width > WIDTH && !only_the_mark {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
}

fn is_item(line: &str) -> bool {
    line.starts_with("– ") || line.starts_with("- ")
}

/// A piece of a letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block {
    /// Underlined.
    Heading(String),
    /// Its lines.
    Paragraph(Vec<String>),
    /// Its items, unwrapped.
    List(Vec<String>),
}

/// The pieces of a tidy text; lines that were broken only for their length are joined again.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fresh = true;
    let mut last_width = 0;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            fresh = true;
            continue;
        }
        let underlined = lines.peek().is_some_and(|n| is_rule(n));
        let item = line.strip_prefix("– ").or(line.strip_prefix("- "));
        let first_word = line.split(' ').next().map_or(0, |w| w.chars().count());
        let broken = !fresh && last_width + 1 + first_word > WIDTH;
        last_width = line.chars().count();
        match (blocks.last_mut(), item) {
            _ if underlined => {
                lines.next();
                blocks.push(Block::Heading(line.to_owned()));
                fresh = true;
                continue;
            }
            (Some(Block::List(items)), Some(item)) if !fresh => items.push(item.to_owned()),
            (_, Some(item)) => blocks.push(Block::List(vec![item.to_owned()])),
            (Some(Block::List(items)), None) if !fresh && line.starts_with("  ") => {
                join(items.last_mut(), line.trim_start());
            }
            (Some(Block::Paragraph(all)), None) if !fresh && broken => join(all.last_mut(), line),
            (Some(Block::Paragraph(all)), None) if !fresh => all.push(line.to_owned()),
            _ => blocks.push(Block::Paragraph(vec![line.to_owned()])),
        }
        fresh = false;
    }
    blocks
}

fn is_rule(line: &str) -> bool {
    line.len() >= 3 && line.bytes().all(|b| b == b'-')
}

fn join(line: Option<&mut String>, more: &str) {
    if let Some(line) = line {
        line.push(' ');
        line.push_str(more);
    }
}

/// The text as HTML elements, everything in it escaped.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3 / 2);
    for block in blocks(text) {
        match block {
            Block::Heading(title) => wrap_in("h2", &[title], "", &mut out),
            Block::Paragraph(lines) => wrap_in("p", &lines, "<br>\n", &mut out),
            Block::List(items) => {
                out.push_str("<ul>\n");
                for item in items {
                    wrap_in("li", &[item], "", &mut out);
                }
                out.push_str("</ul>\n");
            }
        }
    }
    out
}

fn wrap_in(element: &str, lines: &[String], between: &str, out: &mut String) {
    out.push('<');
    out.push_str(element);
    out.push('>');
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            out.push_str(between);
        }
        escape(line, out);
    }
    out.push_str("</");
    out.push_str(element);
    out.push_str(">\n");
}

/// Text as it may stand in HTML.
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

/// What a reader sees of a page.
pub(super) fn text_of(html: &str) -> String {
    let body = html
        .split_once("<body")
        .map_or(html, |(_, b)| b.split_once('>').map_or(b, |(_, b)| b));
    let mut out = String::with_capacity(body.len());
    for (i, piece) in body.split('<').enumerate() {
        let text = if i == 0 {
            piece
        } else {
            piece.split_once('>').map_or("", |(_, t)| t)
        };
        out.push_str(text);
        out.push(' ');
    }
    without_entities(out)
}

/// Those that templates write, read once: `&amp;lt;` is `&lt;`.
fn without_entities(text: String) -> String {
    const ENTITIES: [(&str, &str); 6] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    let mut pieces = text.split('&');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let known = ENTITIES.iter().find_map(|(entity, c)| {
            let rest = piece.strip_prefix(&entity[1..])?;
            Some((*c, rest))
        });
        let (c, rest) = known.unwrap_or(("&", piece));
        out.push_str(c);
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_reads_well_and_says_the_same_in_html() {
        let text =
            tidy("\n\nHello,  \n\n\n\nRight\n-----\n\n– one <b>\n\n– two\n\nBye,\nThe team\n\n");
        assert_eq!(
            text,
            "Hello,\n\nRight\n-----\n– one <b>\n– two\n\nBye,\nThe team\n"
        );
        assert_eq!(
            html(&text),
            "<p>Hello,</p>\n<h2>Right</h2>\n<ul>\n<li>one &lt;b&gt;</li>\n<li>two</li>\n</ul>\n\
             <p>Bye,<br>\nThe team</p>\n"
        );
    }

    #[test]
    fn a_line_broken_for_its_length_is_one_line_in_html() {
        let long = "word ".repeat(40);
        let text = tidy(&format!("– {long}\n\n{long}"));
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH) && text.contains("\n  word"));
        let again = blocks(&text);
        assert_eq!(
            again,
            [
                Block::List(vec![long.trim().to_owned()]),
                Block::Paragraph(vec![long.trim().to_owned()])
            ]
        );
    }
}
