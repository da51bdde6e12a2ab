//! What the SMTP server shall do wrong, and at which step of the dialog: written by a test, carried out once each.

use std::time::Duration;

/// A step of the dialog at which a fault can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A new connection, before the greeting.
    Connect,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, before 354.
    Data,
    /// The final dot: the letter is there, its reply is not.
    Dot,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
}

/// What happens then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// This reply instead (`451 4.3.0 Try again`); the command is not carried out, a letter is not accepted.
    /// After a reply that begins with 421 the connection is closed.
    Reply(String),
    /// The connection is closed before anything is said. At [`Step::Dot`] the letter is kept all the same.
    Cut,
    /// The right reply, then the connection is closed.
    CutAfterReply,
    /// Nothing for so long, then the connection is closed. At [`Step::Dot`] the letter is kept all the same.
    Hang(Duration),
    /// Nothing for so long, then the right reply.
    Late(Duration),
}

/// One misbehaviour, armed by [`super::Server::script`].
#[derive(Clone, Debug)]
pub struct Fault {
    step: Step,
    nth: Option<usize>,
    effect: Effect,
    seen: usize,
}

impl Fault {
    /// At the nth step of this kind, from 1, counted from now over all connections.
    pub fn at(step: Step, nth: usize, effect: Effect) -> Self {
        Self {
            step,
            nth: Some(nth),
            effect,
            seen: 0,
        }
    }

    /// At every step of this kind.
    pub fn every(step: Step, effect: Effect) -> Self {
        Self {
            nth: None,
            ..Self::at(step, 1, effect)
        }
    }
}

/// The effect that strikes at this step. Every fault counts, the first wins.
pub(super) fn strike(script: &mut [Fault], step: Step) -> Option<Effect> {
    let mut effect = None;
    for fault in script.iter_mut().filter(|f| f.step == step) {
        fault.seen += 1;
        if fault.nth.is_none_or(|nth| nth == fault.seen) && effect.is_none() {
            effect = Some(fault.effect.clone());
        }
    }
    effect
}
