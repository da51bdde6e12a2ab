//! How an account is, as status, doctor and `quitus oauth status` show it; from its file, and from what this process could not
//! write there; nobody is asked.

use super::account::{Account, now};
use super::error::OauthError;
use super::vault::Kept;
use crate::record::Timestamp;

/// How an account is, without any of its secrets.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Standing {
    /// As `quitus oauth login NAME` names it.
    pub name: String,
    /// Who gives its tokens.
    pub provider: String,
    /// `good`, `nobody` (nobody has logged in), `ended` (somebody must log in again), `trouble` (the provider cannot be asked, or
    /// the disk takes no tokens).
    pub state: &'static str,
    /// When somebody logged in; of an application's own token, when it was first given (RFC 3339).
    pub login: Option<String>,
    /// Until when the access token is good (RFC 3339).
    pub until: Option<String>,
    /// What the tokens are for, as the provider says.
    pub scope: String,
    /// Since when it is so (RFC 3339), and what is wrong.
    pub why: Option<(String, String)>,
    /// What to do.
    pub fix: Option<String>,
}

impl Account {
    /// How it is.
    pub fn standing(&self) -> Standing {
        let kept = self.vault.read();
        let (kept, unreadable) = match kept {
            Ok(kept) => (kept, None),
            Err(e) => (Kept::default(), Some(OauthError::from(e).to_string())),
        };
        let some = |ms: i64| (ms != 0).then(|| at(ms));
        let (state, why) = match (&kept.ended, &kept.trouble, unreadable) {
            (_, _, Some(why)) => ("trouble", Some((at(now()), why))),
            (Some(ended), _, _) => ("ended", Some((at(ended.at), ended.words()))),
            (None, Some(trouble), _) => ("trouble", Some((at(trouble.since), trouble.why.clone()))),
            (None, None, _) if kept.login == 0 && self.wants_a_person() => ("nobody", None),
            _ => ("good", None),
        };
        let (state, why) = match (state, self.vault.unwritten()) {
            ("good" | "trouble", Some((since, why))) => {
                let words = format!("tokens cannot be written, a restart loses the log-in: {why}");
                ("trouble", Some((at(since), words)))
            }
            _ => (state, why),
        };
        let fix = match (state, &kept.ended) {
            ("nobody", _) => Some(self.command()),
            ("ended", Some(ended)) => Some(self.fix(&ended.code)),
            _ => None,
        };
        Standing {
            name: self.name().to_owned(),
            provider: self.settings.provider.clone(),
            state,
            login: some(kept.login),
            until: some(kept.expires).filter(|_| kept.access.is_some()),
            scope: kept.scope.clone(),
            why,
            fix,
        }
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, provider) = (&self.name, &self.provider);
        match (self.state, &self.why) {
            ("nobody", _) => write!(f, "{name} ({provider}): nobody has logged in yet"),
            ("ended", Some((at, why))) => write!(f, "{name} ({provider}): ENDED {at}: {why}"),
            (_, Some((since, why))) => write!(f, "{name} ({provider}): since {since} {why}"),
            _ => {
                let since = self.login.as_deref().unwrap_or("the next log-in");
                write!(f, "{name} ({provider}): good since {since}")
            }
        }
    }
}

/// A moment as people read it.
fn at(ms: i64) -> String {
    Timestamp::from_millis(ms).to_string()
}
