//! `--letter ADDRESS`: one letter to oneself through SMTP, awaited through IMAP. The only thing that `doctor` ever sends.
//!
//! Only to an address of a watched mailbox, and marked as automatic (RFC 3834), so that neither the daemon nor any other robot answers it.

use super::finding::{Findings, Id};
use super::servers::login;
use crate::config::Config;
use crate::delivery::{Courier, Frozen, Outcome, Parcel};
use crate::mailbox::{self, MailboxSettings};
use crate::record::Address;
use base64::Engine as _;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// The mailbox that an address belongs to.
pub fn mailbox_of<'c>(config: &'c Config, address: &Address) -> Option<&'c MailboxSettings> {
    let is = |m: &&MailboxSettings| m.addresses().any(|a| a.same_person(address));
    config.mailboxes.iter().find(is)
}

/// Sends it, and waits for it.
pub async fn send(
    config: &Config,
    settings: &MailboxSettings,
    to: &Address,
    patience: Duration,
    all: &mut Findings,
) {
    let about = to.as_str();
    let (id, letter) = match letter(&settings.address, to) {
        Ok(made) => made,
        Err(why) => return all.wrong(Id::Letter, about, why, "report this"),
    };
    let began = (Instant::now(), Timestamp::now());
    match hand_over(config, settings, to, letter).await {
        Ok(reply) => all.good(Id::Letter, about, format!("the server took it: {reply}")),
        Err(why) => {
            let fix = "mend what is wrong with smtp above, and try again";
            return all.wrong(Id::Letter, about, why, fix);
        }
    }
    match mailbox::awaited(settings, &id, patience).await {
        Ok(Some((folder, at))) => back(about, &folder, began, at.map(|t| t.to_jiff()), all),
        Ok(None) => {
            let what = format!("it did not come back within {} s", patience.as_secs());
            let fix = "look into the other folders, the provider's spam filter and a bounce; a slow server needs --wait";
            all.wrong(Id::Letter, about, what, fix);
        }
        Err(e) => all.wrong(
            Id::Letter,
            about,
            e.to_string(),
            "mend what is wrong with the mailbox above",
        ),
    }
}

/// Gives it to the server; its reply, or why it did not take it.
async fn hand_over(
    config: &Config,
    settings: &MailboxSettings,
    to: &Address,
    letter: Frozen,
) -> Result<String, String> {
    let parcel = Parcel {
        sender: Some(settings.address.clone()),
        recipient: to.clone(),
        blind_copy: None,
        letter,
    };
    let courier = Courier::new(&config.smtp, login(&config.smtp)?).map_err(|p| p.to_string())?;
    let outcome = courier.deliver(&parcel, &|| async { true }).await;
    courier.rest().await;
    match outcome {
        Outcome::Sent { reply } => Ok(reply),
        Outcome::Deferred { phase, reply, .. } | Outcome::Rejected { phase, reply } => {
            Err(format!("{phase}: {reply}"))
        }
        Outcome::Uncertain { why, .. } => Err(format!("nobody knows whether it left: {why}")),
        Outcome::Withdrawn => Err("it was taken back".to_owned()),
    }
}

/// It is back: how long it took, where it lies, and what the server's clock says.
fn back(
    about: &str,
    folder: &str,
    (began, sent): (Instant, Timestamp),
    at: Option<Timestamp>,
    all: &mut Findings,
) {
    let took = began.elapsed();
    let what = format!(
        "it came back after {} s, and lies in {folder}; delete it as you like",
        took.as_secs()
    );
    match folder.eq_ignore_ascii_case("INBOX") {
        true => all.good(Id::Letter, about, what),
        false => {
            let fix =
                "let SPF, DKIM and DMARC prove your mail, and tell the provider that it is no spam";
            all.warn(Id::Letter, about, what, fix);
        }
    }
    let Some(at) = at else { return };
    // It arrived between the moment it was sent and now, by our clock; INTERNALDATE has whole seconds.
    let early = sent.duration_since(at).as_secs();
    let late =
        at.duration_since(sent).as_secs() - i64::try_from(took.as_secs()).unwrap_or(i64::MAX);
    let off = early.max(late);
    let fix = "let systemd-timesyncd or chrony set the clock: TLS and deadlines depend on it";
    match off {
        300.. => all.wrong(
            Id::Clock,
            about,
            format!("it is {off} s off the mail server's"),
            fix,
        ),
        30.. => all.warn(
            Id::Clock,
            about,
            format!("it is {off} s off the mail server's"),
            fix,
        ),
        _ => all.good(Id::Clock, about, "it agrees with the mail server's"),
    }
}

fn letter(from: &Address, to: &Address) -> Result<(String, Frozen), String> {
    let mut random = [0; 18];
    getrandom::fill(&mut random).map_err(|e| e.to_string())?;
    let unique = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random);
    let id = format!("<doctor.{unique}@{}>", from.domain());
    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let text = format!(
        "From: <{}>\r\nTo: <{}>\r\nSubject: A letter to myself (quitus doctor)\r\nDate: {date}\r\nMessage-ID: {id}\r\n\
         Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         Sent by \"quitus doctor --letter\" to see whether letters leave and come back. It asks nothing; delete it as you like.\r\n",
        from.as_str(),
        to.as_str()
    );
    let frozen = Frozen::new(text.into_bytes()).map_err(|e| e.to_string())?;
    Ok((id, frozen))
}
