//! LOGIN and AUTHENTICATE PLAIN: any password is right for an account that has none set.

use super::lock;
use super::reply::Ending;
use super::session::Session;
use base64::Engine;
use imap_codec::imap_types::response::{Code, CodeOther};
use std::io::Result;

impl Session {
    pub(super) fn log_in(&mut self, user: &str, password: &str) -> Ending {
        let mut world = lock(&self.shared.world);
        let known = world.account(user);
        let right = known.is_some_and(|a| a.password.as_deref().is_none_or(|p| p == password));
        if !right {
            let code = CodeOther::unvalidated(&b"AUTHENTICATIONFAILED"[..]);
            return Ending::no("Not so.").with(Code::Other(code));
        }
        self.user = Some(user.to_owned());
        Ending::ok("Welcome.")
    }

    /// RFC 4616: who to act for, NUL, who it is, NUL, the password.
    pub(super) async fn authenticate_plain(&mut self, initial: Option<Vec<u8>>) -> Result<Ending> {
        let answer = match initial {
            Some(answer) => answer,
            None => {
                self.wire.send(b"+ \r\n").await?;
                let line = self.wire.line().await?.unwrap_or_default();
                let decoded = base64::engine::general_purpose::STANDARD.decode(line);
                let Ok(answer) = decoded else {
                    return Ok(Ending::bad("Not base64."));
                };
                answer
            }
        };
        let parts: Vec<_> = answer
            .split(|b| *b == 0)
            .map(String::from_utf8_lossy)
            .collect();
        Ok(match parts.as_slice() {
            [_, user, password] => self.log_in(user, password),
            _ => Ending::bad("Not PLAIN."),
        })
    }
}
