//! A mail to our own people: it belongs to no case, says that a machine wrote it, and is known again when it is answered.
//!
//! An answer to it, an absence note, its bounce are no request of anybody (A1.digest): its Message-ID proves itself, and our
//! loop header stands in it. Deliberately absent: whom it goes to and what it says.

use super::digest::ids;
use super::house::{Office, loop_value};
use crate::answer::{Envelope, Letter, Line, MessageId, Submitted, mime};
use crate::delivery::{EnvelopeSender, Frozen, Parcel};
use crate::record::Address;

/// The mail on its way; the same `parts` make the same Message-ID.
pub(super) fn parcel(
    office: &Office,
    to: &Address,
    parts: &[&[u8]],
    letter: &Letter,
) -> Result<Parcel, String> {
    let house = office.house.load();
    let (keys, config) = (office.keys(), &house.config);
    let from = config.controller.privacy_email.clone();
    let message_id = ids::message_id(keys, parts, from.domain());
    let own = MessageId::parse(&message_id).ok_or("our Message-ID is malformed")?;
    let envelope = Envelope {
        from_name: Line::new(&config.controller.name),
        from: from.clone(),
        to: to.clone(),
        reply_to: None,
        message_id: own,
        in_reply_to: None,
        references: Vec::new(),
        date: office.clock.now(),
        submitted: Submitted::Generated,
        loop_value: loop_value(keys, &message_id),
    };
    let bytes = mime(&envelope, letter).map_err(|e| e.to_string())?;
    // A token names a letter of a case; this is none, so its bounce is known by its Message-ID alone.
    let sender = Some(from).filter(|_| config.smtp.envelope_sender != EnvelopeSender::Null);
    Ok(Parcel {
        sender,
        recipient: to.clone(),
        blind_copy: None,
        letter: Frozen::new(bytes).map_err(|e| e.to_string())?,
    })
}
