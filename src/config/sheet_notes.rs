//! What the firm's own templates and lexicons lose of those that they replace: their writer is told, and the daemon runs with them.

use super::{Config, sheets};
use crate::answer::{self, Part, Source};
use crate::intent;
use crate::record::{Fault, Language};

/// So many examples are shown; all are counted.
const SHOWN: usize = 3;

impl Config {
    /// All of it.
    pub(super) fn sheet_notes(&self) -> Vec<Fault> {
        let mut all = self.pages();
        all.extend(self.unread());
        all.extend(self.lost());
        all
    }

    /// Pages of the firm's own that do not say what the text of their letter says.
    fn pages(&self) -> Vec<Fault> {
        let own = self.own_templates().unwrap_or_default();
        if own.is_empty() {
            return Vec::new();
        }
        let Ok(templates) = self.read_templates() else {
            return Vec::new();
        };
        let unsaid = |page: &Source| {
            let (language, part) = letter_of(&page.path)?;
            let facts = answer::sample_facts(language, part);
            let letter = answer::compose(&templates, &[part], &facts).ok()?;
            let piece = answer::unsaid_on_page(&letter)?;
            let what =
                format!("the page does not say what the text of its letter says: \"{piece}\"");
            let fix = "take the text in with {{ text | page }}: most people see the page alone";
            Some(Fault::of_file(&page.file, what, fix))
        };
        own.iter().filter_map(unsaid).collect()
    }

    /// Files that look like templates and are none.
    fn unread(&self) -> Vec<Fault> {
        let folder = self.templates.path.iter();
        let found = folder.flat_map(|folder| sheets::passed_over(folder));
        let told = |path: std::path::PathBuf| {
            let what = "no letter is made from this file: a template's name ends in .txt or .html";
            let fix = "rename it, or move it out of the templates folder";
            Fault::of_file(&path.display().to_string(), what, fix)
        };
        found.map(told).collect()
    }

    /// Examples of a built-in lexicon that are read otherwise with the firm's file in its place.
    fn lost(&self) -> Vec<Fault> {
        let Some(folder) = &self.lexicon.path else {
            return Vec::new();
        };
        // Mistakes are told where the lexicons are read.
        let Ok(reader) = sheets::lexicons(&self.lexicon, false) else {
            return Vec::new();
        };
        let mut notes = Vec::new();
        for (code, path, _) in sheets::own_lexicons(folder, &mut Vec::new()) {
            let shipped = intent::LEXICONS.iter().find(|(c, _)| *c == code);
            let Some((_, shipped)) = shipped else {
                continue;
            };
            let (many, astray) = intent::astray(&reader, shipped);
            if astray.is_empty() {
                continue;
            }
            let first = astray.iter().take(SHOWN).map(|f| format!("; {}", f.what));
            let what = format!(
                "it replaces the built-in lexicon \"{code}\" whole, and {} of its {many} examples are read otherwise{}",
                astray.len(),
                first.collect::<String>()
            );
            let fix = format!("begin with a copy of {}, and change that", shipped.path);
            notes.push(Fault::of_file(&path, what, fix));
        }
        notes
    }
}

/// The letter that a file is the page of.
fn letter_of(path: &str) -> Option<(Language, Part)> {
    let mut steps = path.split('/');
    let (language, part) = (steps.next()?.parse().ok()?, steps.next()?.parse().ok()?);
    let is_page = steps.next() == Some("body.html") && steps.next().is_none();
    is_page.then_some((language, part))
}
