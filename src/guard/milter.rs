//! The milter protocol, version 6, as far as a recipient needs it: for mail servers that ask at RCPT, and for mail that never
//! came over SMTP.
//!
//! Everything but CONNECT, RCPT and the end of a message is declined in the negotiation, so hardly anything is sent. A
//! packet is a length (4 octets, big endian), a command and its data. Source: libmilter's `mfdef.h`, Postfix's MILTER_README.
//!
//! Postfix cannot refuse a single recipient of mail from its sendmail command: it would keep trying for ever. Such mail
//! (known by the client's port 0) is refused whole at its end, and comes back to its sender.

use super::gate::{Gate, Ruling};
use super::listen::{Caller, Socket, Wire, take_in};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;

/// Between two commands: a client may be slow, and its mail server is patient.
const IDLE: Duration = Duration::from_secs(600);
/// Within a packet.
const PACKET: Duration = Duration::from_secs(20);
/// A packet's octets; libmilter's own limit for a chunk of a body is 64 KiB.
const LONGEST: u32 = 128 * 1024;

/// The steps that are not asked for: HELO, MAIL, body, headers, end of headers, unknown commands, DATA.
const NO_STEPS: u32 = 0x2 | 0x4 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200;
/// CONNECT is told, and no answer is waited for.
const NO_REPLY_CONNECT: u32 = 0x1000;
/// Version 6; one of before 2 had another negotiation.
const VERSIONS: std::ops::RangeInclusive<u32> = 2..=6;

/// What is known of the mail that is being taken.
#[derive(Default)]
struct Talk {
    /// What was agreed on.
    steps: u32,
    /// It did not come over SMTP.
    inside: bool,
    /// The worst of its recipients so far, if it did not.
    worst: Option<Ruling>,
}

/// What is said to a command.
#[derive(Debug, PartialEq, Eq)]
enum Say {
    Nothing,
    Packet(u8, Vec<u8>),
    Goodbye,
}

/// Serves it until it is time to stop.
pub(super) async fn serve(gate: Gate, text: String, socket: Socket, stop: watch::Receiver<bool>) {
    let (gate, text) = (Arc::new(gate), Arc::new(text));
    take_in(socket, stop, move |caller| {
        let (gate, text) = (gate.clone(), text.clone());
        async move {
            let from = caller.1;
            if let Err(error) = converse(&gate, &text, caller).await {
                tracing::warn!(?from, %error, "a connection to the guard's milter ended early");
                gate.failed();
            }
        }
    })
    .await;
}

async fn converse(gate: &Gate, text: &str, (mut wire, _): Caller) -> io::Result<()> {
    let mut talk = Talk::default();
    while let Some((command, data)) = packet(&mut wire).await? {
        match talk.answer(command, &data, |recipient| gate.rule(recipient), text)? {
            Say::Nothing => {}
            Say::Goodbye => return Ok(()),
            Say::Packet(command, data) => {
                let length = u32::try_from(data.len() + 1).map_err(io::Error::other)?;
                let mut all = length.to_be_bytes().to_vec();
                all.push(command);
                all.extend(data);
                timeout(PACKET, wire.write_all(&all)).await??;
            }
        }
    }
    Ok(())
}

/// The next packet; nothing at the end, or if nobody says anything any more.
async fn packet(wire: &mut Box<dyn Wire>) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut length = [0; 4];
    match timeout(IDLE, wire.read_exact(&mut length[..1])).await {
        Ok(Ok(_)) => {}
        Ok(Err(e)) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Ok(Err(e)) => return Err(e),
        Err(_) => return Ok(None),
    }
    let rest = async {
        wire.read_exact(&mut length[1..]).await?;
        let length = u32::from_be_bytes(length);
        if length == 0 || length > LONGEST {
            return Err(garbled("a packet of an impossible length"));
        }
        let command = wire.read_u8().await?;
        let mut data = Vec::new();
        let wanted = u64::from(length) - 1;
        // Grows with what comes, not with what was announced.
        wire.take(wanted).read_to_end(&mut data).await?;
        match data.len() as u64 == wanted {
            true => Ok(Some((command, data))),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    };
    timeout(PACKET, rest).await?
}

