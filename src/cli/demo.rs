//! `quitus demo`: the whole way, on this machine alone: loopback servers, a small register, some replies, the real daemon.
//!
//! Nothing of the daemon is replaced: it reads over IMAP and answers over SMTP as it does elsewhere. Only the firm, its
//! prospects and their mail are invented, and the letters stay in a folder.

mod report;
mod setting;

use crate::config::Config;
use crate::record::{Mode, State};
use crate::sandbox::{imap, samples, smtp};
use crate::service::{Clock, Daemon, Ending, Extras, Witness, import};
use anyhow::{Context, Result, bail};
use report::{Told, table, told};
use setting::Place;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How the demo is run.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Demo {
    /// Stay up until Ctrl-C, so that any mail program can look into the mailbox.
    #[arg(long)]
    keep: bool,
    /// One JSON object a line, for programs.
    #[arg(long)]
    json: bool,
}

/// Nobody waits longer for one step of the demo.
const PATIENCE: Duration = Duration::from_secs(60);

/// Hands each ending to the one who prints.
struct Herald(mpsc::UnboundedSender<Ending>);

impl Witness for Herald {
    fn ended(&self, ending: &Ending) {
        // Nobody listens any more once the demo is over.
        drop(self.0.send(ending.clone()));
    }
}

/// Runs it. `true` if every sample ended as it should.
pub async fn demo(options: Demo) -> Result<bool> {
    let place = Place::new()?;
    let clock = Clock::system();
    let now = clock.now();
    let inbox = imap::Server::start(imap::Settings {
        accounts: vec![(samples::MAILBOX.into(), Some(setting::PASSWORD.into()))],
        ..Default::default()
    })
    .await?;
    let post = smtp::Server::start(smtp::Settings {
        folder: Some(place.letters()),
        ..Default::default()
    })
    .await?;
    let file = place.write_configuration(inbox.address(), post.address())?;
    let config = Config::load(&file).map_err(faults)?;
    for original in samples::originals() {
        let (at, raw) = original.written(now.to_jiff());
        inbox.append_sent(samples::MAILBOX, &raw, at);
    }
    let (tell, mut ended) = mpsc::unbounded_channel();
    let extras = Extras {
        witness: Some(Arc::new(Herald(tell))),
        clock: Some(clock.clone()),
        activate: Some((Mode::Live, now.plus_seconds(-3600))),
        floor: Some(1 << 20),
    };
    let settings = config.register.clone();
    let daemon = Daemon::start(config, extras).await?;
    let csv = samples::register_csv().as_bytes();
    let (summary, mistakes) = import(
        &daemon.office.sequencer,
        &clock,
        &settings,
        "register.csv",
        csv,
        false,
    )
    .await?;
    if !mistakes.is_empty() {
        bail!("the demo's register has mistakes: {mistakes:?}");
    }
    let originals = samples::originals().len() as u64;
    until("the Sent folder was read", || {
        state(&daemon, |s| Ok(s.counts()?.sent_mails >= originals))
    })
    .await?;
    if !options.json {
        report::opening(&place, summary.stored, originals);
    }
    let all = samples::all();
    for sample in &all {
        if let Some(sent) = &sample.sent {
            let (at, raw) = sent.written(now.to_jiff());
            inbox.append_sent(samples::MAILBOX, &raw, at);
        }
        let (at, raw) = sample.letter.written(now.to_jiff());
        inbox.deliver(samples::MAILBOX, sample.folder, &raw, at);
    }
    let mut ends = Vec::new();
    while ends.len() < all.len() {
        let ending = tokio::time::timeout(PATIENCE, ended.recv()).await;
        let Some(ending) = ending.context("not every reply was decided in time")? else {
            break;
        };
        if ending.message_id.is_some() {
            ends.push(ending);
        }
    }
    until("every letter left", || {
        state(&daemon, |s| Ok(s.next_due()?.is_none() && idle(s)?))
    })
    .await?;
    let told: Vec<Told> = told(&all, &ends, &post.received(), &daemon)?;
    for line in &told {
        if options.json {
            line.json()?
        } else {
            line.print()
        }
    }
    let good = told.iter().all(|t| t.as_expected);
    if !options.json {
        table(&told, &daemon, &place)?;
    }
    if options.keep {
        report::stay(&inbox, &post);
        tokio::signal::ctrl_c().await?;
    }
    daemon.end().await;
    Ok(good)
}

/// No letter is on its way.
fn idle(state: &State<'_>) -> Result<bool, crate::record::Damaged> {
    Ok(state
        .waiting(crate::record::Waiting::Sending, 1)?
        .is_empty())
}

fn state<T>(
    daemon: &Daemon,
    ask: impl Fn(&State<'_>) -> Result<T, crate::record::Damaged>,
) -> Result<T> {
    Ok(ask(&daemon.office.sequencer.reader().state())?)
}

async fn until(what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let patience = tokio::time::Instant::now() + PATIENCE;
    while !done()? {
        if tokio::time::Instant::now() > patience {
            bail!("the demo waited in vain until {what}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn faults(faults: Vec<crate::record::Fault>) -> anyhow::Error {
    let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("the demo's configuration is wrong:\n{}", all.join("\n"))
}
