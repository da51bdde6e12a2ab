//! AUTH with a token: XOAUTH2, or OAUTHBEARER where the server offers only that.
//!
//! Not by lettre's own XOAUTH2, which gives up at the challenge in which a server says why it refuses, and leaves the
//! connection in the middle of it.

use super::opening::Offers;
use super::outcome::{Phase, Problem, Trouble};
use super::steps::{problem, refused, said, told, within};
use super::wire::Fail;
use crate::oauth::{self, Mechanism, OauthError};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::response::Response;
use std::time::Duration;
use zeroize::Zeroizing;

/// A command line with its line end (RFC 5321 4.5.3.1.4); a longer answer must wait for the server's 334 (RFC 4954 4).
const LONGEST_COMMAND: usize = 512;

/// Logs in; `answer` says what a mechanism says.
pub(super) async fn log_in(
    line: &mut AsyncSmtpConnection,
    offers: &Offers,
    answer: impl Fn(Mechanism) -> Zeroizing<String>,
    patience: Duration,
) -> Result<(), Problem> {
    let Some(mechanism) = Mechanism::choose(|word| offers.has_auth(word)) else {
        // The hello says so: no token was refused, and no other one would help.
        return Err(problem(Phase::Hello, Trouble::Login, &OauthError::NotTaken));
    };
    let answer = answer(mechanism);
    let word = mechanism.word();
    let heard = match word.len() + answer.len() + 8 <= LONGEST_COMMAND {
        true => {
            within(
                patience,
                line.command(format!("AUTH {word} {}\r\n", *answer)),
            )
            .await
        }
        false => {
            let asked = within(patience, line.command(format!("AUTH {word}\r\n"))).await;
            match asked {
                Ok(ready) if ready.has_code(334) => {
                    within(patience, line.command(format!("{}\r\n", *answer))).await
                }
                other => other,
            }
        }
    };
    match heard {
        Ok(done) if done.has_code(334) => {
            let why = challenge(&done);
            let last = format!("{}\r\n", mechanism.after_refusal());
            let ended = within(patience, line.command(last)).await;
            judge(ended, why.as_deref())
        }
        other => judge(other, None),
    }
}

/// Why a token is refused, if the server says so.
fn challenge(reply: &Response) -> Option<String> {
    reply.message().find_map(oauth::refusal)
}

fn judge(ended: Result<Response, Fail>, why: Option<&str>) -> Result<(), Problem> {
    match ended {
        Ok(done) if done.has_code(235) => Ok(()),
        Ok(other) => Err(problem(Phase::Auth, Trouble::Garbled, &told(&other))),
        Err(Fail::Said { code, text }) if code >= 500 => {
            let why = why.map(|w| format!(" ({w})")).unwrap_or_default();
            let words = format!("{}{why}", said(code, &text));
            Err(problem(Phase::Auth, Trouble::Login, &words))
        }
        Err(fail) => Err(refused(Phase::Auth, fail)),
    }
}
