//! The canary's mail: what a person might write, in two languages, with a mark that only we can make.
//!
//! It carries none of our automatic fields, because it shall be read as a person's mail is. Its words are not the writer's
//! business: they are not a letter of the firm, and what is tested with them is whether the way is open.

use super::mime::{MessageId, MimeError, mailbox, moment, word};
use crate::record::{Address, Language, RequestKind, Timestamp};
use lettre::message::{Message, SinglePart};

/// The name of the field with the mark.
const FIELD: &str = "X-Quitus-Canary";

/// One mail of the canary.
#[derive(Clone, Debug)]
pub struct CanaryMail {
    /// The canary's account.
    pub from: Address,
    /// The watched mailbox.
    pub to: Address,
    /// What it asks.
    pub request: RequestKind,
    /// French, else English.
    pub language: Language,
    /// Its own, with which the answer's In-Reply-To begins.
    pub message_id: MessageId,
    /// The mark.
    pub mark: String,
    /// When it is written.
    pub date: Timestamp,
}

/// Subject and text.
fn words(request: RequestKind, language: Language) -> (&'static str, &'static str) {
    match (request, language) {
        (RequestKind::Access, Language::Fr) => (
            "Demande d'accès",
            "Bonjour,\n\nMerci de m'adresser une copie de toutes les données que vous détenez sur moi (article 15 du RGPD).\n",
        ),
        (RequestKind::Access, _) => (
            "Subject access request",
            "Hello,\n\nUnder Article 15 GDPR, please send me a copy of all the personal data that you hold about me.\n",
        ),
        (_, Language::Fr) => (
            "Vos messages",
            "Bonjour,\n\nMerci de ne plus m'écrire et de me retirer de votre liste.\n",
        ),
        _ => (
            "Your mails",
            "Hello,\n\nPlease remove me from your mailing list and do not write to me again.\n",
        ),
    }
}

/// Its bytes, with CRLF.
///
/// # Errors
/// If an address cannot be written to.
pub fn canary_mail(mail: &CanaryMail) -> Result<Vec<u8>, MimeError> {
    let (subject, text) = words(mail.request, mail.language);
    let message = Message::builder()
        .from(mailbox(None, &mail.from)?)
        .to(mailbox(None, &mail.to)?)
        .date(moment(mail.date))
        .message_id(Some(mail.message_id.as_str().to_owned()))
        .subject(subject)
        .raw_header(word(FIELD, &mail.mark))
        .singlepart(SinglePart::plain(text.to_owned()))
        .map_err(|e| MimeError::Build(e.to_string()))?;
    Ok(message.formatted())
}
