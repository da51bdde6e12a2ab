//! The first words with a server: greeting, capabilities, login; and what kind of refusal a refusal is.
//!
//! A password or token crosses the connection only once it is protected, or to this machine.

use super::command::Command;
use super::error::{SessionError, TlsProblem};
use super::session::Session;
use super::settings::{Auth, ImapSettings, Security};
use super::wire::{Ending, Wire, capability_words};
use crate::config::Secret;
use async_imap::imap_proto::{Response, Status};
use base64::Engine as _;
use zeroize::Zeroizing;

/// Reads the greeting; true if the server knows us already (PREAUTH).
pub(super) async fn greeting(wire: &mut Wire) -> Result<bool, SessionError> {
    let during = "the greeting";
    let status = wire.next(during, |response| match response {
        Response::Data {
            status: Status::Ok, ..
        } => Some(false),
        Response::Data {
            status: Status::PreAuth,
            ..
        } => Some(true),
        _ => None,
    });
    status.await?.ok_or_else(|| SessionError::Protocol {
        during,
        what: "it is not the greeting of an IMAP server".to_owned(),
    })
}

/// What a log-in is proved by.
pub(super) enum Pass<'a> {
    Password(&'a Secret),
    Token(&'a Secret),
}

impl Session {
    pub(super) async fn ask_capabilities(&mut self) -> Result<(), SessionError> {
        let mut said = Vec::new();
        let ending = self.exec(Command::new("CAPABILITY"), |response| {
            if let Response::Capabilities(list) = response {
                said = capability_words(list);
            }
        });
        ending.await?.ok("CAPABILITY")?;
        self.learn(said);
        Ok(())
    }

    pub(super) async fn log_in(
        &mut self,
        imap: &ImapSettings,
        pass: &Pass<'_>,
    ) -> Result<(), SessionError> {
        self.ask_capabilities().await?;
        let protected = self.is_protected();
        if imap.security != Security::None && !protected {
            return Err(SessionError::Tls {
                host: imap.host.clone(),
                problem: TlsProblem::Other("the connection is not protected".to_owned()),
            });
        }
        let ending = match pass {
            Pass::Token(token) => self.authenticate_by_token(imap, token).await?,
            Pass::Password(password) => self.by_password(imap, password).await?,
        };
        if !ending.is_ok() {
            return Err(refused(ending.text()));
        }
        // RFC 3501 6.2: what was said before the login says nothing about what holds after it.
        match ending.capabilities {
            Some(list) => self.learn(list),
            None => self.ask_capabilities().await?,
        }
        Ok(())
    }

    async fn by_password(
        &mut self,
        imap: &ImapSettings,
        password: &Secret,
    ) -> Result<Ending, SessionError> {
        let plain = match imap.auth {
            Auth::Plain => true,
            Auth::Login => false,
            Auth::Auto => self.can("AUTH=PLAIN") || self.can("LOGINDISABLED"),
        };
        if plain {
            return self.authenticate_plain(&imap.username, password).await;
        }
        let command = Command::new("LOGIN")
            .string(&imap.username, "the username")?
            .string(password.expose(), "the password")?;
        self.exec(command, |_| {}).await
    }

    /// RFC 4616, without an initial response, which not every server takes (RFC 4959).
    async fn authenticate_plain(
        &mut self,
        username: &str,
        password: &Secret,
    ) -> Result<Ending, SessionError> {
        let during = "AUTHENTICATE PLAIN";
        let joined = Zeroizing::new(format!("\0{username}\0{}", password.expose()));
        let answer =
            Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(joined.as_bytes()));
        let mut wire = self.take_wire(during)?;
        let tag = wire.send(Command::new(during)).await?;
        let ending = match wire.ready(tag, during, &mut |_| {}).await? {
            Some(refusal) => refusal,
            None => {
                wire.say(&answer, during).await?;
                wire.finish(tag, during, |_| {}).await?
            }
        };
        self.put_back(wire);
        Ok(ending)
    }
}

/// What kind of refusal a failed login is. Codes of RFC 5530, and what servers say without codes.
fn refused(text: &str) -> SessionError {
    let upper = text.to_ascii_uppercase();
    let owned = text.to_owned();
    let has = |words: &[&str]| words.iter().any(|w| upper.contains(w));
    if has(&[
        "[LIMIT]",
        "[OVERQUOTA]",
        "TOO MANY",
        "MAXIMUM NUMBER OF CONNECTIONS",
    ]) {
        SessionError::Limit { text: owned }
    } else if has(&[
        "[UNAVAILABLE]",
        "[INUSE]",
        "[SERVERBUG]",
        "TEMPORARY",
        "TRY AGAIN LATER",
    ]) {
        SessionError::No {
            during: "the login for now",
            text: owned,
        }
    } else {
        SessionError::Auth { text: owned }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_is_told_from_a_limit_and_from_a_bad_moment() {
        assert!(matches!(
            refused("[AUTHENTICATIONFAILED] Authentication failed."),
            SessionError::Auth { .. }
        ));
        assert!(matches!(refused("[LIMIT] x"), SessionError::Limit { .. }));
        assert!(matches!(
            refused("[UNAVAILABLE] Temporary authentication failure."),
            SessionError::No { .. }
        ));
        assert!(matches!(refused("nope"), SessionError::Auth { .. }));
    }
}
