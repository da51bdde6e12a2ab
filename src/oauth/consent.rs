//! A person agrees in a browser: the link with PKCE (RFC 7636) and state, and what comes back from it.
//!
//! The code that comes back is worth nothing without the verifier, which never leaves this process, so it may be copied from
//! one machine to another by hand. A code with another state than ours answers a question that we did not ask.

use super::account::Account;
use super::error::{OauthError, clean};
use super::exchange::{self, Nothing, decoded, encoded, word};
use super::vault::random;
use crate::config::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// One question to a person.
pub struct Consent {
    account: Account,
    verifier: Secret,
    state: String,
    redirect: String,
    /// What the person opens in a browser, on whatever machine.
    pub link: String,
}

/// What came back that is no code.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoCode {
    /// It answers another question.
    #[error(
        "this is the answer to another link (its state is not ours): use the link that stands here"
    )]
    Elsewhere,
    /// The person, or the provider, said no.
    #[error("the provider says no: {0}")]
    Refused(String),
    /// Neither a code nor an address with one.
    #[error(
        "there is no code in it: paste the whole address to which the browser was sent, or the code alone"
    )]
    Nothing,
}

impl Consent {
    /// Prepares the question; the browser will come back to this port of this machine.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn new(account: &Account, port: u16) -> Result<Self, OauthError> {
        let verifier = Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()?));
        let state = URL_SAFE_NO_PAD.encode(random::<18>()?);
        let way = account.settings.way();
        let redirect = format!("{}:{port}", way.redirect);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()));
        let mut words = vec![
            ("response_type", "code"),
            ("client_id", account.settings.client_id.as_str()),
            ("redirect_uri", redirect.as_str()),
            ("scope", way.scope.as_str()),
            ("state", state.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("login_hint", account.username()),
        ];
        words.extend(way.ask.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let joint = if way.authorize.contains('?') {
            '&'
        } else {
            '?'
        };
        let link = format!("{}{joint}{}", way.authorize, encoded(words.into_iter()));
        Ok(Self {
            account: account.clone(),
            verifier,
            state,
            redirect,
            link,
        })
    }

    /// The code in what came back: an address, its path and query, or the code alone, as somebody pasted it.
    ///
    /// # Errors
    /// If there is none that answers this question.
    pub fn code(&self, returned: &str) -> Result<Secret, NoCode> {
        let returned = returned.trim();
        let Some((_, query)) = returned.split_once('?') else {
            // A code alone: nobody but the person who pasted it can have put it there, and PKCE holds all the same.
            let plain = returned.len() >= 8 && returned.bytes().all(|b| (0x21..0x7f).contains(&b));
            let address = returned.contains("://") || returned.starts_with('/');
            return match plain && !address {
                true => Ok(word(returned)),
                false => Err(NoCode::Nothing),
            };
        };
        let query = query.split('#').next().unwrap_or_default();
        let value = |key: &str| {
            let pair = query
                .split('&')
                .find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == key));
            pair.map(|(_, v)| decoded(v)).filter(|v| !v.is_empty())
        };
        if value("code").is_none() && value("error").is_none() {
            return Err(NoCode::Nothing);
        }
        if value("state").as_deref() != Some(&self.state) {
            return Err(NoCode::Elsewhere);
        }
        match (value("error"), value("code")) {
            (None, Some(code)) => Ok(Secret::new(code)),
            (error, _) => {
                let words = value("error_description").unwrap_or_default();
                let said = format!("{} {words}", error.unwrap_or_default());
                Err(NoCode::Refused(clean(&said)))
            }
        }
    }

    /// Exchanges the code for tokens, and keeps them.
    ///
    /// # Errors
    /// If the provider does not take it, or gives no refresh token.
    pub async fn finish(&self, code: &Secret) -> Result<(), OauthError> {
        let settings = &self.account.settings;
        let form = vec![
            ("grant_type", word("authorization_code")),
            ("code", code.clone()),
            ("redirect_uri", word(&self.redirect)),
            ("code_verifier", self.verifier.clone()),
        ];
        let answer = exchange::ask(settings, &settings.way().token, form).await;
        let tokens = answer.and_then(|json| exchange::tokens(&json));
        keep(&self.account, tokens).await
    }
}

