//! A signed message to a place of the operator's own (Standard Webhooks, <https://www.standardwebhooks.com>, v1).
//!
//! The id is the same for the same act and person, so that a receiver can drop what it has already obeyed; it is made with
//! the secret, because a plain hash of an address can be guessed.

use super::answer::{Hidden, Verdict, judge};
use super::connector::Key;
use super::settings::SenderSettings;
use super::told::{Told, Trouble, TroubleKind};
use super::tool::hidden;
use crate::config::{Secret, SecretSource};
use crate::http::{Ask, Http, Target};
use crate::record::{NoticeAct, Whom};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use sha2::Sha256;
use std::path::Path;
use std::time::Duration;

/// Answers of a webhook are not read further.
const ANSWER: usize = 1 << 20;

/// A place that takes signed messages.
pub(super) struct Webhook {
    http: Http,
    key: Key,
}

/// A notice as webhooks and commands read it; `word` is `suppress`, `pause`, `lift` or `test`.
pub(super) fn message(word: &str, whom: &Whom) -> Value {
    envelope(word, &data(whom))
}

/// As Standard Webhooks has it.
fn envelope(word: &str, data: &Value) -> Value {
    json!({
        "type": word,
        "timestamp": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "data": data,
    })
}

fn data(whom: &Whom) -> Value {
    let addresses: Vec<&str> = whom
        .addresses
        .iter()
        .map(crate::record::Address::as_str)
        .collect();
    json!({
        "addresses": addresses,
        "domain": whom.domain,
        "phone": whom.phone,
        "profile_url": whom.profile_url,
        "crm_id": whom.crm_id,
    })
}

impl Webhook {
    pub(super) fn new(settings: &SenderSettings) -> Result<Self, (String, &'static str)> {
        let url = settings.webhook.as_ref().map_or("", |w| w.url.as_str());
        let Some(secret) = settings.secret.clone() else {
            return Err((
                "there is no secret".to_owned(),
                "add secret = { file = \"…\" }",
            ));
        };
        Self::to(url, secret, settings.ca_file.as_deref(), settings.timeout())
    }

    /// One at this URL, which signs with this secret.
    pub(super) fn to(
        url: &str,
        secret: SecretSource,
        ca_file: Option<&Path>,
        time: Duration,
    ) -> Result<Self, (String, &'static str)> {
        let target = Target::parse(url).map_err(|(what, fix)| (what.to_owned(), fix))?;
        Ok(Self {
            http: Http::new(target, ca_file, time)?,
            key: Key::new(secret),
        })
    }

    pub(super) fn of(http: Http, secret: SecretSource) -> Self {
        let key = Key::new(secret);
        Self { http, key }
    }

    pub(super) async fn tell(&self, notice: &str, act: NoticeAct, whom: &Whom) -> Told {
        match self.send(act.word(), notice, whom).await {
            Ok(Verdict::Done(_)) => Told::Obeyed {
                words: "the webhook took it".to_owned(),
            },
            Ok(Verdict::Unknown) => Told::Unknown {
                words: "the webhook does not know them".to_owned(),
            },
            Ok(Verdict::Refused(words)) => Told::Refused { words },
            Err(trouble) => Told::Later(trouble),
        }
    }

    pub(super) async fn test(&self) -> Result<String, Trouble> {
        match self.send("test", "", &Whom::default()).await? {
            Verdict::Done(_) => Ok("the webhook took a message of type \"test\"".to_owned()),
            Verdict::Refused(words) => Err(Trouble::new(TroubleKind::Answer, words)),
            Verdict::Unknown => Err(Trouble::new(
                TroubleKind::Answer,
                "the webhook does not know nobody",
            )),
        }
    }

    async fn send(&self, word: &str, notice: &str, whom: &Whom) -> Result<Verdict, Trouble> {
        let data = data(whom);
        let whose = [word, "\n", notice, "\n", &data.to_string()];
        self.post(&whose, word, &data, hidden(whom)).await
    }

    /// Posts a message of this type; `whose` is what its id is made of.
    pub(super) async fn post(
        &self,
        whose: &[&str],
        word: &str,
        data: &Value,
        mut hidden: Hidden,
    ) -> Result<Verdict, Trouble> {
        let secret = self.key.read().await?;
        hidden.add([secret.expose()]);
        let key = signing_key(&secret)?;
        let body = envelope(word, data).to_string();
        let whose = mac(&key, whose);
        let id = format!("msg_{}", URL_SAFE_NO_PAD.encode(&whose[..18]));
        Ok(self.deliver(&key, &id, body, &hidden).await?.0)
    }

    /// A message of the caller's own, under its id: what it means, and what was answered.
    pub(super) async fn hand_over(
        &self,
        id: &str,
        body: String,
        mut hidden: Hidden,
    ) -> Result<(Verdict, Vec<u8>), Trouble> {
        let secret = self.key.read().await?;
        hidden.add([secret.expose()]);
        self.deliver(&signing_key(&secret)?, id, body, &hidden)
            .await
    }

    async fn deliver(
        &self,
        key: &[u8],
        id: &str,
        body: String,
        hidden: &Hidden,
    ) -> Result<(Verdict, Vec<u8>), Trouble> {
        let Target { path, query, .. } = self.http.target();
        let mark = if query.is_empty() { "" } else { "?" };
        let ask = Ask {
            method: "POST",
            target: format!("{path}{mark}{query}"),
            headers: signed(key, id, &body)?,
            body: Some(body),
            at_most: ANSWER,
        };
        let answer = self.http.ask(&ask).await.map_err(|trouble| Trouble {
            words: format!("the webhook: {}", trouble.words),
            ..trouble
        })?;
        let said = answer.body.to_vec();
        // What a receiver answers beside its status is its own business; a page for people is not one.
        let plain = crate::http::Answer {
            body: if answer.html || !(200..300).contains(&answer.status) {
                answer.body
            } else {
                Default::default()
            },
            ..answer
        };
        Ok((judge(&plain, [&[], &[]], "the webhook", hidden)?, said))
    }
}

/// The headers of Standard Webhooks.
fn signed(key: &[u8], id: &str, body: &str) -> Result<Vec<(HeaderName, HeaderValue)>, Trouble> {
    let seconds = jiff::Timestamp::now().as_second().to_string();
    let code = STANDARD.encode(mac(key, &[id, ".", &seconds, ".", body]));
    let wrong = |_| Trouble::new(TroubleKind::Local, "the signature cannot be sent");
    let header = |(name, text): (&'static str, &str)| {
        let value = HeaderValue::from_str(text).map_err(wrong)?;
        Ok((HeaderName::from_static(name), value))
    };
    [
        ("webhook-id", id),
        ("webhook-timestamp", &seconds),
        ("webhook-signature", &format!("v1,{code}")),
    ]
    .into_iter()
    .map(header)
    .collect()
}

/// The bytes of `whsec_…`.
fn signing_key(secret: &Secret) -> Result<Vec<u8>, Trouble> {
    let text = secret.expose().trim();
    let coded = text.strip_prefix("whsec_").unwrap_or(text);
    let wrong = |_| {
        Trouble::new(
            TroubleKind::Secret,
            "the webhook's secret is not whsec_ and base64",
        )
    };
    STANDARD.decode(coded).map_err(wrong)
}

fn mac(key: &[u8], parts: &[&str]) -> [u8; 32] {
    // HMAC takes keys of every length, so the error cannot occur; then an empty signature is refused by every receiver.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    for part in parts {
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}
