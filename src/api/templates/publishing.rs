//! How a text comes into force: judged with the whole set, written into the firm's folder, and told to the log.
//!
//! Who publishes says which text they had read (its hash): if the file holds another one by now, nothing is written, and
//! both are shown. All files of an order are written, or none.

use super::files::{Edit, edited, on_disk};
use super::looking::text_of;
use super::{aside, hash, mistakes, path, shelf_to_write, unread};
use crate::answer::Templates;
use crate::api::{Answer, Desk, Refusal};
use crate::record::{Event, TemplateChange, TemplateHow};
use crate::service::{House, Shelf, TemplateDraft, TemplatePath};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Mutex;

/// One writer at a time.
static WRITING: Mutex<()> = Mutex::const_new(());

/// What somebody keeps for later.
#[derive(Deserialize)]
pub struct Kept {
    by: String,
    path: String,
    text: String,
    /// The hash of the text that they began with.
    #[serde(default)]
    base: String,
}

/// A draft that is forgotten.
#[derive(Deserialize)]
pub struct Dropped {
    path: String,
}

/// Texts that shall be in force.
#[derive(Deserialize)]
pub struct Publication {
    by: String,
    #[serde(default)]
    files: Vec<Edit>,
    /// Drafts that shall be, too, by their paths.
    #[serde(default)]
    drafts: Vec<String>,
}

/// A version that shall be in force again.
#[derive(Deserialize)]
pub struct Return {
    by: String,
    path: String,
    /// Its number, or `quitus`.
    version: Value,
    seen: String,
}

/// Keeps a text that nothing is sent with.
pub async fn draft(State(desk): State<Desk>, Json(kept): Json<Kept>) -> Result<Answer, Refusal> {
    aside(move || {
        let path = path(&kept.path)?;
        let house = desk.office.house.load_full();
        let shelf = Shelf::of(&house.config);
        let base = match kept.base.trim() {
            "" => on_disk(&shelf, &path)?
                .as_deref()
                .map(hash)
                .unwrap_or_default(),
            base => base.to_owned(),
        };
        let (by, at) = (kept.by, desk.office.clock.now().to_string());
        let text = kept.text.replace("\r\n", "\n");
        let draft = TemplateDraft { text, base, by, at };
        shelf.keep_draft(&path, &draft).map_err(|e| unread(&e))?;
        let data = json!({"path": path, "draft": draft, "hash": hash(&draft.text)});
        let text =
            format!("{path}: kept as a draft; nothing is sent with it until it is published\n");
        Ok(Answer::good(data, text))
    })
    .await
}

/// Forgets a draft.
pub async fn drop_draft(
    State(desk): State<Desk>,
    Json(dropped): Json<Dropped>,
) -> Result<Answer, Refusal> {
    aside(move || {
        let path = path(&dropped.path)?;
        let house = desk.office.house.load_full();
        let shelf = Shelf::of(&house.config);
        shelf.drop_draft(&path).map_err(|e| unread(&e))?;
        let text = format!("{path}: the draft is gone; what is in force stays\n");
        Ok(Answer::good(json!({"path": path, "dropped": true}), text))
    })
    .await
}

/// `quitus templates publish`.
pub async fn publish(
    State(desk): State<Desk>,
    Json(order): Json<Publication>,
) -> Result<Answer, Refusal> {
    let house = desk.office.house.load_full();
    let shelf = shelf_to_write(&house.config)?;
    let mut edits = order.files;
    for name in &order.drafts {
        let path = path(name)?;
        let draft = shelf.draft(&path).map_err(|e| unread(&e))?;
        let draft = draft.ok_or_else(|| {
            Refusal::unknown(
                format!("{path} has no draft"),
                "see `quitus templates list`",
            )
        })?;
        edits.push(Edit {
            path: path.to_string(),
            text: Some(draft.text),
            seen: draft.base,
        });
    }
    put(&desk, edits, (TemplateHow::Published, order.by)).await
}

