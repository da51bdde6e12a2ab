//! What the IMAP server shall do wrong, and when: written by a test, carried out once each.
//!
//! A real server misbehaves rarely and never where one wants it; a script does it at the command that the test names.

use std::time::Duration;

/// One misbehaviour, armed by [`super::Server::script`].
#[derive(Clone, Debug)]
pub struct Fault {
    at: Point,
    effect: Effect,
    every: bool,
    seen: usize,
}

#[derive(Clone, Debug)]
enum Point {
    Command(String, usize),
    Connection(usize),
}

/// What happens then.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The connection is closed; the command is not carried out.
    Cut,
    /// The command is carried out, and the connection closed after so many octets of the answer (and of all that follows).
    CutAfter(usize),
    /// `NO` with this text (a code in brackets may begin it); not carried out.
    No(String),
    /// `BAD` with this text; not carried out.
    Bad(String),
    /// `* BYE` with this text, then the end.
    Bye(String),
    /// Nothing for so long, then the end; not carried out.
    Stall(Duration),
    /// Nothing for so long, then the right answer.
    Late(Duration),
    /// The command is carried out, and completed under a tag that nobody gave.
    WrongTag,
    /// A FETCH response announces a literal of so many octets, one KiB of it follows, then nothing for a minute.
    HugeLiteral(u64),
    /// IDLE is accepted; from then on nothing is reported, and not even DONE is answered.
    SilentIdle,
}

impl Fault {
    /// At the nth command (from 1, counted from now over all connections) of this name: `SELECT`, `UID FETCH`, `APPEND`.
    pub fn at(command: &str, nth: usize, effect: Effect) -> Self {
        Self::new(Point::Command(command.to_ascii_uppercase(), nth), effect)
    }

    /// At every command of this name.
    pub fn every(command: &str, effect: Effect) -> Self {
        Self {
            every: true,
            ..Self::at(command, 1, effect)
        }
    }

    /// When the nth connection (from 1, counted from now) opens, before the greeting. `CutAfter` counts from there.
    pub fn at_connection(nth: usize, effect: Effect) -> Self {
        Self::new(Point::Connection(nth), effect)
    }

    fn new(at: Point, effect: Effect) -> Self {
        Self {
            at,
            effect,
            every: false,
            seen: 0,
        }
    }

    fn strikes(&mut self, command: Option<&str>) -> bool {
        let nth = match (&self.at, command) {
            (Point::Command(name, nth), Some(command)) if name == command => *nth,
            (Point::Connection(nth), None) => *nth,
            _ => return false,
        };
        self.seen += 1;
        self.every || self.seen == nth
    }
}

/// The effect that strikes at this command (or, with `None`, at a new connection). Every fault counts, the first wins.
pub(super) fn strike(script: &mut [Fault], command: Option<&str>) -> Option<Effect> {
    let mut effect = None;
    for fault in script {
        if fault.strikes(command) && effect.is_none() {
            effect = Some(fault.effect.clone());
        }
    }
    effect
}
