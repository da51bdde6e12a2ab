//! One mail to a reviewer: written, marked just before DATA, handed over, and what became of it written down.

use super::{Mailer, Reader, ids};
use crate::answer::{DigestFacts, Envelope, Line, MessageId, Submitted, compose_digest, mime};
use crate::delivery::{EnvelopeSender, Frozen, Outcome, Parcel};
use crate::record::{About, Duty, Event, Fate};
use crate::service::house::loop_value;
use crate::service::outbox;
use std::sync::atomic::{AtomicBool, Ordering};

impl Mailer {
    /// Sends it. An error means that it is tried again.
    pub(super) async fn tell(
        &self,
        reader: &Reader,
        about: Vec<About>,
        facts: &DigestFacts,
    ) -> Result<(), String> {
        let parcel = self.parcel(reader, &about, facts)?;
        let reviewer = reader.key;
        let marked = AtomicBool::new(false);
        let before_data = || async {
            let about = about.clone();
            let mark = Event::Duty(Duty::Telling { reviewer, about });
            let durable = self.write(vec![mark]).await.is_ok();
            marked.store(durable, Ordering::Relaxed);
            crate::faults::reached("digest: before DATA");
            durable
        };
        let outcome = self.courier.deliver(&parcel, &before_data).await;
        crate::faults::reached("digest: after the final dot");
        let (fate, why) = match outcome {
            Outcome::Sent { .. } => (Fate::Sent, None),
            Outcome::Deferred { phase, reply, .. } => {
                (Fate::NotSent, Some(format!("{phase}: {reply}")))
            }
            Outcome::Rejected { phase, reply } => {
                (Fate::Refused, Some(format!("{phase}: {reply}")))
            }
            Outcome::Uncertain { why, .. } => (Fate::Uncertain, Some(why)),
            Outcome::Withdrawn => return Err("it could not be written down".into()),
        };
        if marked.load(Ordering::Relaxed) || fate == Fate::Refused {
            let told = Event::Duty(Duty::Told {
                reviewer,
                about,
                fate,
            });
            outbox::write(&self.office, vec![told]).await;
        }
        let to = reader.reviewer.address.masked();
        match (fate, why) {
            (Fate::NotSent, why) => return Err(why.unwrap_or_default()),
            (_, Some(why)) => {
                tracing::error!(%to, %why, ?fate, "a mail to a reviewer has perhaps not arrived, and is not sent again");
            }
            (_, None) => tracing::info!(%to, urgent = facts.urgent, "a reviewer was told"),
        }
        Ok(())
    }

    fn parcel(
        &self,
        reader: &Reader,
        about: &[About],
        facts: &DigestFacts,
    ) -> Result<Parcel, String> {
        let house = self.office.house.load();
        let letter = compose_digest(&house.templates, facts).map_err(|e| e.to_string())?;
        let (keys, config) = (self.office.keys(), &house.config);
        let from = config.controller.privacy_email.clone();
        let now = self.office.clock.now();
        let what = format!("{about:?}");
        let parts: [&[u8]; 3] = [&reader.key.0, what.as_bytes(), facts.day.as_bytes()];
        let message_id = ids::message_id(keys, &parts, from.domain());
        let own = MessageId::parse(&message_id).ok_or("our Message-ID is malformed")?;
        let envelope = Envelope {
            from_name: Line::new(&config.controller.name),
            from: from.clone(),
            to: reader.reviewer.address.clone(),
            reply_to: None,
            message_id: own,
            in_reply_to: None,
            references: Vec::new(),
            date: now,
            submitted: Submitted::Generated,
            loop_value: loop_value(keys, &message_id),
        };
        let bytes = mime(&envelope, &letter).map_err(|e| e.to_string())?;
        // A token names a letter of a case; this is none, so its bounce is known by its Message-ID alone.
        let sender = Some(from).filter(|_| config.smtp.envelope_sender != EnvelopeSender::Null);
        Ok(Parcel {
            sender,
            recipient: reader.reviewer.address.clone(),
            blind_copy: None,
            letter: Frozen::new(bytes).map_err(|e| e.to_string())?,
        })
    }
}
