//! AUTHENTICATE with a token: XOAUTH2, or OAUTHBEARER where the server offers only that.
//!
//! A server that refuses a token says why in a challenge (base64 JSON, RFC 7628 3.2.2), and waits for an answer to it before
//! it says NO; without that answer the connection hangs.

use super::command::Command;
use super::error::SessionError;
use super::session::Session;
use super::settings::ImapSettings;
use super::wire::Ending;
use crate::config::Secret;
use crate::oauth::{self, Mechanism, OauthError};

impl Session {
    pub(super) async fn authenticate_by_token(
        &mut self,
        imap: &ImapSettings,
        token: &Secret,
    ) -> Result<Ending, SessionError> {
        let offers = |word: &str| self.can(&format!("AUTH={word}"));
        let Some(mechanism) = Mechanism::choose(offers) else {
            return Err(OauthError::NotTaken.into());
        };
        let during = match mechanism {
            Mechanism::Xoauth2 => "AUTHENTICATE XOAUTH2",
            Mechanism::Oauthbearer => "AUTHENTICATE OAUTHBEARER",
        };
        let answer = mechanism.answer(&imap.username, (&imap.host, imap.port()), token);
        // Without an initial response, which not every server takes (RFC 4959).
        let mut wire = self.take_wire(during)?;
        let tag = wire.send(Command::new(during)).await?;
        let ending = match wire.ready(tag, during, &mut |_| {}).await? {
            Some(refusal) => refusal,
            None => {
                wire.say(&answer, during).await?;
                match wire.challenged(tag, during).await? {
                    Ok(ending) => ending,
                    Err(challenge) => {
                        wire.say(mechanism.after_refusal(), during).await?;
                        let ending = wire.finish(tag, during, |_| {}).await?;
                        ending.because(oauth::refusal(&challenge))
                    }
                }
            }
        };
        self.put_back(wire);
        Ok(ending)
    }
}
