//! A recipient's own place that takes signed messages (Art. 19): like a webhook that must obey, but its answer may say "done".

use super::answer::{Hidden, Verdict};
use super::settings::WebhookSettings;
use super::told::Trouble;
use super::webhook::Webhook;
use crate::config::SecretSource;
use crate::http::Http;
use crate::http::Target;
use std::path::Path;
use std::time::Duration;

/// How long one message may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The webhook of a recipient.
pub struct RecipientHook(Webhook);

/// What it said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HookSaid {
    /// It took the message, and says that it is done.
    Done,
    /// It took the message.
    Took,
    /// It will never take it as it is, in these words.
    Refused(String),
}

impl RecipientHook {
    /// Prepares it; reads no secret and opens no connection.
    ///
    /// # Errors
    /// What is wrong with the settings, and what to do.
    pub fn new(
        webhook: &WebhookSettings,
        secret: SecretSource,
        ca_file: Option<&Path>,
    ) -> Result<Self, (String, &'static str)> {
        let target = Target::parse(&webhook.url).map_err(|(what, fix)| (what.to_owned(), fix))?;
        let http = Http::new(target, ca_file, TIMEOUT)?;
        Ok(Self(Webhook::of(http, secret)))
    }

    /// Hands a message over, under an id by which the receiver knows a repetition. `hidden` never stands in words.
    ///
    /// # Errors
    /// Trouble after which it is tried again.
    pub async fn tell(
        &self,
        id: &str,
        message: String,
        hidden: &[String],
    ) -> Result<HookSaid, Trouble> {
        let mut kept_out = Hidden::default();
        kept_out.add(hidden.iter().map(String::as_str));
        let (verdict, answer) = self.0.hand_over(id, message, kept_out).await?;
        Ok(match verdict {
            Verdict::Refused(words) => HookSaid::Refused(words),
            Verdict::Unknown => HookSaid::Refused("there is no such place".to_owned()),
            Verdict::Done(_) if says_done(&answer) => HookSaid::Done,
            Verdict::Done(_) => HookSaid::Took,
        })
    }
}

impl std::fmt::Debug for RecipientHook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecipientHook")
    }
}

/// `{"status": "done"}`, and nothing that only looks like it.
fn says_done(answer: &[u8]) -> bool {
    let read: Option<serde_json::Value> = serde_json::from_slice(answer).ok();
    read.is_some_and(|answer| answer["status"] == "done")
}

#[cfg(test)]
mod tests {
    use super::says_done;

    #[test]
    fn only_a_plain_done_is_one() {
        assert!(says_done(br#"{"status": "done", "id": 7}"#));
        for other in [
            &b""[..],
            b"done",
            b"\"done\"",
            br#"{"status":"queued"}"#,
            b"[1]",
        ] {
            assert!(!says_done(other));
        }
    }
}