fn garbled(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl Talk {
    fn answer(
        &mut self,
        command: u8,
        data: &[u8],
        rule: impl Fn(&[u8]) -> Ruling,
        text: &str,
    ) -> io::Result<Say> {
        let go_on = Say::Packet(b'c', Vec::new());
        Ok(match command {
            b'O' => self.negotiate(data)?,
            b'C' => {
                (self.inside, self.worst) = (comes_from_inside(data), None);
                match self.steps & NO_REPLY_CONNECT {
                    0 => go_on,
                    _ => Say::Nothing,
                }
            }
            b'R' => {
                let ruling =
                    rule(recipient(data).ok_or_else(|| garbled("RCPT without a recipient"))?);
                match self.inside {
                    false => reply(ruling, text),
                    true => {
                        self.worst = worse(self.worst, ruling);
                        go_on
                    }
                }
            }
            b'E' => reply(self.worst.take().unwrap_or(Ruling::Free), text),
            // Macros and the abort of one mail are not answered.
            b'D' => Say::Nothing,
            b'A' | b'K' => {
                self.worst = None;
                Say::Nothing
            }
            b'Q' => Say::Goodbye,
            // Steps that were declined, from a server too old to leave them out.
            b'H' | b'M' | b'L' | b'N' | b'B' | b'T' | b'U' => go_on,
            _ => return Err(garbled("a command that no milter knows")),
        })
    }

    /// Version, no changes to mail, and no steps but those that are needed.
    fn negotiate(&mut self, data: &[u8]) -> io::Result<Say> {
        let word = |n: usize| {
            let four = data.get(4 * n..4 * n + 4)?;
            Some(u32::from_be_bytes(four.try_into().ok()?))
        };
        let (Some(version), Some(_), Some(offered)) = (word(0), word(1), word(2)) else {
            return Err(garbled("a negotiation cut short"));
        };
        if version < *VERSIONS.start() {
            return Err(garbled("a milter protocol older than version 2"));
        }
        self.steps = offered & (NO_STEPS | NO_REPLY_CONNECT);
        let agreed = [version.min(*VERSIONS.end()), 0, self.steps];
        let agreed = agreed.iter().flat_map(|w| w.to_be_bytes()).collect();
        Ok(Say::Packet(b'O', agreed))
    }
}

/// A refused recipient matters more than one that cannot be looked up: sending the mail again would change nothing.
fn worse(before: Option<Ruling>, now: Ruling) -> Option<Ruling> {
    let weight = |r: Ruling| match r {
        Ruling::Free => 0,
        Ruling::Trouble => 1,
        Ruling::Unreadable => 2,
        Ruling::Blocked => 3,
    };
    [before, Some(now)]
        .into_iter()
        .flatten()
        .max_by_key(|r| weight(*r))
}

fn reply(ruling: Ruling, text: &str) -> Say {
    // No % is in it (settings): libmilter would read more into one.
    let line = |text: String| Say::Packet(b'y', [text.as_bytes(), b"\0"].concat());
    match ruling {
        Ruling::Free => Say::Packet(b'c', Vec::new()),
        Ruling::Blocked => line(format!("550 5.7.1 {text}")),
        Ruling::Unreadable => line("550 5.1.3 This address cannot be read".to_owned()),
        Ruling::Trouble => line(
            "451 4.3.0 Whether this recipient may be written to cannot be looked up now".to_owned(),
        ),
    }
}

/// The address in `<a@b.example>` and its zero; what follows are parameters of ESMTP.
fn recipient(data: &[u8]) -> Option<&[u8]> {
    let end = data.iter().position(|b| *b == 0)?;
    let bare = data[..end].trim_ascii();
    let inner = bare.strip_prefix(b"<").and_then(|b| b.strip_suffix(b">"));
    Some(inner.unwrap_or(bare))
}

/// Postfix tells mail of its sendmail command as if it came from this machine, with port 0 (`cleanup_milter`).
fn comes_from_inside(data: &[u8]) -> bool {
    let Some(end) = data.iter().position(|b| *b == 0) else {
        return false;
    };
    match &data[end + 1..] {
        [b'4' | b'6', high, low, ..] => u16::from_be_bytes([*high, *low]) == 0,
        // No address at all.
        [b'U', ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(talk: &mut Talk, command: u8, data: &[u8]) -> Say {
        let rule = |r: &[u8]| match r {
            b"stop@x.example" => Ruling::Blocked,
            b"later@x.example" => Ruling::Trouble,
            _ => Ruling::Free,
        };
        talk.answer(command, data, rule, "not to them").unwrap()
    }

    fn go_on() -> Say {
        Say::Packet(b'c', Vec::new())
    }

    #[test]
    fn only_what_is_offered_is_declined() {
        let mut talk = Talk::default();
        let offer = [6u32, 0x1ff, 0x1fffff].map(u32::to_be_bytes).concat();
        let agreed = [6u32, 0, NO_STEPS | NO_REPLY_CONNECT]
            .map(u32::to_be_bytes)
            .concat();
        assert_eq!(say(&mut talk, b'O', &offer), Say::Packet(b'O', agreed));
        let old = [2u32, 0x1f, 0x7f].map(u32::to_be_bytes).concat();
        let agreed = [2u32, 0, 0x76].map(u32::to_be_bytes).concat();
        assert_eq!(say(&mut talk, b'O', &old), Say::Packet(b'O', agreed));
        assert_eq!(
            say(&mut talk, b'C', b"x\x004\x00\x19192.0.2.1\x00"),
            go_on()
        );
        assert!(talk.negotiate(b"short").is_err());
    }

    #[test]
    fn a_recipient_over_smtp_is_refused_at_once() {
        let mut talk = Talk::default();
        say(&mut talk, b'C', b"x\x004\x00\x19192.0.2.1\x00");
        assert_eq!(
            say(&mut talk, b'R', b"<free@x.example>\x00NOTIFY=NEVER\x00"),
            go_on()
        );
        let no = Say::Packet(b'y', b"550 5.7.1 not to them\x00".to_vec());
        assert_eq!(say(&mut talk, b'R', b"<stop@x.example>\x00"), no);
        assert_eq!(say(&mut talk, b'E', b""), go_on());
    }

    #[test]
    fn mail_from_inside_is_refused_whole_at_its_end() {
        let mut talk = Talk::default();
        let inside = b"localhost\x004\x00\x00127.0.0.1\x00";
        say(&mut talk, b'C', inside);
        for one in [
            "<stop@x.example>\0",
            "<later@x.example>\0",
            "<free@x.example>\0",
        ] {
            assert_eq!(say(&mut talk, b'R', one.as_bytes()), go_on());
        }
        assert!(matches!(say(&mut talk, b'E', b""), Say::Packet(b'y', t) if t.starts_with(b"550")));
        assert_eq!(say(&mut talk, b'E', b""), go_on());
    }
}
