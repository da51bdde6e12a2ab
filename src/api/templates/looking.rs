//! What templates there are, one of them in full, its versions, and what differs between two of them.

use super::files::{all_paths, edited, file_of, on_disk};
use super::{aside, diff as difference, hash, mistakes, path, unread};
use crate::answer::{DIGEST, OWNER, RECIPIENT, Source};
use crate::api::{Answer, Desk, Refusal};
use crate::record::{Fault, TemplateHow, TemplateRow, hex};
use crate::service::{House, Shelf, TemplatePath, template_digest};
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// Which template.
#[derive(Deserialize)]
pub struct Which {
    pub path: String,
}

/// Which two texts of a template: `quitus`, `in_force`, `draft` or the number of a version.
#[derive(Deserialize)]
pub struct Between {
    path: String,
    from: Option<String>,
    to: Option<String>,
}

/// Where a file comes from: the word for programs.
fn origin(own: Option<&str>, shipped: Option<&str>) -> &'static str {
    match (own, shipped) {
        (None, _) => "quitus",
        (Some(own), Some(shipped)) if own == shipped => "copied",
        (Some(_), Some(_)) => "changed",
        (Some(_), None) => "own",
    }
}

fn language(path: &TemplatePath) -> Option<&'static str> {
    path.language().map(|l| l.word())
}

/// `quitus templates list`: every file, whose it is, and whether the set on the disk is good.
pub async fn list(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    aside(move || {
        let house = desk.office.house.load_full();
        let own = edited(&house.config, &[])?;
        let faults = desk.judged.faults(&house, &own);
        let shelf = Shelf::of(&house.config);
        let drafts = shelf.drafts().map_err(|e| unread(&e))?;
        let mut paths = all_paths(&own);
        paths.extend(drafts.iter().cloned());
        paths.sort();
        paths.dedup();
        let (mut data, mut text) = (Vec::new(), String::new());
        for path in &paths {
            let row = line(&desk, &house, (path, &own), &faults)?;
            let draft = drafts.contains(path);
            let word = row["origin"].as_str().unwrap_or_default();
            let note = match (row["valid"] == true, draft) {
                (false, _) => "  BROKEN",
                (true, true) => "  a draft is there",
                (true, false) => "",
            };
            text += &format!("{word:<8} {path}{note}\n");
            data.push(with(row, "draft", json!(draft)));
        }
        let (told, said) = mistakes(&house.config, &faults);
        if !faults.is_empty() {
            text += &format!("{said}the last good set stays in force\n");
        }
        let folder = shelf.folder().map(|f| f.display().to_string());
        let data = json!({"folder": folder, "valid": faults.is_empty(), "faults": told, "templates": data});
        Ok(Answer::good(data, text).wrong_if(!faults.is_empty()))
    })
    .await
}

fn with(mut row: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = row.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    row
}

fn line(
    desk: &Desk,
    house: &House,
    (path, own): (&TemplatePath, &[Source]),
    faults: &[Fault],
) -> Result<Value, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let source = own.iter().find(|s| s.path == path.as_str());
    let newest = state.template_versions(path.as_str(), 1)?.pop();
    let ours = source.map(|s| s.text.as_str());
    let outside = Shelf::is_outside(path, ours, newest.as_ref().and_then(|v| v.digest));
    let shipped = Shelf::builtin(path).map(|s| s.text);
    let file = source.map_or_else(|| format!("templates/{path}"), |s| s.file.clone());
    let valid = faults.iter().all(|f| f.file != file);
    let origin = origin(ours, shipped.as_deref());
    let text = ours.map(str::to_owned).or(shipped);
    let known = newest.as_ref().filter(|_| !outside);
    Ok(json!({
        "path": path, "language": language(path), "kind": path.kind(), "file": path.file(),
        "origin": origin, "valid": valid,
        "hash": text.as_deref().map(hash), "on_disk": file_of(&house.config, path),
        "version": known.map(|v| v.number), "by": known.map(|v| v.by.clone()),
        "at": known.map(|v| v.at.to_string()), "outside": outside && source.is_some(),
    }))
}

