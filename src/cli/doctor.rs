//! `quitus doctor`: one list of everything that Quitus depends on, each as good, warning or wrong, with what to do.
//!
//! It looks, and changes nothing; it sends nothing but the one letter to oneself that is asked for. A finding is data
//! (`finding`), and its id stands in config/README.md.

mod border;
mod certificate;
mod domain;
mod files;
mod finding;
mod house;
mod letter;
mod servers;

use super::edge::{self, DONE, End, WRONG};
use super::output;
use crate::config::Config;
use crate::mailbox::MailboxSettings;
use crate::record::Address;
use crate::service::closes_at;
use finding::{Findings, State};
use jiff::Timestamp;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

/// `quitus doctor`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Send one letter to this address of a watched mailbox, and wait until it comes back
    #[arg(long, value_name = "ADDRESS-OF-OURS")]
    letter: Option<String>,
    /// How many seconds to wait for it
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        requires = "letter"
    )]
    wait: u64,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Runs it. 1 if anything is wrong; warnings are no error.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let file = edge::config_file(named)?;
    let mut all = Findings::default();
    if let Some(config) = files::configuration(&file, &mut all) {
        let letter = arguments.letter.as_deref();
        let letter = letter.map(|text| ours(&config, text)).transpose()?;
        files::private(&config, &mut all);
        files::disk(&config, &mut all);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let patience = Duration::from_secs(arguments.wait);
        runtime.block_on(outside(&config, letter.as_ref(), patience, &mut all));
    }
    let wrong = all.count(State::Wrong) > 0;
    if arguments.json {
        let mut out = output::programs();
        let object = serde_json::json!({"ok": !wrong, "findings": all.0});
        output::json_line(&mut out, &object)?;
        out.flush()?;
    } else {
        let mut out = output::people();
        all.tell(&mut out)?;
        out.flush()?;
    }
    Ok(if wrong { WRONG } else { DONE })
}

/// An address to which a letter may go: one that comes back to us.
fn ours(config: &Config, text: &str) -> Result<Address, End> {
    let address = Address::parse(text).map_err(|e| End::Usage(format!("--letter {text}: {e}")))?;
    if letter::mailbox_of(config, &address).is_some() {
        return Ok(address);
    }
    let all = config.mailboxes.iter().map(|m| m.address.as_str());
    let all: Vec<&str> = all.collect();
    Err(End::Usage(format!(
        "--letter {text}: the letter goes to nobody else; it is no address of a watched mailbox\n  → name one of {}",
        all.join(", ")
    )))
}

/// What lies beyond this process, everything at the same time; told in one order.
async fn outside(
    config: &Config,
    letter: Option<&Address>,
    patience: Duration,
    all: &mut Findings,
) {
    let now = Timestamp::now();
    // One whose last day is over is not connected, and not looked at.
    let open = |m: &&MailboxSettings| closes_at(config, m).is_none_or(|end| end.to_jiff() > now);
    let mailboxes = config
        .mailboxes
        .iter()
        .filter(open)
        .map(|settings| async move {
            let mut found = Findings::default();
            let ours = config.house.authserv_id.as_deref();
            let newest = servers::mailbox(settings, ours, now, &mut found).await;
            (found, newest)
        });
    let [mut house, mut smtp, mut domain, mut senders] = [const { Findings(Vec::new()) }; 4];
    let (mailboxes, (), (), (), ()) = tokio::join!(
        futures::future::join_all(mailboxes),
        house::look(config, now, &mut house),
        servers::smtp(config, now, &mut smtp),
        domain::look(config, &mut domain),
        house::senders(config, &mut senders),
    );
    all.0.extend(house.0);
    let mut newest = Vec::new();
    for (found, dates) in mailboxes {
        all.0.extend(found.0);
        newest.extend(dates);
    }
    all.0.extend(smtp.0);
    servers::logins(config, all);
    // What arrived while we looked is not from the future.
    servers::clock(&newest, Timestamp::now(), all);
    all.0.extend(domain.0);
    all.0.extend(senders.0);
    if let Some(address) = letter
        && let Some(settings) = letter::mailbox_of(config, address)
    {
        letter::send(config, settings, address, patience, all).await;
    }
}
