//! `quitus config`: what is in force and where each value comes from; the reference of all settings.

use super::edge::{self, DONE, End};
use super::output::{self, FAINT, STRONG, painted};
use crate::config::{Place, Setting, Survey, inline, key, reference, schema};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// `quitus config …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Every setting in force, and where it was written: the file, conf.d, the environment, or nowhere (default); no secret is read
    Show(Show),
    /// Every setting there is, with type, default and meaning, as Markdown (config/reference.md)
    Reference,
    /// The same for editors, as a JSON schema
    Schema,
}

#[derive(clap::Args, Debug)]
struct Show {
    /// Only these sections, as in `smtp mailbox`
    sections: Vec<String>,
    /// Only what somebody wrote
    #[arg(long)]
    written: bool,
    /// One JSON object a setting
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let mut out = output::people();
    match &arguments.command {
        What::Show(arguments) => return show(arguments, named),
        What::Reference => out.write_all(reference().as_bytes())?,
        What::Schema => writeln!(out, "{:#}", schema())?,
    }
    out.flush()?;
    Ok(DONE)
}

fn show(arguments: &Show, named: Option<&Path>) -> Result<u8, End> {
    let survey = Survey::of(&edge::config_file(named)?);
    let config = survey.config.map_err(End::Faults)?;
    let all = config.settings(&survey.written);
    let asked = &arguments.sections;
    if let Some(unknown) = asked
        .iter()
        .find(|s| !all.iter().any(|one| one.section.0 == **s))
    {
        let words = format!("there is no section \"{unknown}\" in force");
        return Err(End::Usage(words));
    }
    let wanted = all.iter().filter(|s| {
        (asked.is_empty() || asked.iter().any(|a| a == s.section.0))
            && !(arguments.written && s.places.is_empty())
    });
    if arguments.json {
        let mut out = output::programs();
        for setting in wanted {
            output::json_line(&mut out, &row(setting))?;
        }
        out.flush()?;
        return Ok(DONE);
    }
    let mut out = output::people();
    let mut section = None;
    for setting in wanted {
        if section != Some(setting.section) {
            let blank = if section.is_some() { "\n" } else { "" };
            writeln!(out, "{blank}{}", painted(STRONG, &head(setting)))?;
            section = Some(setting.section);
        }
        line(&mut out, setting)?;
    }
    out.flush()?;
    Ok(DONE)
}

fn head(setting: &Setting) -> String {
    match setting.section {
        (key, Some(_)) => format!("[[{key}]]"),
        (key, None) if setting.name.is_empty() => format!("# [{key}]"),
        (key, None) => format!("[{key}]"),
    }
}

/// The value as TOML; where it comes from as its comment.
fn line(out: &mut impl Write, setting: &Setting) -> Result<(), End> {
    let name: Vec<String> = setting.name.split('.').map(key).collect();
    let name = name.join(".");
    let says = match (&setting.value, name.as_str()) {
        (Value::Null, "") => "# not there".to_owned(),
        (Value::Null, name) => format!("# {name} is not set"),
        (value, name) => format!("{name} = {}", inline(value)),
    };
    let from = match setting.places.split_first() {
        None => "default".to_owned(),
        Some((first, [])) => first.to_string(),
        Some((first, replaced)) => {
            let replaced: Vec<String> = replaced.iter().map(Place::to_string).collect();
            format!("{first}, instead of {}", replaced.join(", "))
        }
    };
    writeln!(
        out,
        "{:<50} {}",
        output::harmless(&says),
        painted(FAINT, &format!("# {from}"))
    )?;
    Ok(())
}

fn row(setting: &Setting) -> Value {
    let (section, number) = setting.section;
    let place = |p: &Place| match p {
        Place::File { file, line, column } => json!({"file": file, "line": line, "column": column}),
        Place::Variable(name) => json!({"variable": name}),
    };
    let from = match setting.places.first() {
        None => "default",
        Some(Place::File { .. }) => "file",
        Some(Place::Variable(_)) => "environment",
    };
    json!({
        "section": section,
        "number": number,
        "setting": setting.name,
        "value": setting.value,
        "from": from,
        "at": setting.places.first().map(place),
        "instead_of": setting.places.iter().skip(1).map(place).collect::<Vec<_>>(),
    })
}
