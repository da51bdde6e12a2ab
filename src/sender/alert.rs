//! Two of the ways without a person: what the daemon says about itself, to a program or as a signed message.

use super::answer::{Hidden, Verdict};
use super::command::Program;
use super::told::{Trouble, TroubleKind};
use super::webhook::Webhook;
use crate::config::SecretSource;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// How long one telling may take.
const TIME: Duration = Duration::from_secs(30);

/// Somebody who is told when the daemon is ill.
pub struct AlertWay(Way);

enum Way {
    Command(Program),
    Webhook(Box<Webhook>),
}

impl AlertWay {
    /// A program and its arguments; no shell.
    pub fn command(words: Vec<String>) -> Self {
        Self(Way::Command(Program::new(words, TIME)))
    }

    /// A place that takes signed messages (Standard Webhooks); opens no connection and reads no secret.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn webhook(
        url: &str,
        secret: SecretSource,
        ca_file: Option<&Path>,
    ) -> Result<Self, (String, &'static str)> {
        let webhook = Webhook::to(url, secret, ca_file, TIME)?;
        Ok(Self(Way::Webhook(Box::new(webhook))))
    }

    /// Tells it: a program reads the text from its standard input, a webhook gets the data as a message of the type `word`.
    /// `id` is the same for the same alert, so that a receiver can drop what it has heard.
    ///
    /// # Errors
    /// Why it was not heard; then it may be told again.
    pub async fn tell(
        &self,
        word: &str,
        id: &str,
        text: &str,
        data: &Value,
    ) -> Result<(), Trouble> {
        match &self.0 {
            Way::Command(program) => program.hear(text.to_owned()).await,
            Way::Webhook(webhook) => {
                match webhook
                    .post(&[word, "\n", id], word, data, Hidden::default())
                    .await?
                {
                    Verdict::Done(_) => Ok(()),
                    Verdict::Refused(words) => Err(Trouble::new(TroubleKind::Answer, words)),
                    Verdict::Unknown => Err(Trouble::new(
                        TroubleKind::Answer,
                        "the webhook does not know it",
                    )),
                }
            }
        }
    }
}
