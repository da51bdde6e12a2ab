//! The report as one page that can be printed and sent: no script, nothing loaded from elsewhere, every word escaped.
//!
//! A content security policy in the page itself forbids what escaping already prevents. Light or dark as the reader's screen is;
//! on paper always light, and no row is torn apart.

use super::report::{Report, Section, Tone};
use super::tongue::Tongue;
use std::fmt::Write as _;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1c2024;--faint:#60646c;--paper:#fff;--line:#d9d9e0;--bad:#b42318;--care:#915a00;--good:#18794e;--wash:#f6f6f8}
@media (prefers-color-scheme:dark){:root{--ink:#edeef0;--faint:#a3a7ae;--paper:#15171a;--line:#363a3f;--bad:#ff9592;--care:#ffca6a;--good:#5bd69a;--wash:#1d2024}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2.5rem 1.25rem;max-width:58rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}
h2{font-size:1.1rem;margin:2.25rem 0 .25rem;padding-left:.6rem;border-left:.3rem solid var(--line)}
h2.bad{border-color:var(--bad);color:var(--bad)}h2.care{border-color:var(--care);color:var(--care)}h2.good{border-color:var(--good);color:var(--good)}
p{margin:.25rem 0}.lead p,section>p{color:var(--faint)}
table{border-collapse:collapse;width:100%;margin-top:.6rem;font-size:.9rem;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--faint);border-bottom:1px solid var(--line);padding:.25rem .75rem .25rem 0}
td{vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
td small{display:block;color:var(--faint);font-size:.85rem}
pre{background:var(--wash);padding:.75rem;overflow-x:auto;font-size:.85rem}
footer{margin-top:3rem;color:var(--faint);font-size:.85rem}
@media print{:root{--ink:#000;--faint:#444;--paper:#fff;--line:#bbb;--bad:#8f1209;--care:#6b4300;--good:#0d5a37;--wash:#fff}
body{max-width:none;padding:0;font-size:10.5pt}tr,h2{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}pre{white-space:pre-wrap;border:1px solid var(--line)}@page{margin:18mm}}
";

/// The page.
pub fn page(report: &Report, tongue: Tongue) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n<div class=\"lead\">\n",
        tongue.code(),
        escaped(&report.title),
        escaped(&report.title),
    );
    for line in &report.lead {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "<p>{}</p>", escaped(line));
    }
    page.push_str("</div>\n");
    for section in &report.sections {
        self::section(section, &mut page);
    }
    let foot = tongue.say(
        "Made by quitus replay. This page names people: keep it as long as it is needed, and no longer.",
        "Fait par quitus replay. Cette page nomme des personnes : gardez-la tant qu'il le faut, pas plus.",
    );
    let _ = write!(
        page,
        "</main>\n<footer>{}</footer>\n</body>\n</html>\n",
        escaped(foot)
    );
    page
}

fn section(section: &Section, page: &mut String) {
    let class = match section.tone {
        Tone::Bad => " class=\"bad\"",
        Tone::Care => " class=\"care\"",
        Tone::Good => " class=\"good\"",
        Tone::Plain => "",
    };
    let _ = writeln!(
        page,
        "<section>\n<h2{class}>{}</h2>",
        escaped(&section.title)
    );
    if !section.lead.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", escaped(&section.lead));
    }
    if !section.rows.is_empty() {
        page.push_str("<table>\n<thead><tr>");
        for column in &section.columns {
            let _ = write!(page, "<th scope=\"col\">{}</th>", escaped(column));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for row in &section.rows {
            page.push_str("<tr>");
            for (n, cell) in row.cells.iter().enumerate() {
                let _ = write!(page, "<td>{}", escaped(cell));
                if n + 1 == row.cells.len() {
                    for line in &row.detail {
                        let _ = write!(page, "<small>{}</small>", escaped(line));
                    }
                }
                page.push_str("</td>");
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table>\n");
    }
    if !section.code.is_empty() {
        let _ = writeln!(page, "<pre>{}</pre>", escaped(&section.code.join("\n")));
    }
    page.push_str("</section>\n");
}

/// Text that is text in an element and in a quoted attribute, whoever wrote it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push('\n'),
            // Characters that turn the reading order would make a line say something else.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Row;

    #[test]
    fn nothing_that_somebody_wrote_becomes_part_of_the_page() {
        let evil = "</td><script>alert(1)</script><img src=x onerror='y'>\u{202e}\u{7}";
        let report = Report {
            title: evil.to_owned(),
            lead: vec![evil.to_owned()],
            sections: vec![Section {
                title: evil.to_owned(),
                lead: evil.to_owned(),
                columns: vec!["who"],
                rows: vec![Row {
                    cells: vec![evil.to_owned()],
                    detail: vec![evil.to_owned()],
                }],
                code: vec![evil.to_owned()],
                tone: Tone::Bad,
            }],
        };
        let page = page(&report, Tongue::Fr);
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("onerror='"));
        assert!(!page.contains('\u{202e}') && !page.contains('\u{7}'));
        assert_eq!(
            page.matches("&lt;script&gt;alert(1)&lt;/script&gt;")
                .count(),
            8
        );
        assert!(page.starts_with("<!doctype html>") && page.contains("lang=\"fr\""));
        for remote in ["http://", "https://", "url(", "<link", "@import", "src="] {
            let ours = page.replace("&lt;img src=x", "");
            assert!(!ours.contains(remote), "{remote}");
        }
    }
}
