//! The templates of letters: read, checked as a whole, and only then usable.
//!
//! A set of templates exists only if all of it is good: syntax, includes, filters, the name of every variable, and a
//! sample letter of every shape through the linter. So a broken file is found when it is saved, with line and column, and
//! never when somebody waits for an answer. Deliberately absent: files and watching them; texts are arguments.

use super::compliance::{self, COMPLIANCE};
use super::digest::{self, DIGEST};
use super::owner::{self, OWNER};
use super::recipient::{self, RECIPIENT};
use super::wherein::Written;
use super::{builtin, compose, filters, layout, lint, mistakes, part::Part, samples, variables};
use crate::record::{Fault, Language};
use std::collections::BTreeSet;
use tera::{Context, Tera};

/// The most bytes that one template may write.
pub const LARGEST: usize = 512 * 1024;

/// The folder of the letter that answers several requests at once.
pub const SEVERAL: &str = "several";

/// One file of a templates folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Its path in the folder, with `/`: `fr/stop/body.txt`.
    pub path: String,
    /// The file as the writer would open it, for messages.
    pub file: String,
    /// What stands in it.
    pub text: String,
}

/// A good set of templates.
#[derive(Clone)]
pub struct Templates {
    tera: Tera,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Templates({})", self.tera.get_template_names().count())
    }
}

/// The three files of a letter.
pub const FILES: [&str; 3] = ["subject.txt", "body.txt", "body.html"];

impl Templates {
    /// The templates that Quitus brings along.
    pub fn builtin() -> Result<Self, Vec<Fault>> {
        Self::compile(&[])
    }

    /// A writer's files over the built-in ones, file by file. All mistakes are returned at once, in the order of files.
    pub fn compile(own: &[Source]) -> Result<Self, Vec<Fault>> {
        match Self::tried(own) {
            (Some(templates), faults) if faults.is_empty() => Ok(templates),
            (_, faults) => Err(faults),
        }
    }

    /// The same for somebody who is still writing: a set that can be rendered is given even if it must not be sent, so
    /// that it can be shown beside its mistakes.
    pub fn tried(own: &[Source]) -> (Option<Self>, Vec<Fault>) {
        let (sources, mut faults) = overlaid(own);
        faults.extend(sources.iter().filter_map(mistakes::of_syntax));
        faults.extend(sources.iter().flat_map(variables::mistakes));
        faults.extend(sources.iter().filter_map(without_its_folder(&sources)));
        let mut tera = Tera::default();
        filters::register(&mut tera);
        let pairs = sources.iter().map(|s| (s.path.as_str(), s.text.as_str()));
        match tera.add_raw_templates(pairs) {
            // A mistake of syntax has been reported above, with all others of its kind.
            Err(e) if faults.is_empty() => faults = mistakes::all(&e, &sources, ""),
            _ => {}
        }
        let templates = Self { tera };
        let renders = faults.is_empty();
        if renders {
            faults = templates.trial(&sources);
            faults.extend(digest::trial(&templates, &sources));
            faults.extend(recipient::trial(&templates, &sources));
            faults.extend(owner::trial(&templates, &sources));
            faults.extend(compliance::trial(&templates, &sources));
        }
        in_order(&mut faults);
        (renders.then_some(templates), faults)
    }

    /// Whether there is a letter in this language for this folder (a [`Part`]'s word, or `several`).
    pub fn has(&self, language: Language, folder: &str) -> bool {
        self.tera
            .contains_template(&format!("{language}/{folder}/body.txt"))
    }

    /// Renders one file; the output is capped at [`LARGEST`].
    pub(super) fn render(&self, path: &str, context: &Context) -> Result<String, tera::Error> {
        let mut out = Capped(Vec::with_capacity(1024));
        self.tera.render_to(path, context, &mut out)?;
        String::from_utf8(out.0).map_err(Into::into)
    }

    /// Writes a letter of every shape from every template, and reads each with the linter's eyes.
    fn trial(&self, sources: &[Source]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for &language in Language::ALL {
            for (parts, facts) in samples::every_shape(language) {
                let folder = compose::folder(&parts);
                if compose::missing_folder(self, language, &parts).is_some() {
                    continue;
                }
                let written = Written {
                    sources,
                    language,
                    folder,
                };
                match compose::compose_unchecked(self, &parts, &facts) {
                    Err((path, e)) => faults.extend(mistakes::all(&e, sources, &path)),
                    Ok(letter) => {
                        faults.extend(written.faults(&lint::lint(&letter, &facts, &parts)));
                    }
                }
            }
        }
        faults
    }
}

/// The built-in files, replaced or joined by the writer's own; and the files that are none.
fn overlaid(own: &[Source]) -> (Vec<Source>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut sources = builtin::sources();
    for source in own.iter().filter(|s| !s.path.ends_with(".md")) {
        if !source.path.ends_with(".txt") && !source.path.ends_with(".html") {
            faults.push(Fault::of_file(
                &source.file,
                "a template's name ends in .txt or .html",
                "rename the file, or move it out of the templates folder",
            ));
            continue;
        }
        sources.retain(|s| s.path != source.path);
        sources.push(source.clone());
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    (sources, faults)
}

/// A letter needs all three files, in a folder that is asked for.
fn without_its_folder(all: &[Source]) -> impl Fn(&Source) -> Option<Fault> {
    let paths: BTreeSet<&str> = all.iter().map(|s| s.path.as_str()).collect();
    let folders: Vec<&str> = Part::ALL
        .iter()
        .map(|p| p.word())
        .chain([SEVERAL, DIGEST, RECIPIENT, OWNER])
        .collect();
    move |source| {
        let steps: Vec<&str> = source.path.split('/').collect();
        let [language, folder, file] = steps.as_slice() else {
            return None;
        };
        if *folder == "parts" || (*folder == COMPLIANCE && compliance::is_file(language, file)) {
            return None;
        }
        if language.parse::<Language>().is_err()
            || !folders.contains(folder)
            || !FILES.contains(file)
        {
            return Some(Fault::of_file(
                &source.file,
                format!("no letter is made from \"{}\"", source.path),
                format!(
                    "a letter is LANGUAGE/KIND/{{{}}} with KIND one of {}; shared pieces go to LANGUAGE/parts/",
                    FILES.join(", "),
                    folders.join(", ")
                ),
            ));
        }
        let missing = FILES
            .iter()
            .map(|f| format!("{language}/{folder}/{f}"))
            .find(|p| !paths.contains(p.as_str()))?;
        Some(Fault::of_file(
            &source.file,
            format!("the letter is not complete: \"{missing}\" is missing"),
            "write it too; templates/README.md shows the shortest one",
        ))
    }
}

fn in_order(faults: &mut Vec<Fault>) {
    faults.sort_by(|a, b| {
        (&a.file, a.line, a.column, &a.what).cmp(&(&b.file, b.line, b.column, &b.what))
    });
    faults.dedup();
}

/// Takes bytes up to [`LARGEST`], then refuses, which ends the rendering.
struct Capped(Vec<u8>);

impl std::io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A subject is one line, whatever its template did.
pub(super) fn one_line(subject: &str) -> String {
    super::line::Line::new(&layout::tidy(subject).replace('\n', " "))
        .as_str()
        .chars()
        .take(filters::LONGEST_SUBJECT + 10)
        .collect()
}
