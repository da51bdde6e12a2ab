//! One connection: greeting, commands with their literals, the fault script, and what other sessions changed meanwhile.
//!
//! A command is read whole (its literals too) before anything is decoded, so that no half command is ever acted upon.

use super::faults::Effect;
use super::folders::Folder;
use super::reply::{self, Ending};
use super::{Shared, lock};
use crate::sandbox::wire::Wire;
use imap_codec::CommandCodec;
use imap_codec::decode::Decoder;
use imap_codec::imap_types::core::Vec1;
use imap_codec::imap_types::fetch::MessageDataItem;
use imap_codec::imap_types::response::Data;
use std::io::Result;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// A literal larger than this is refused; attachments of mail are smaller.
const LARGEST_LITERAL: usize = 64 << 20;
/// When a long answer is sent on its way in pieces.
const ENOUGH: usize = 256 << 10;

/// The folder that is open, as this session has been told about it.
pub(super) struct Selected {
    pub(super) name: String,
    pub(super) read_only: bool,
    pub(super) uid_validity: u32,
    /// UIDs in the order of their sequence numbers: what the client knows, not what is there.
    pub(super) view: Vec<u32>,
    /// The folder's version that the client knows.
    pub(super) version: u64,
}

/// One client.
pub(super) struct Session {
    pub(super) wire: Wire,
    pub(super) shared: Arc<Shared>,
    pub(super) user: Option<String>,
    pub(super) selected: Option<Selected>,
    pub(super) out: Vec<u8>,
    pub(super) leaving: bool,
    /// The next FETCH response announces a literal of so many octets that never come.
    pub(super) huge: Option<u64>,
    /// IDLE is accepted and then ignored.
    pub(super) silent: bool,
}

/// Talks to a client until either has enough.
pub(super) async fn serve(socket: TcpStream, shared: Arc<Shared>) -> Result<()> {
    let wire = Wire::accept(socket, shared.tls.clone()).await?;
    let mut session = Session {
        wire,
        shared,
        user: None,
        selected: None,
        out: Vec::new(),
        leaving: false,
        huge: None,
        silent: false,
    };
    if let Some(effect) = session.shared.strike(None)
        && !session.misbehave(effect, "*").await?
    {
        return Ok(());
    }
    let greeting = format!(
        "* OK [CAPABILITY {}] Sandbox ready.\r\n",
        super::commands::CAPABILITIES
    );
    session.wire.send(greeting.as_bytes()).await?;
    while !session.leaving {
        let Some(command) = session.read_command().await? else {
            break;
        };
        session.answer(&command).await?;
    }
    session.wire.close().await;
    Ok(())
}

impl Session {
    /// One whole command with its line end, its literals asked for and read. `None` at the end of the connection.
    async fn read_command(&mut self) -> Result<Option<Vec<u8>>> {
        let mut command = Vec::new();
        loop {
            let Some(line) = self.wire.line().await? else {
                return Ok(None);
            };
            let literal = announced_literal(&line);
            command.extend_from_slice(&line);
            command.extend_from_slice(b"\r\n");
            let Some((octets, waits)) = literal else {
                return Ok(Some(command));
            };
            if octets > LARGEST_LITERAL {
                self.wire
                    .send(b"* BYE That literal is too large.\r\n")
                    .await?;
                return Ok(None);
            }
            if waits {
                self.wire.send(b"+ Go on\r\n").await?;
            }
            command.extend(self.wire.octets(octets).await?);
        }
    }

    /// Carries one command out, or does what the script says instead.
    async fn answer(&mut self, command: &[u8]) -> Result<()> {
        let (tag, name) = tag_and_name(command);
        lock(&self.shared.received).push(name.clone());
        let mut shown = tag.clone();
        if let Some(effect) = self.shared.strike(Some(&name)) {
            if effect == Effect::WrongTag {
                shown = "XX99".to_owned();
            } else if !self.misbehave(effect, &tag).await? {
                return Ok(());
            }
        }
        let accepted = super::commands::without_list_options(command);
        let ending = match CommandCodec::default().decode(&accepted) {
            Ok((_, command)) => self.carry_out(command.body).await?,
            Err(_) => Some(Ending::bad("That is no command that I know.")),
        };
        let Some(ending) = ending else { return Ok(()) };
        // RFC 3501, 7.4.1: no EXPUNGE while sequence numbers are in use.
        let numbers_in_use = matches!(name.as_str(), "FETCH" | "STORE" | "SEARCH");
        self.report_changes(!numbers_in_use);
        let tag = (shown != "*").then_some(shown.as_str());
        reply::status(&mut self.out, tag, ending);
        self.flush().await
    }

    /// Does what a fault says; true if the command is then carried out all the same.
    async fn misbehave(&mut self, effect: Effect, tag: &str) -> Result<bool> {
        match effect {
            Effect::Cut => self.leaving = true,
            Effect::CutAfter(octets) => {
                self.wire.cut_after(octets);
                return Ok(true);
            }
            Effect::No(text) => {
                self.wire
                    .send(format!("{tag} NO {text}\r\n").as_bytes())
                    .await?
            }
            Effect::Bad(text) => {
                self.wire
                    .send(format!("{tag} BAD {text}\r\n").as_bytes())
                    .await?
            }
            Effect::Bye(text) => {
                self.wire
                    .send(format!("* BYE {text}\r\n").as_bytes())
                    .await?;
                self.leaving = true;
            }
            Effect::Stall(time) => {
                self.wire.stall(time).await;
                self.leaving = true;
            }
            Effect::Late(time) => {
                tokio::time::sleep(time).await;
                return Ok(true);
            }
            Effect::HugeLiteral(octets) => {
                self.huge = Some(octets);
                return Ok(true);
            }
            Effect::SilentIdle => {
                self.silent = true;
                return Ok(true);
            }
            Effect::WrongTag => return Ok(true),
        }
        Ok(false)
    }