/// Keeps what was given, if it lasts.
pub(super) async fn keep(
    account: &Account,
    given: Result<exchange::Tokens, Nothing>,
) -> Result<(), OauthError> {
    let tokens = given.map_err(|nothing| match nothing {
        Nothing::Refused { code, why } => OauthError::Ended {
            why: format!("{code}: {why}"),
            fix: format!(
                "correct [oauth], then quitus oauth login {}",
                account.name()
            ),
        },
        other => other.into(),
    })?;
    if tokens.refresh.is_none() {
        return Err(OauthError::Ended {
            why: "the provider gave no refresh token, so it would be over within the hour".to_owned(),
            fix: "remove the application from the account's list of connected ones, or add the scope offline_access, and log in again"
                .to_owned(),
        });
    }
    account.begin(&tokens).await
}

#[cfg(test)]
mod tests {
    use super::super::settings::OauthSettings;
    use super::*;

    fn consent() -> Consent {
        let text = "provider = 'google'\nclient_id = 'x.apps'\nclient_secret = { env = 'S' }";
        let mut settings: OauthSettings = toml::from_str(text).unwrap();
        settings.belongs_to(
            "sales",
            "anna+b@acme.example",
            std::path::Path::new("/nowhere"),
        );
        Consent::new(&Account::of(&settings), 4711).unwrap()
    }

    #[test]
    fn the_link_asks_for_everything_that_is_needed_and_never_the_same_twice() {
        let (one, two) = (consent(), consent());
        for part in [
            "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=x.apps",
            "redirect_uri=http%3A%2F%2F127.0.0.1%3A4711",
            "code_challenge_method=S256",
            "access_type=offline",
            "login_hint=anna%2Bb%40acme.example",
        ] {
            assert!(one.link.contains(part), "{part}: {}", one.link);
        }
        assert!(!one.link.contains(one.verifier.expose()));
        assert_ne!(
            (one.state.as_str(), one.verifier.expose()),
            (two.state.as_str(), two.verifier.expose())
        );
        assert!(
            (43..=128).contains(&one.verifier.expose().len()),
            "RFC 7636 4.1"
        );
    }

    #[test]
    fn a_code_is_taken_from_what_was_pasted_if_it_answers_our_question() {
        let consent = consent();
        let code = |text: String| consent.code(&text).map(|c| c.expose().to_owned());
        let state = &consent.state;
        let whole = format!("http://127.0.0.1:4711/?state={state}&code=4%2F0Ab_c&scope=x\n");
        assert_eq!(code(whole).as_deref(), Ok("4/0Ab_c"));
        assert_eq!(
            code(format!("/?code=1234&state={state}#x")).as_deref(),
            Ok("1234")
        );
        assert_eq!(code(" 4/0AbCdEfGh ".into()).as_deref(), Ok("4/0AbCdEfGh"));
        assert_eq!(
            code("/?code=1234&state=theirs".into()),
            Err(NoCode::Elsewhere)
        );
        assert_eq!(code("/?code=1234".into()), Err(NoCode::Elsewhere));
        for nothing in [
            "",
            "two words",
            "/favicon.ico",
            "http://127.0.0.1:4711/",
            "/?x=1",
        ] {
            assert_eq!(code(nothing.into()), Err(NoCode::Nothing), "{nothing}");
        }
        let refused =
            format!("/?error=access_denied&error_description=by+anna%40acme.example&state={state}");
        assert_eq!(
            code(refused),
            Err(NoCode::Refused("access_denied by …".into()))
        );
    }
}
