//! By what a log-in at the server is proved: a password, or a token that is asked for anew for each connection.

use super::outcome::{Phase, Problem, Trouble};
use super::settings::SmtpSettings;
use super::steps::problem;
use crate::config::{Secret, SecretSource};
use crate::oauth::{Account, OauthError};

/// A login, resolved. Not printed, and gone from memory when dropped.
#[derive(Clone)]
pub struct Credentials {
    username: String,
    by: By,
}

#[derive(Clone)]
enum By {
    Password(Secret),
    /// A password, by where it is kept.
    Kept(SecretSource),
    Token(Box<Account>),
}

/// What one connection is opened with: name, and password or token.
pub(super) enum Pass {
    Password(String, Secret),
    Token(String, Secret),
}

impl Credentials {
    /// Name and password as they are sent.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            by: By::Password(Secret::new(password.into())),
        }
    }

    /// What `[smtp]` says; nothing if the server wants no log-in. No password is read here but for each connection anew: one
    /// that was rotated is found without a restart, and one that cannot be read stops letters and nothing else.
    pub fn of(settings: &SmtpSettings<SecretSource>) -> Option<Self> {
        let username = settings.username.clone()?;
        let by = match (&settings.oauth, &settings.password) {
            (Some(oauth), _) => By::Token(Box::new(Account::of(oauth))),
            (None, Some(source)) => By::Kept(source.clone()),
            (None, None) => return None,
        };
        Some(Self { username, by })
    }

    /// Whether a password can be read now; no token is asked for.
    pub(super) async fn readable(&self) -> Result<(), Problem> {
        match &self.by {
            By::Kept(source) => read(source.clone()).await.map(drop),
            By::Password(_) | By::Token(_) => Ok(()),
        }
    }

    /// What a connection is opened with now.
    pub(super) async fn pass(&self) -> Result<Pass, Problem> {
        let user = self.username.clone();
        match &self.by {
            By::Password(password) => Ok(Pass::Password(user, password.clone())),
            By::Kept(source) => Ok(Pass::Password(user, read(source.clone()).await?)),
            By::Token(account) => {
                let token = account.access().await.map_err(|e| no_token(&e))?;
                Ok(Pass::Token(user, token))
            }
        }
    }

    /// Another token, once, if the server refuses this one: it may have been revoked before its end.
    pub(super) async fn instead_of(
        &self,
        pass: &Pass,
        refused: &Problem,
    ) -> Result<Option<Pass>, Problem> {
        let (By::Token(account), Pass::Token(user, token)) = (&self.by, pass) else {
            return Ok(None);
        };
        if (refused.phase, refused.trouble) != (Phase::Auth, Trouble::Login) {
            return Ok(None);
        }
        let other = account.instead_of(token).await.map_err(|e| no_token(&e))?;
        Ok(other.map(|other| Pass::Token(user.clone(), other)))
    }
}

/// Who logs in, and by what, cannot stand so.
pub(super) fn check<Password>(
    settings: &SmtpSettings<Password>,
    wrong: &mut impl FnMut(&'static str, &str, &str),
) {
    let Some(oauth) = &settings.oauth else {
        if settings.username.is_some() != settings.password.is_some() {
            wrong(
                "username",
                "a login needs both username and password",
                "add the other one, or remove this one",
            );
        }
        return;
    };
    if settings.password.is_some() || settings.auth.is_some() {
        wrong(
            "oauth",
            "a log-in by token needs no password, and no auth",
            "remove password and auth, or oauth",
        );
    }
    if settings.username.as_deref().is_none_or(str::is_empty) {
        wrong(
            "oauth",
            "a log-in by token needs a username",
            "add username = \"…\": the address whose mailbox it is",
        );
    }
    for (what, fix) in oauth.faults() {
        wrong("oauth", &what, &fix);
    }
}

/// A password, on a thread that may wait: it may be what a program prints.
async fn read(source: SecretSource) -> Result<Secret, Problem> {
    match tokio::task::spawn_blocking(move || source.read()).await {
        Ok(read) => read.map_err(|e| problem(Phase::Auth, Trouble::Login, &e)),
        Err(_) => {
            let words = "the password was not waited for";
            Err(problem(Phase::Auth, Trouble::Cut, &words))
        }
    }
}

/// Only what a person must mend counts as a refused login, which opens the breaker at once.
fn no_token(error: &OauthError) -> Problem {
    let trouble = match error.needs_a_person() {
        true => Trouble::Login,
        false => Trouble::Unreachable,
    };
    problem(Phase::Auth, trouble, error)
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}