    /// Sends what was said so far.
    pub(super) async fn flush(&mut self) -> Result<()> {
        let out = std::mem::take(&mut self.out);
        if !out.is_empty() {
            self.wire.send(&out).await?;
        }
        Ok(())
    }

    /// Sends what was said so far if it is a lot.
    pub(super) async fn flush_if_much(&mut self) -> Result<()> {
        if self.out.len() >= ENOUGH {
            self.flush().await?;
        }
        Ok(())
    }

    /// Tells what has changed in the open folder since this client was told last.
    pub(super) fn report_changes(&mut self, may_expunge: bool) {
        let (Some(user), Some(selected)) = (&self.user, &mut self.selected) else {
            return;
        };
        let shared = self.shared.clone();
        let mut world = lock(&shared.world);
        let folder = world
            .folder(user, &selected.name)
            .filter(|f| f.uid_validity == selected.uid_validity);
        let Some(folder) = folder else {
            self.out
                .extend_from_slice(b"* BYE The folder is another one now.\r\n");
            self.leaving = true;
            return;
        };
        if folder.version != selected.version {
            report_folder(&mut self.out, folder, selected, may_expunge);
        }
    }

    /// IDLE (RFC 2177): changes are told as they happen, until DONE.
    pub(super) async fn idle(&mut self) -> Result<Ending> {
        let mut changes = self.shared.changes.subscribe();
        if !self.silent {
            self.report_changes(true);
        }
        self.out.extend_from_slice(b"+ idling\r\n");
        self.flush().await?;
        if std::mem::take(&mut self.silent) {
            self.wire.stall(Duration::from_secs(3600)).await;
            self.leaving = true;
            return Ok(Ending::bad("Silent."));
        }
        loop {
            tokio::select! {
                line = self.wire.line() => match line? {
                    Some(line) if line.eq_ignore_ascii_case(b"DONE") => return Ok(Ending::ok("Idle completed.")),
                    Some(_) => return Ok(Ending::bad("Only DONE ends an IDLE.")),
                    None => {
                        self.leaving = true;
                        return Ok(Ending::bad("Gone."));
                    }
                },
                _ = changes.changed() => {
                    self.report_changes(true);
                    self.flush().await?;
                    if self.leaving {
                        return Ok(Ending::bad("The folder is another one now."));
                    }
                }
            }
        }
    }
}

fn report_folder(out: &mut Vec<u8>, folder: &Folder, selected: &mut Selected, may_expunge: bool) {
    if may_expunge {
        for at in (0..selected.view.len()).rev() {
            if folder.find(selected.view[at]).is_none() {
                selected.view.remove(at);
                if let Ok(gone) = Data::expunge(at as u32 + 1) {
                    reply::data(out, gone);
                }
            }
        }
    }
    let known = selected.view.last().copied().unwrap_or(0);
    let arrived = folder.messages.partition_point(|m| m.uid <= known);
    let arrived = &folder.messages[arrived..];
    selected.view.extend(arrived.iter().map(|m| m.uid));
    if !arrived.is_empty() {
        reply::data(out, Data::Exists(selected.view.len() as u32));
    }
    for (at, uid) in selected.view.iter().enumerate() {
        let changed = folder
            .find(*uid)
            .filter(|m| m.uid <= known && m.changed > selected.version);
        if let (Some(message), Some(uid)) = (changed, NonZeroU32::new(*uid)) {
            let flags = reply::flags(&message.flags).into_iter().map(Into::into);
            let items = Vec1::unvalidated(vec![
                MessageDataItem::Uid(uid),
                MessageDataItem::Flags(flags.collect()),
            ]);
            if let Ok(fetch) = Data::fetch(at as u32 + 1, items) {
                reply::data(out, fetch);
            }
        }
    }
    // What may not be told yet is told next time.
    if may_expunge {
        selected.version = folder.version;
    }
}

/// The literal that a line ends with: `{12}` waits to be asked for, `{12+}` follows at once (RFC 7888).
fn announced_literal(line: &[u8]) -> Option<(usize, bool)> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|b| *b == b'{')?;
    let digits = std::str::from_utf8(&inner[open + 1..]).ok()?;
    match digits.strip_suffix('+') {
        Some(digits) => Some((digits.parse().ok()?, false)),
        None => Some((digits.parse().ok()?, true)),
    }
}

/// The tag, and the command's name in capitals: `UID FETCH`, `SELECT`.
fn tag_and_name(command: &[u8]) -> (String, String) {
    let end = command.iter().position(|b| *b == b'\r').unwrap_or(0);
    let text = String::from_utf8_lossy(&command[..end]);
    let mut words = text.split(' ');
    let tag = words.next().filter(|t| !t.is_empty()).unwrap_or("*");
    let mut name = words.next().unwrap_or_default().to_ascii_uppercase();
    if name == "UID" {
        let second = words.next().unwrap_or_default().to_ascii_uppercase();
        name = format!("UID {second}");
    }
    (tag.to_owned(), name)
}
