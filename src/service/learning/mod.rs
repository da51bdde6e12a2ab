//! What humans corrected, kept with its words in the operator's own set: only where the configuration says so.
//!
//! The set is a file of labelled replies as `quitus eval` reads them, beside the store and readable for its owner only. A
//! reply in it lives as long as the text that it was taken from: once that is erased, at a person's request or because its time
//! is over, its line goes too. Names and addresses of writers are not kept; the words may hold some. Nothing is learned by
//! itself: `suggest` says which phrase would have helped, and a human writes it into a lexicon.

mod suggest;

pub use suggest::{Effect, Suggestion, suggest};

use super::gathering::Trouble;
use super::house::Office;
use crate::config::Config;
use crate::record::{
    ContentKey, Event, KeptMessage, Label, Language, MessageRow, RequestKind, Stance, State, hex,
    unhex,
};
use crate::store::Reader;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// One writer of the file at a time.
static WRITING: Mutex<()> = Mutex::new(());

/// How often erased texts are looked for.
const LOOK: Duration = Duration::from_secs(2);

/// What the id of a reply in the set begins with; the message's key follows.
const OWN: &str = "own-";

/// Where the set is.
pub fn own_set(config: &Config) -> PathBuf {
    config.store.path.join("learning").join("own.jsonl")
}

/// A word of the labels, as the shared sets write it.
fn word(stance: Stance) -> &'static str {
    match stance {
        Stance::OutOfOffice => "ooo",
        other => other.word(),
    }
}

/// The intents of a label, the operative one first; `none` if there is none.
pub fn intents(label: &Label) -> Vec<&'static str> {
    let requests = label.requests.iter().map(|r| r.word());
    let all: Vec<&str> = requests.chain(label.stance.map(word)).collect();
    match all.is_empty() {
        true => vec!["none"],
        false => all,
    }
}

/// The label that these words make.
///
/// # Errors
/// The word that is none.
pub fn label(words: &[String], needs_human: bool) -> Result<Label, String> {
    let mut label = Label {
        needs_human,
        ..Label::default()
    };
    for word in words
        .iter()
        .map(|w| w.trim())
        .filter(|w| !w.is_empty() && *w != "none")
    {
        let stance = match word {
            "ooo" => Ok(Stance::OutOfOffice),
            word => word.parse::<Stance>(),
        };
        match (word.parse::<RequestKind>(), stance) {
            (Ok(kind), _) if !label.requests.contains(&kind) => label.requests.push(kind),
            (Ok(_), _) => {}
            (_, Ok(stance)) => label.stance = Some(stance),
            _ => {
                return Err(format!(
                    "\"{word}\" is no kind of request, stance, \"ooo\" or \"none\""
                ));
            }
        }
    }
    Ok(label)
}

/// A reply with its label: a line of the set.
pub fn line(
    message: ContentKey,
    kept: &KeptMessage,
    language: Option<Language>,
    label: &Label,
) -> Value {
    let quoted: Vec<&str> = (kept.elided.iter())
        .filter(|(kind, _)| kind.contains("quot") || kind.contains("forward"))
        .map(|(_, text)| text.as_str())
        .collect();
    json!({
        "id": format!("{OWN}{}", hex(&message.0)), "lang": language.map_or("en", |l| l.word()), "scene": "own",
        "subject": kept.subject, "from": "Somebody <somebody@own.example>", "body": kept.fresh,
        "quoted": quoted.join("\n\n"), "html": false, "signature": "", "intents": intents(label),
        "must_not_answer": false, "needs_human": label.needs_human, "note": "corrected by a human",
    })
}

/// Every line of the set; none if there is no set.
pub fn lines(config: &Config) -> io::Result<Vec<Value>> {
    let text = match std::fs::read_to_string(own_set(config)) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let read = text.lines().filter(|l| !l.trim().is_empty());
    // A line that somebody broke by hand is left out here; `quitus eval` names it.
    Ok(read.filter_map(|l| serde_json::from_str(l).ok()).collect())
}

/// The message of a line.
fn message_of(line: &Value) -> Option<ContentKey> {
    let id = line["id"].as_str()?.strip_prefix(OWN)?;
    unhex(id).map(ContentKey)
}

/// Keeps a reply, in place of an earlier label of the same message.
pub fn keep(config: &Config, new: &Value) -> io::Result<()> {
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut all = lines(config)?;
    all.retain(|l| l["id"] != new["id"]);
    all.push(new.clone());
    write(&own_set(config), &all)
}

/// Forgets a reply.
pub fn forget(config: &Config, message: ContentKey) -> io::Result<()> {
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut all = lines(config)?;
    let before = all.len();
    all.retain(|l| message_of(l) != Some(message));
    match all.len() == before {
        true => Ok(()),
        false => write(&own_set(config), &all),
    }
}