/// `quitus templates roll-back`: the text of an earlier version, or of Quitus, is in force again.
pub async fn roll_back(
    State(desk): State<Desk>,
    Json(order): Json<Return>,
) -> Result<Answer, Refusal> {
    let house = desk.office.house.load_full();
    let shelf = shelf_to_write(&house.config)?;
    let path = path(&order.path)?;
    let version = match &order.version {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    let text = text_of(&desk, &shelf, &path, &version)?;
    let removed = match version.parse::<u32>() {
        Ok(number) => {
            let state = desk.office.sequencer.reader().state();
            let row = state.template_version(path.as_str(), number)?;
            row.is_some_and(|v| v.digest.is_none())
        }
        Err(_) => version == "quitus",
    };
    let edit = Edit {
        path: path.to_string(),
        text: (!removed).then_some(text),
        seen: order.seen,
    };
    put(&desk, vec![edit], (TemplateHow::RolledBack, order.by)).await
}

/// What was found when an order was judged.
enum Judged {
    /// It can be carried out.
    Good(Box<Plan>),
    /// It cannot, and why.
    Refused(Answer),
}

/// Files that shall be written, and what is told of it.
struct Plan {
    shelf: Shelf,
    /// Path, the text before, the new one.
    files: Vec<(TemplatePath, Option<String>, Option<String>)>,
    events: Vec<TemplateChange>,
    templates: Templates,
}

/// Carries an order out: judged, written, told, in force.
async fn put(
    desk: &Desk,
    edits: Vec<Edit>,
    (how, by): (TemplateHow, String),
) -> Result<Answer, Refusal> {
    let _one = WRITING.lock().await;
    let own = desk.clone();
    let judged = aside(move || judge(&own, &edits, (how, &by))).await?;
    let plan = match judged {
        Judged::Refused(answer) => return Ok(answer),
        Judged::Good(plan) => plan,
    };
    let (plan, written) = tokio::task::spawn_blocking(move || {
        let written = write(&plan);
        (plan, written)
    })
    .await
    .map_err(|e| Refusal::broken(e.to_string()))?;
    written?;
    let events = plan.events.iter().cloned().map(Event::Template).collect();
    let frame = match desk.write(events).await {
        Ok(frame) => frame,
        Err(refusal) => {
            put_back(&plan);
            return Err(refusal);
        }
    };
    for (path, ..) in &plan.files {
        // A draft that is left shows no difference, and can be dropped by hand.
        let _ = plan.shelf.drop_draft(path);
    }
    take_up(desk, &plan.templates);
    done(desk, &plan, how, frame)
}

/// The new letters are in force at once; a reload that follows finds the same.
fn take_up(desk: &Desk, templates: &Templates) {
    let with = |house: &Arc<House>| house.with_templates(templates.clone());
    desk.office.house.rcu(with);
}

fn done(desk: &Desk, plan: &Plan, how: TemplateHow, frame: u64) -> Result<Answer, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let (mut data, mut text) = (Vec::new(), String::new());
    for (path, _, new) in &plan.files {
        let version = state.template_versions(path.as_str(), 1)?.pop();
        let number = version.map(|v| v.number);
        let whose = match new {
            Some(_) => "",
            None => " (that of Quitus)",
        };
        let shown = number.map(|n| format!(", version {n}")).unwrap_or_default();
        text += &format!("{path}: {}{whose}, in force{shown}\n", how.word());
        let hash = new.as_deref().map(hash);
        data.push(json!({"path": path, "version": number, "hash": hash}));
    }
    let data = json!({"published": true, "frame": frame, "files": data});
    Ok(Answer::good(data, text))
}

/// Whether the order can be carried out on what is on the disk now.
fn judge(desk: &Desk, edits: &[Edit], who: (TemplateHow, &str)) -> Result<Judged, Refusal> {
    let house = desk.office.house.load_full();
    let shelf = shelf_to_write(&house.config)?;
    if edits.is_empty() {
        return Err(Refusal::unclear(
            "nothing is to be published",
            "name a file or a draft",
        ));
    }
    let conflicts = conflicts(&shelf, edits)?;
    if !conflicts.is_empty() {
        return Ok(Judged::Refused(conflict(conflicts)));
    }
    let (templates, faults) = house.config.try_templates(&edited(&house.config, edits)?);
    let Some(templates) = templates.filter(|_| faults.is_empty()) else {
        let (told, said) = mistakes(&house.config, &faults);
        let data = json!({"published": false, "faults": told});
        let text = format!("nothing was published: the letters would be broken\n{said}");
        return Ok(Judged::Refused(Answer::good(data, text).wrong_if(true)));
    };
    let mut plan = Plan {
        shelf,
        files: Vec::new(),
        events: Vec::new(),
        templates,
    };
    let state = desk.office.sequencer.reader().state();
    for edit in edits {
        plan.add(&state, edit, who)?;
    }
    match plan.files.is_empty() {
        true => Ok(Judged::Refused(nothing_new(edits))),
        false => Ok(Judged::Good(Box::new(plan))),
    }
}

