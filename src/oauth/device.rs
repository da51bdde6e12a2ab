//! A log-in by a short code that is typed in on another machine (RFC 8628), where a provider has that.

use super::account::Account;
use super::consent::keep;
use super::error::{OauthError, clean};
use super::exchange::{self, Nothing, word};
use crate::config::Secret;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What a person types in, and where.
pub struct DeviceCode {
    account: Account,
    device: Secret,
    /// The address to open, on whatever machine.
    pub page: String,
    /// What to type in there.
    pub code: String,
    interval: Duration,
    until: Instant,
}

impl DeviceCode {
    /// Asks for a code.
    ///
    /// # Errors
    /// If the provider has no such thing, or refuses.
    pub async fn ask(account: &Account) -> Result<Self, OauthError> {
        let way = account.settings.way();
        let Some(url) = way.device else {
            return Err(OauthError::Ended {
                why: "this provider gives no codes for devices".to_owned(),
                fix: format!("quitus oauth login {} without --device", account.name()),
            });
        };
        let form = vec![("scope", word(&way.scope))];
        let json = exchange::ask(&account.settings, &url, form).await?;
        let text = |key: &str| json.get(key).and_then(Value::as_str);
        let number = |key: &str, usual| json.get(key).and_then(Value::as_u64).unwrap_or(usual);
        let page = text("verification_uri").or(text("verification_url"));
        let (Some(device), Some(code), Some(page)) = (text("device_code"), text("user_code"), page)
        else {
            return Err(OauthError::later("the answer holds no code"));
        };
        Ok(Self {
            account: account.clone(),
            device: word(device),
            page: clean(page),
            code: clean(code),
            interval: Duration::from_secs(number("interval", 5).clamp(1, 60)),
            until: Instant::now() + Duration::from_secs(number("expires_in", 900).min(3_600)),
        })
    }

    /// Waits until the person has typed it in, and keeps the tokens.
    ///
    /// # Errors
    /// If the person says no, or the code has run out.
    pub async fn wait(mut self) -> Result<(), OauthError> {
        let token = self.account.settings.way().token;
        while Instant::now() < self.until {
            sleep(self.interval).await;
            let form = vec![
                (
                    "grant_type",
                    word("urn:ietf:params:oauth:grant-type:device_code"),
                ),
                ("device_code", self.device.clone()),
            ];
            match exchange::ask(&self.account.settings, &token, form).await {
                Err(Nothing::Refused { code, .. }) if code == "authorization_pending" => {}
                Err(Nothing::Refused { code, .. }) if code == "slow_down" => {
                    self.interval += Duration::from_secs(5);
                }
                // RFC 8628 3.5: a lost connection is tried again, more slowly.
                Err(Nothing::Later { .. }) => self.interval += Duration::from_secs(5),
                answer => {
                    return keep(&self.account, answer.and_then(|j| exchange::tokens(&j))).await;
                }
            }
        }
        Err(OauthError::later(
            "nobody has typed the code in; it has run out",
        ))
    }
}