fn write(file: &Path, all: &[Value]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let new = file.with_extension("new");
    let mut options = std::fs::File::options();
    let mut out = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    for line in all {
        writeln!(out, "{line}")?;
    }
    out.sync_all()?;
    std::fs::rename(&new, file)
}

/// Removes what must not be read any more: replies whose text was erased, or whose writer was. Says how many.
pub fn sweep(config: &Config, reader: &Reader) -> Result<usize, Trouble> {
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let all = lines(config).map_err(unread)?;
    let mut left = Vec::new();
    for line in &all {
        let stays = match message_of(line) {
            Some(message) => may_stay(reader, message)?,
            // Written by hand: it is none of ours.
            None => true,
        };
        if stays {
            left.push(line.clone());
        }
    }
    let gone = all.len() - left.len();
    if gone > 0 {
        write(&own_set(config), &left).map_err(unread)?;
        tracing::info!(
            gone,
            "replies whose text was erased are gone from the own set"
        );
    }
    Ok(gone)
}

fn unread(e: io::Error) -> Trouble {
    Trouble::Index(crate::record::Damaged(format!(
        "the own set of replies: {e}"
    )))
}

fn may_stay(reader: &Reader, message: ContentKey) -> Result<bool, Trouble> {
    let state = reader.state();
    let Some(row) = state.message(message)? else {
        return Ok(false);
    };
    let erased =
        |state: &State<'_>, person| Ok::<_, Trouble>(state.person(person)?.erased.is_some());
    if let Some(person) = row.person
        && erased(&state, person)?
    {
        return Ok(false);
    }
    let Some(case) = row.case.map(|c| state.case(c)).transpose()?.flatten() else {
        return text_is_there(reader, &row);
    };
    if let Some(person) = case.person
        && erased(&state, person)?
    {
        return Ok(false);
    }
    Ok(!reader.is_erased(case.content_key)?)
}

/// Of a message that belongs to no case: whether the key that opens its text is there.
fn text_is_there(reader: &Reader, row: &MessageRow) -> Result<bool, Trouble> {
    match reader.event(row.position)? {
        Event::Received {
            kept: Some(kept), ..
        } => Ok(!reader.is_erased(kept.key)?),
        _ => Ok(false),
    }
}

/// Sees to it for as long as the daemon runs: at its start, and soon after anything was written down.
pub(super) async fn run(office: Office, mut stop: watch::Receiver<bool>) {
    let mut seen = None;
    while !*stop.borrow_and_update() {
        let head = office
            .sequencer
            .reader()
            .state()
            .head()
            .map(|h| h.frame)
            .ok();
        if head != seen && own_set(&office.house.load().config).exists() {
            let own = office.clone();
            let work = move || sweep(&own.house.load().config, own.sequencer.reader());
            match tokio::task::spawn_blocking(work).await {
                Ok(Ok(_)) => seen = head,
                Ok(Err(error)) => tracing::error!(%error, "erased texts may stand in the own set"),
                Err(error) => tracing::error!(%error, "the look at the own set failed"),
            }
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::eval::Labelled;

    #[test]
    fn a_kept_reply_is_a_line_of_the_shared_format_without_its_writer() {
        let kept = KeptMessage {
            from: Some(crate::record::Address::parse("anne@dune.example").unwrap()),
            from_name: Some("Anne".into()),
            subject: "Re: Relais".into(),
            fresh: "lâchez l'affaire".into(),
            elided: vec![
                ("quotation".into(), "> Bonjour".into()),
                ("signature".into(), "Anne".into()),
            ],
            ..KeptMessage::default()
        };
        let words = [
            "stop".to_owned(),
            "not_interested".to_owned(),
            "stop".to_owned(),
        ];
        let label = label(&words, true).unwrap();
        let line = line(ContentKey([7; 16]), &kept, Some(Language::Fr), &label);
        let text = line.to_string();
        assert!(!text.contains("dune") && !text.contains("Anne"), "{text}");
        let read: Labelled = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (read.lang.as_str(), read.quoted.as_str()),
            ("fr", "> Bonjour")
        );
        let words: Vec<_> = read.intents.iter().map(|i| i.word()).collect();
        assert_eq!(words, ["stop", "not_interested"]);
        assert!(read.needs_human);
        assert_eq!(message_of(&line), Some(ContentKey([7; 16])));
    }

    #[test]
    fn a_word_that_is_no_label_is_told() {
        assert!(label(&["sotp".into()], false).unwrap_err().contains("sotp"));
        let none = label(&["none".into()], false).unwrap();
        assert_eq!(intents(&none), ["none"]);
        let away = label(&["ooo".into()], false).unwrap();
        assert_eq!(intents(&away), ["ooo"]);
    }
}
