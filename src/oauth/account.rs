//! One account: a token that is good now, renewed ahead of its end by one asker at a time, and never asked for in vain twice.
//!
//! The file is the truth, so a daemon and a command beside it share one account, and so do a mailbox and `[smtp]` with the same
//! settings. What the provider gave is on the disk before anybody uses it: a rotated refresh token cannot be lost by a crash
//! afterwards, and a disk that takes nothing loses it only with the process (`unwritten`). Renewing goes on when whoever waited
//! for it is gone, because the answer may hold such a token.

use super::error::OauthError;
use super::exchange::{self, Form, Nothing, Tokens, word};
use super::settings::{Grant, OauthSettings};
use super::vault::{Ended, Hindrance, Kept, Vault};
use crate::config::Secret;
use crate::record::hex;
use sha2::{Digest as _, Sha256};

/// A token is renewed when it ends within five minutes, or within the last fifth of a short life (milliseconds).
const AHEAD: i64 = 300_000;
/// A token that ends so soon is worth no log-in any more.
const LAST_MOMENT: i64 = 5_000;
/// A token that a mail server refuses is replaced at most once in an hour: more would be a loop.
const REPLACED_ONCE_IN: i64 = 3_600_000;
/// Between two questions to a provider that cannot be asked; the last one repeats (milliseconds).
const PAUSES: [i64; 5] = [10_000, 30_000, 60_000, 120_000, 300_000];

/// However long the provider asks us to wait.
const LONGEST_PAUSE: i64 = 3_600_000;

/// One account at one provider.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) settings: OauthSettings,
    pub(super) vault: Vault,
}

impl Account {
    /// The account that the settings of a mailbox or of `[smtp]` name.
    pub fn of(settings: &OauthSettings) -> Self {
        let way = settings.way();
        let owner = &settings.owner;
        let own = settings.grant == Grant::ClientCredentials;
        let mut sum = Sha256::new();
        for part in [&way.token, &settings.client_id, &owner.username, &way.scope] {
            sum.update(part.as_bytes());
            sum.update([0]);
        }
        sum.update([u8::from(own)]);
        let id = hex(&sum.finalize()[..16]);
        Self {
            vault: Vault::new(&owner.folder, id),
            settings: settings.clone(),
        }
    }

    /// As `quitus oauth login NAME` names it.
    pub fn name(&self) -> &str {
        &self.settings.owner.name
    }

    /// The login name at the mail server.
    pub fn username(&self) -> &str {
        &self.settings.owner.username
    }

    /// Whether both use the same tokens.
    pub fn is_same(&self, other: &Self) -> bool {
        self.vault.id() == other.vault.id()
    }

    /// Whether a person must agree in a browser.
    pub fn wants_a_person(&self) -> bool {
        self.settings.grant == Grant::AuthorizationCode
    }

    /// A token that is good for some minutes.
    ///
    /// # Errors
    /// If there is none to be had; see [`OauthError::needs_a_person`].
    pub async fn access(&self) -> Result<Secret, OauthError> {
        self.vault.write_again();
        match self.usable(&self.vault.read()?, None, now()) {
            Some(token) => Ok(token),
            None => self.renewed_by_itself(None).await,
        }
    }

    /// Another token instead of one that a mail server refused; none if that was done within the hour already, because then the
    /// token is not what is wrong.
    ///
    /// # Errors
    /// As [`Account::access`].
    pub async fn instead_of(&self, refused: &Secret) -> Result<Option<Secret>, OauthError> {
        let kept = self.vault.read()?;
        if let Some(token) = self.usable(&kept, Some(refused), now()) {
            return Ok(Some(token));
        }
        // A clock that was set back must not forbid it for longer.
        match (now() - kept.replaced).abs() < REPLACED_ONCE_IN {
            true => Ok(None),
            false => self
                .renewed_by_itself(Some(refused.clone()))
                .await
                .map(Some),
        }
    }

    /// Keeps what the provider gave to somebody who has just logged in.
    pub(super) async fn begin(&self, tokens: &Tokens) -> Result<(), OauthError> {
        let _turn = self.vault.turn().await?;
        let mut kept = Kept::default();
        self.take(&mut kept, tokens);
        kept.login = now();
        Ok(self.vault.write(&kept)?)
    }