/// `quitus templates show`: the text, its hash (who publishes says it again), a draft if there is one, and what it may name.
pub async fn show(State(desk): State<Desk>, Query(which): Query<Which>) -> Result<Answer, Refusal> {
    aside(move || {
        let path = path(&which.path)?;
        let house = desk.office.house.load_full();
        let shelf = Shelf::of(&house.config);
        let own = edited(&house.config, &[])?;
        let draft = shelf.draft(&path).map_err(|e| unread(&e))?;
        let text = on_disk(&shelf, &path)?;
        if text.is_none() && draft.is_none() {
            return Err(unknown(&path));
        }
        let faults = desk.judged.faults(&house, &own);
        let row = line(&desk, &house, (&path, &own), &faults)?;
        let here: Vec<Fault> = faults
            .into_iter()
            .filter(|f| {
                super::files::path_of(&house.config, &f.file).as_deref() == Some(path.as_str())
            })
            .collect();
        let (told, said) = mistakes(&house.config, &here);
        let hash = text.as_deref().map(hash).unwrap_or_default();
        let row = with(row, "hash", json!(hash));
        let row = with(row, "text", json!(text));
        let row = with(row, "faults", json!(told));
        let row = with(row, "variables", json!(variables(&path)));
        let row = with(row, "draft", json!(draft));
        let shown = text.unwrap_or_default();
        Ok(Answer::good(row, format!("{shown}{said}")).wrong_if(!here.is_empty()))
    })
    .await
}

fn unknown(path: &TemplatePath) -> Refusal {
    Refusal::unknown(
        format!("there is no template {path}"),
        "see `quitus templates list`",
    )
}

/// Every variable that a template may name, with what it says in a sample letter.
fn variables(path: &TemplatePath) -> Vec<Value> {
    let (names, sample) = match path.kind() {
        DIGEST => {
            let sample = crate::answer::sample_digest(in_language(path));
            (
                crate::answer::digest_variables(),
                serde_json::to_value(sample),
            )
        }
        RECIPIENT => {
            let sample = crate::answer::sample_recipient(in_language(path));
            (
                crate::answer::recipient_variables(),
                serde_json::to_value(sample),
            )
        }
        OWNER => {
            let sample = crate::answer::sample_owner(in_language(path));
            (
                crate::answer::owner_variables(),
                serde_json::to_value(sample),
            )
        }
        _ => {
            let sample = crate::answer::sample_facts_of_everything(in_language(path));
            (crate::answer::variables(), serde_json::to_value(sample))
        }
    };
    let sample = sample.unwrap_or_default();
    let named = names.iter().map(|name| {
        let pointer = format!("/{}", name.replace("[]", "/0").replace('.', "/"));
        let value = sample
            .pointer(&pointer)
            .filter(|v| !v.is_object() && !v.is_array());
        let said = value.map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
        json!({"name": name, "sample": said})
    });
    named.collect()
}

fn in_language(path: &TemplatePath) -> crate::record::Language {
    path.language().unwrap_or(crate::record::Language::En)
}

/// `quitus templates history`: every version that was ever in force, newest first.
pub async fn history(
    State(desk): State<Desk>,
    Query(which): Query<Which>,
) -> Result<Answer, Refusal> {
    aside(move || {
        let path = path(&which.path)?;
        let house = desk.office.house.load_full();
        let shelf = Shelf::of(&house.config);
        let own = shelf.own(&path).map_err(|e| unread(&e))?;
        let shipped = Shelf::builtin(&path);
        let state = desk.office.sequencer.reader().state();
        let versions = state.template_versions(path.as_str(), usize::MAX)?;
        if versions.is_empty() && own.is_none() && shipped.is_none() {
            return Err(unknown(&path));
        }
        let (mut data, mut text) = (Vec::new(), String::new());
        let found = own.as_deref().map(template_digest);
        let newest = versions.first().and_then(|v| v.digest);
        let outside = Shelf::is_outside(&path, own.as_deref(), newest);
        // A copy that nobody changed says the same.
        let of_quitus = newest.is_none() && !outside;
        if outside {
            text += "now       edited outside, not yet written down; in force\n";
            data.push(json!({
                "version": null, "how": TemplateHow::Outside, "by": "", "at": null,
                "hash": found.as_ref().map(|d| hex(d)), "kept": true, "in_force": true,
            }));
        }
        for (n, version) in versions.iter().enumerate() {
            let kept = match &version.digest {
                Some(digest) => shelf.kept(digest).map_err(|e| unread(&e))?.is_some(),
                None => shipped.is_some(),
            };
            data.push(told(version, kept, n == 0 && !outside, &mut text));
        }
        if shipped.is_some() {
            let end = if of_quitus { "; in force" } else { "" };
            text += &format!("   quitus  the one that Quitus brings along{end}\n");
        }
        let data = json!({
            "path": path, "versions": data,
            "quitus": shipped.map(|s| json!({"hash": hash(&s.text), "in_force": of_quitus})),
        });
        Ok(Answer::good(data, text))
    })
    .await
}