impl Plan {
    /// One file, unless it says the same already; what was edited outside before is written down first.
    fn add(
        &mut self,
        state: &crate::record::State<'_>,
        edit: &Edit,
        (how, by): (TemplateHow, &str),
    ) -> Result<(), Refusal> {
        let path = path(&edit.path)?;
        let before = self.shelf.own(&path).map_err(|e| unread(&e))?;
        let new = edit.text.as_ref().map(|t| t.replace("\r\n", "\n"));
        if before == new {
            return Ok(());
        }
        self.events.extend(self.shelf.outside_edit(state, &path)?);
        let kept = new.as_deref().map(|t| self.shelf.keep(t)).transpose();
        self.events.push(TemplateChange {
            path: path.to_string(),
            digest: kept.map_err(|e| unread(&e))?,
            how,
            by: by.to_owned(),
        });
        self.files.push((path, before, new));
        Ok(())
    }
}

fn nothing_new(edits: &[Edit]) -> Answer {
    let paths: Vec<&str> = edits.iter().map(|e| e.path.as_str()).collect();
    let text = format!("{}: this is in force already\n", paths.join(", "));
    Answer::good(json!({"published": false, "same": true}), text)
}

/// Files that hold another text than whoever publishes had read.
fn conflicts(shelf: &Shelf, edits: &[Edit]) -> Result<Vec<Value>, Refusal> {
    let mut all = Vec::new();
    for edit in edits {
        let path = path(&edit.path)?;
        let now = on_disk(shelf, &path)?;
        let found = now.as_deref().map(hash).unwrap_or_default();
        if found != edit.seen.trim().to_ascii_lowercase() {
            all.push(json!({"path": path, "seen": edit.seen, "in_force": found, "text": now}));
        }
    }
    Ok(all)
}

fn conflict(conflicts: Vec<Value>) -> Answer {
    let name = |c: &Value| c["path"].as_str().unwrap_or_default().to_owned();
    let paths: Vec<String> = conflicts.iter().map(name).collect();
    // Whoever does not say what they had read has perhaps read nothing.
    let said = |c: &Value| !c["seen"].as_str().unwrap_or_default().trim().is_empty();
    let unsaid = !conflicts.iter().any(said);
    let paths = paths.join(", ");
    let why = match unsaid {
        true => format!("nobody said on which text of {paths} it is based (seen)"),
        false => format!("somebody changed {paths} since you read it"),
    };
    let text = format!(
        "nothing was published: {why}\n  → look at what is there now (`quitus templates show`), and publish with its hash\n"
    );
    let data = json!({"published": false, "conflicts": conflicts});
    Answer::good(data, text).wrong_if(true)
}

/// Writes all files, or puts back those that were written.
fn write(plan: &Plan) -> Result<(), Refusal> {
    for (n, (path, _, new)) in plan.files.iter().enumerate() {
        if let Err(e) = plan.shelf.put(path, new.as_deref()) {
            for (path, before, _) in &plan.files[..n] {
                restore(plan, path, before.as_deref());
            }
            return Err(unread(&e));
        }
    }
    Ok(())
}

fn put_back(plan: &Plan) {
    for (path, before, _) in &plan.files {
        restore(plan, path, before.as_deref());
    }
}

fn restore(plan: &Plan, path: &TemplatePath, before: Option<&str>) {
    if let Err(error) = plan.shelf.put(path, before) {
        tracing::error!(%path, %error, "the text before could not be put back");
    }
}
