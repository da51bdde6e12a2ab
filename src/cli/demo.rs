//! `quitus demo`: the whole way, on this machine alone: loopback servers, a small register, some replies, the real daemon.
//!
//! Nothing of the daemon is replaced: it reads over IMAP and answers over SMTP as it does elsewhere. Only the firm, its
//! prospects and their mail are invented, and the letters stay in a folder.

mod report;
mod setting;

use super::edge::{DONE, End, WRONG};
use crate::api::{self, Control, Desk};
use crate::config::Config;
use crate::guard::Listen;
use crate::record::{Mode, State, Timestamp};
use crate::sandbox::{imap, samples, smtp, tool};
use crate::service::{Clock, Daemon, Ending, Extras, Witness, import};
use crate::web::{DeskSettings, Pages, Role, User, Users, hash_password, secret};
use anyhow::{Context, Result, bail};
use report::{Told, table, told};
use setting::Place;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// What one may ask of the demo.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Arguments {
    /// Stay up until Ctrl-C: the review desk opens in a browser, and any mail program can look into the mailbox
    #[arg(long)]
    keep: bool,
    /// One JSON object a line, for programs
    #[arg(long)]
    json: bool,
}

/// Who decides in the demo, as the log writes it.
const YOU: &str = "you";

/// Nobody waits longer for one step of the demo.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the demo: exit code 0 only if every sample ended as it should.
pub fn run(arguments: Arguments) -> Result<u8, End> {
    let runtime = tokio::runtime::Runtime::new()?;
    match runtime.block_on(demo(arguments)) {
        Ok(true) => Ok(DONE),
        Ok(false) => Ok(WRONG),
        Err(error) => Err(End::Usage(format!("the demo did not work: {error:#}"))),
    }
}

/// Hands each ending to the one who prints.
struct Herald(mpsc::UnboundedSender<Ending>);

impl Witness for Herald {
    fn ended(&self, ending: &Ending) {
        // Nobody listens any more once the demo is over.
        drop(self.0.send(ending.clone()));
    }
}

/// The servers, the daemon, and who hears how each message ends.
struct Stage {
    place: Place,
    now: Timestamp,
    inbox: imap::Server,
    post: smtp::Server,
    tool: tool::Server,
    daemon: Daemon,
    ended: mpsc::UnboundedReceiver<Ending>,
}

async fn demo(arguments: Arguments) -> Result<bool> {
    let mut stage = Stage::build().await?;
    let (contacts, sent) = stage.prospect().await?;
    if !arguments.json {
        report::opening(&stage.place, contacts, sent);
    }
    // Before the replies come, so that the desk's first page tells what came of them.
    let password = password()?;
    let doors = match arguments.keep {
        true => Some((stage.desk(&password).await?, stage.control().await?)),
        false => None,
    };
    let all = samples::all();
    let ends = stage.reply(&all).await?;
    let told: Vec<Told> = told(&all, &ends, &stage.post.received(), &stage.daemon)?;
    for line in &told {
        if arguments.json {
            line.json()?;
        } else {
            line.print();
        }
    }
    if !arguments.json {
        table(&told, &stage.daemon, &stage.tool, &stage.place)?;
    }
    if let Some((pages, control)) = doors {
        let link = link(&pages)?;
        report::stay(&stage.inbox, &stage.post, &link, &password);
        tokio::signal::ctrl_c().await?;
        pages.end().await;
        control.end().await;
    }
    stage.daemon.end().await;
    Ok(told.len() == all.len() && told.iter().all(|t| t.as_expected))
}