/// A version for programs, and a line for people.
fn told(v: &TemplateRow, kept: bool, in_force: bool, text: &mut String) -> Value {
    let what = match v.digest {
        Some(_) => v.how.word().to_owned(),
        None => format!("{}: that of Quitus", v.how.word()),
    };
    let by = match v.by.as_str() {
        "" => String::new(),
        by => format!(" by {by}"),
    };
    let end = if in_force { "; in force" } else { "" };
    let lost = if kept { "" } else { "; its text is not kept" };
    *text += &format!("{:>9} {} {what}{by}{end}{lost}\n", v.number, v.at);
    json!({
        "version": v.number, "how": v.how, "by": v.by, "at": v.at.to_string(),
        "hash": v.digest.as_ref().map(|d| hex(d)), "kept": kept, "in_force": in_force,
    })
}

/// One of the texts of a template, by its name.
pub fn text_of(
    desk: &Desk,
    shelf: &Shelf,
    path: &TemplatePath,
    which: &str,
) -> Result<String, Refusal> {
    let missing = |what: &str| {
        let fix = "see `quitus templates history`";
        Refusal::unknown(format!("{path} has no {what}"), fix)
    };
    match which {
        "quitus" => {
            let shipped = Shelf::builtin(path).map(|s| s.text);
            shipped.ok_or_else(|| missing("text that Quitus brings along"))
        }
        "in_force" => Ok(on_disk(shelf, path)?.unwrap_or_default()),
        "draft" => {
            let draft = shelf.draft(path).map_err(|e| unread(&e))?;
            draft.map(|d| d.text).ok_or_else(|| missing("draft"))
        }
        number => {
            let number = number.parse().map_err(|_| {
                Refusal::unclear(
                    format!("\"{number}\" is no version"),
                    "write its number, or quitus, in_force or draft",
                )
            })?;
            let state = desk.office.sequencer.reader().state();
            let row = state.template_version(path.as_str(), number)?;
            let row = row.ok_or_else(|| missing(&format!("version {number}")))?;
            let text = match &row.digest {
                Some(digest) => shelf.kept(digest).map_err(|e| unread(&e))?,
                None => Shelf::builtin(path).map(|s| s.text),
            };
            text.ok_or_else(|| missing(&format!("text of version {number} any more")))
        }
    }
}

/// `quitus templates diff`: a draft beside what is in force; without one, what is in force beside the text of Quitus.
pub async fn diff(
    State(desk): State<Desk>,
    Query(between): Query<Between>,
) -> Result<Answer, Refusal> {
    aside(move || {
        let path = path(&between.path)?;
        let house = desk.office.house.load_full();
        let shelf = Shelf::of(&house.config);
        let draft = shelf.draft(&path).map_err(|e| unread(&e))?.is_some();
        let usual = match (draft, Shelf::builtin(&path)) {
            (true, _) => ("in_force", "draft"),
            (false, Some(_)) => ("quitus", "in_force"),
            (false, None) => ("in_force", "in_force"),
        };
        let from = between.from.unwrap_or_else(|| usual.0.to_owned());
        let to = between.to.unwrap_or_else(|| usual.1.to_owned());
        let old = text_of(&desk, &shelf, &path, &from)?;
        let new = text_of(&desk, &shelf, &path, &to)?;
        let (lines, said) = difference::tell(&difference::lines(&old, &new));
        let same = old == new;
        let text = match same {
            true => format!("{path}: {from} and {to} are the same\n"),
            false => format!("{path}: {from} → {to}\n{said}"),
        };
        let data = json!({"path": path, "from": from, "to": to, "same": same, "lines": lines});
        Ok(Answer::good(data, text))
    })
    .await
}
