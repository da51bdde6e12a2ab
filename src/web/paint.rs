//! Pages from templates: compiled in, escaped, with the words of the visitor's language.

use super::words::Words;
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera, TeraResult};

/// All templates. A page is a file here and a line.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("html/base.html")),
    ("sign_in.html", include_str!("html/sign_in.html")),
    ("said.html", include_str!("html/said.html")),
    ("trouble.html", include_str!("html/trouble.html")),
    ("today.html", include_str!("html/today.html")),
    ("templates.html", include_str!("html/templates.html")),
    ("template.html", include_str!("html/template.html")),
    (
        "template_lines.html",
        include_str!("html/template_lines.html"),
    ),
    (
        "template_diff.html",
        include_str!("html/template_diff.html"),
    ),
    ("preview.html", include_str!("html/preview.html")),
    ("figures.html", include_str!("html/figures.html")),
    ("correct.html", include_str!("html/correct.html")),
    ("corrected.html", include_str!("html/corrected.html")),
    ("correcting.html", include_str!("html/correcting.html")),
    ("message.html", include_str!("html/message.html")),
    ("cases.html", include_str!("html/cases.html")),
    ("case.html", include_str!("html/case.html")),
    ("edit.html", include_str!("html/edit.html")),
    ("bulk.html", include_str!("html/bulk.html")),
    ("log.html", include_str!("html/log.html")),
    ("suppression.html", include_str!("html/suppression.html")),
    ("register.html", include_str!("html/register.html")),
    ("coverage.html", include_str!("html/coverage.html")),
    // Pages of other rooms of the desk: a line each, in the order of the menu.
];

/// Writes pages.
pub struct Painter {
    tera: Tera,
}

impl Painter {
    /// Reads all templates.
    ///
    /// # Errors
    /// What is wrong with one.
    pub fn new() -> Result<Self, String> {
        let mut tera = Tera::default();
        tera.register_filter("fill", fill);
        let read = tera.add_raw_templates(TEMPLATES.iter().copied());
        read.map_err(|e| e.to_string())?;
        Ok(Self { tera })
    }

    /// Writes one: the view's fields, the frame's, and the words.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn paint(
        &self,
        template: &str,
        words: &Words,
        frame: &impl Serialize,
        view: &impl Serialize,
    ) -> Result<String, String> {
        let said = |e: tera::Error| format!("{template}: {e}");
        let mut context = Context::from_serialize(view).map_err(said)?;
        context.insert("w", words);
        context.insert("frame", frame);
        self.tera.render(template, &context).map_err(said)
    }
}

/// `{{ w.cases.total | fill(n=total) }}`: values for `{n}`.
fn fill(text: &str, values: Kwargs, _: &State) -> TeraResult<String> {
    let mut text = text.to_owned();
    for (name, value) in values.iter() {
        text = text.replace(&format!("{{{name}}}"), &value.to_string());
    }
    Ok(text)
}