impl Stage {
    /// Starts the servers and the daemon, in live mode since an hour ago.
    async fn build() -> Result<Self> {
        let place = Place::new()?;
        let clock = Clock::system();
        let now = clock.now();
        let inbox = imap::Server::start(imap::Settings {
            accounts: vec![(samples::MAILBOX.into(), Some(setting::PASSWORD.into()))],
            ..Default::default()
        })
        .await?;
        let letters = smtp::Settings {
            folder: Some(place.letters()),
            ..Default::default()
        };
        let post = smtp::Server::start(letters).await?;
        for original in samples::originals() {
            let (at, raw) = original.written(now.to_jiff());
            inbox.append_sent(samples::MAILBOX, &raw, at);
        }
        let tool = tool::Server::start().await?;
        place.write_templates()?;
        let (imap, smtp) = (inbox.address(), post.address());
        let file = place.write_configuration(imap, smtp, tool.address())?;
        // This text alone: what the environment overrides is meant for the real firm.
        let text = std::fs::read_to_string(&file)?;
        let config = Config::read(&file, &text).map_err(faults)?;
        let (tell, ended) = mpsc::unbounded_channel();
        let extras = Extras {
            witness: Some(Arc::new(Herald(tell))),
            clock: Some(clock),
            activate: Some((Mode::Live, now.plus_seconds(-3600))),
            floor: Some(1 << 20),
        };
        let daemon = Daemon::start(config, extras).await?;
        Ok(Self {
            place,
            now,
            inbox,
            post,
            tool,
            daemon,
            ended,
        })
    }

    /// The review desk, on a free port of this machine, with one who decides.
    async fn desk(&self, password: &str) -> Result<Pages> {
        let users = Users::of_store(&self.place.store());
        let one = User {
            name: YOU.to_owned(),
            role: Role::Reviewer,
            password: hash_password(password)?,
            language: None,
            token: String::new(),
        };
        users.change(|all| all.push(one))?;
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = DeskSettings::at(Listen::Tcp(here));
        Ok(Pages::open_at(Desk::of(&self.daemon), settings).await?)
    }

    /// The socket by which commands reach it, as they reach any daemon.
    async fn control(&self) -> Result<Control> {
        let socket = self
            .daemon
            .office
            .house
            .load()
            .config
            .control_socket
            .clone();
        let router = api::router(Desk::of(&self.daemon));
        Ok(Control::open(router, &socket).await?)
    }

    /// The register is imported, and the Sent folder read: how many contacts, how many mails.
    async fn prospect(&self) -> Result<(u64, u64)> {
        let office = &self.daemon.office;
        let settings = office.house.load().config.register.clone();
        let csv = samples::register_csv().as_bytes();
        let imported = import(&office.sequencer, &settings, "register.csv", csv, false).await?;
        let (summary, mistakes) = imported;
        if !mistakes.is_empty() {
            bail!("the demo's register has mistakes: {mistakes:?}");
        }
        let sent = samples::originals().len() as u64;
        until("the Sent folder was read", || {
            state(&self.daemon, |s| Ok(s.counts()?.sent_mails >= sent))
        })
        .await?;
        Ok((summary.stored, sent))
    }

    /// The replies arrive; returns once all are decided and all letters have left.
    async fn reply(&mut self, all: &[samples::Sample]) -> Result<Vec<Ending>> {
        for sample in all {
            if let Some(sent) = &sample.sent {
                let (at, raw) = sent.written(self.now.to_jiff());
                self.inbox.append_sent(samples::MAILBOX, &raw, at);
            }
            let (at, raw) = sample.letter.written(self.now.to_jiff());
            self.inbox
                .deliver(samples::MAILBOX, sample.folder, &raw, at);
        }
        let mut ends = Vec::new();
        while ends.len() < all.len() {
            let ending = tokio::time::timeout(PATIENCE, self.ended.recv()).await;
            let Some(ending) = ending.context("not every reply was decided in time")? else {
                break;
            };
            if ending.message_id.is_some() {
                ends.push(ending);
            }
        }
        until("every letter left", || {
            state(&self.daemon, |s| Ok(s.next_due()?.is_none() && idle(s)?))
        })
        .await?;
        Ok(ends)
    }
}

/// A password that can be typed from the screen, and that nobody else on this machine guesses.
fn password() -> Result<String> {
    let random = secret()?;
    let groups = random.as_bytes().chunks(4).take(4);
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    Ok(groups.join("-"))
}

/// A link that signs in once.
fn link(pages: &Pages) -> Result<String> {
    Ok(format!("http://{}{}", pages.listen(), pages.invite(YOU)?))
}

/// No letter is on its way, and every tool that sends has obeyed.
fn idle(state: &State<'_>) -> Result<bool, crate::record::Damaged> {
    use crate::record::Waiting::{Sending, Truth};
    let open = state.notices("sequencer", usize::MAX)?;
    Ok(state.waiting(Sending, 1)?.is_empty()
        && state.waiting(Truth, 1)?.is_empty()
        && open.iter().all(|(_, notice)| notice.since.is_none()))
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