    /// Asks for an application's own token now, whatever was refused before.
    ///
    /// # Errors
    /// As [`Account::access`].
    pub async fn begin_alone(&self) -> Result<(), OauthError> {
        let answer = self.ask_for(None).await;
        let tokens = answer.map_err(|nothing| match nothing {
            Nothing::Refused { code, why } => OauthError::Ended {
                fix: self.fix(&code),
                why: format!("{code}: {why}"),
            },
            other => other.into(),
        })?;
        self.begin(&tokens).await
    }

    /// Forgets the tokens here, and tells the provider where it can be told; says what it answered.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub async fn forget(&self) -> Result<Option<Result<(), String>>, OauthError> {
        let _turn = self.vault.turn().await?;
        let kept = self.vault.read()?;
        self.vault.remove()?;
        let (Some(url), Some(refresh)) = (self.settings.way().revoke, &kept.refresh) else {
            return Ok(None);
        };
        let form = vec![("token", word(refresh))];
        let told = exchange::tell(&self.settings, &url, form).await;
        let told = told.map_err(|nothing| OauthError::from(nothing).to_string());
        Ok(Some(told))
    }

    fn usable(&self, kept: &Kept, refused: Option<&Secret>, now: i64) -> Option<Secret> {
        let life = kept.expires - kept.obtained;
        let ahead = AHEAD.min(life / 5);
        self.valid(kept, refused, now + ahead)
    }

    /// The access token, if it is good at that moment.
    fn valid(&self, kept: &Kept, refused: Option<&Secret>, then: i64) -> Option<Secret> {
        let token = kept.access.as_deref()?;
        let good = kept.ended.is_none() && kept.expires > then;
        let other = refused.is_none_or(|r| r.expose() != token);
        (good && other).then(|| word(token))
    }

    /// Renews in a task of its own, which ends even if nobody waits for it any more.
    async fn renewed_by_itself(&self, refused: Option<Secret>) -> Result<Secret, OauthError> {
        let own = self.clone();
        let task = tokio::spawn(async move { own.renew(refused.as_ref()).await });
        match task.await {
            Ok(renewed) => renewed,
            Err(_) => Err(OauthError::later("the daemon is ending")),
        }
    }

    async fn renew(&self, refused: Option<&Secret>) -> Result<Secret, OauthError> {
        let _turn = self.vault.turn().await?;
        // Somebody else may have done it while we waited.
        let mut kept = self.vault.read()?;
        if let Some(token) = self.usable(&kept, refused, now()) {
            return Ok(token);
        }
        self.still_hopeful(&kept).await?;
        if self.wants_a_person() && kept.refresh.is_none() {
            return Err(OauthError::NobodyYet {
                name: self.name().to_owned(),
            });
        }
        let last = |kept: &Kept| self.valid(kept, refused, now() + LAST_MOMENT);
        if let Some(trouble) = kept.trouble.as_ref().filter(|t| t.is_waiting(now())) {
            let why = trouble.why.clone();
            return last(&kept).ok_or(OauthError::Later { why });
        }
        match self.ask_for(kept.refresh.as_deref()).await {
            Ok(tokens) => {
                self.take(&mut kept, &tokens);
                if refused.is_some() {
                    kept.replaced = now();
                }
                // On the disk before anybody uses it, if it takes it; there is no await between the answer and this.
                self.vault.keep(&kept);
                Ok(tokens.access)
            }
            Err(Nothing::Refused { code, why }) => self.end(kept, code, why).await,
            Err(Nothing::Ours(error)) => Err(error),
            Err(Nothing::Later { why, wait }) => {
                let asked = wait.and_then(|w| i64::try_from(w.as_millis()).ok());
                kept.trouble = Some(self.hindrance(kept.trouble.as_ref(), why.clone(), asked));
                self.vault.keep(&kept);
                last(&kept).ok_or(OauthError::Later { why })
            }
        }
    }

    /// An error if the provider has said no and nothing was changed since.
    async fn still_hopeful(&self, kept: &Kept) -> Result<(), OauthError> {
        match &kept.ended {
            Some(ended) if ended.print == self.print().await? => Err(self.over(ended)),
            _ => Ok(()),
        }
    }

    /// The provider says no: written down, told once, and not asked again before somebody has done something.
    async fn end(&self, mut kept: Kept, code: String, why: String) -> Result<Secret, OauthError> {
        let ended = Ended {
            at: now(),
            print: self.print().await?,
            code,
            why,
        };
        let error = self.over(&ended);
        tracing::error!(login = self.name(), "{error}");
        kept.trouble = None;
        kept.ended = Some(ended);
        self.vault.keep(&kept);
        Err(error)
    }

    fn over(&self, ended: &Ended) -> OauthError {
        OauthError::Ended {
            why: ended.words(),
            fix: self.fix(&ended.code),
        }
    }

    fn hindrance(&self, before: Option<&Hindrance>, why: String, asked: Option<i64>) -> Hindrance {
        let times = before.map_or(0, |b| b.times.saturating_add(1));
        let last = PAUSES.len() - 1;
        let pause = PAUSES[usize::try_from(times).unwrap_or(last).min(last)];
        let pause = pause.max(asked.unwrap_or(0)).min(LONGEST_PAUSE);
        tracing::warn!(
            login = self.name(),
            next_try_s = pause / 1000,
            "no token for now: {why}"
        );
        Hindrance {
            since: before.map_or_else(now, |b| b.since),
            next: now() + pause,
            times,
            why,
        }
    }

    async fn ask_for(&self, refresh: Option<&str>) -> Result<Tokens, Nothing> {
        let way = self.settings.way();
        let form: Form<'_> = match (self.settings.grant, refresh) {
            (Grant::AuthorizationCode, Some(refresh)) => vec![
                ("grant_type", word("refresh_token")),
                ("refresh_token", word(refresh)),
            ],
            _ => vec![
                ("grant_type", word("client_credentials")),
                ("scope", word(&way.scope)),
            ],
        };
        let answer = exchange::ask(&self.settings, &way.token, form).await?;
        exchange::tokens(&answer)
    }

    /// What was given, into what is known.
    fn take(&self, kept: &mut Kept, tokens: &Tokens) {
        let now = now();
        kept.access = Some(tokens.access.expose().to_owned());
        if let Some(refresh) = &tokens.refresh {
            kept.refresh = Some(refresh.expose().to_owned());
        }
        kept.obtained = now;
        kept.expires = now.saturating_add(tokens.life.saturating_mul(1000));
        if !tokens.scope.is_empty() {
            kept.scope.clone_from(&tokens.scope);
        }
        if kept.login == 0 {
            kept.login = now;
        }
        (kept.ended, kept.trouble) = (None, None);
    }

    /// Of everything that the provider is asked with; the secret among it cannot be told from it.
    async fn print(&self) -> Result<[u8; 32], OauthError> {
        let secret = exchange::client_secret(&self.settings).await?;
        let mut sum = Sha256::new();
        sum.update(self.settings.client_id.as_bytes());
        sum.update([0]);
        if let Some(secret) = &secret {
            sum.update(secret.expose().as_bytes());
        }
        Ok(sum.finalize().into())
    }

    /// What to type.
    pub(super) fn command(&self) -> String {
        format!("quitus oauth login {}", self.name())
    }

    /// What to do about a code of RFC 6749 5.2.
    pub(super) fn fix(&self, code: &str) -> String {
        let login = self.command();
        match code {
            "invalid_client" => format!(
                "the client_secret or client_id is wrong, or the secret has expired: make a new one in the provider's console and \
                 put it where the settings say it is kept (or, if nothing was wrong, {login})"
            ),
            "unauthorized_client" | "access_denied" | "invalid_scope" if !self.wants_a_person() => {
                format!(
                    "let the administrator consent to the application's permissions, then {login}"
                )
            }
            _ => login,
        }
    }
}

impl Hindrance {
    /// Whether it is not asked yet; a clock that was set back must not silence it for long.
    fn is_waiting(&self, now: i64) -> bool {
        now < self.next && self.next - now <= LONGEST_PAUSE
    }
}

impl Ended {
    pub(super) fn words(&self) -> String {
        let words = match self.why.as_str() {
            "" => self.code.clone(),
            why => format!("{}: {why}", self.code),
        };
        words.trim_end_matches('.').to_owned()
    }
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
