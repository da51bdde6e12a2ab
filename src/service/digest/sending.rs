//! One mail to a reviewer: written, marked just before DATA, handed over, and what became of it written down.

use super::{Mailer, Reader};
use crate::answer::{DigestFacts, compose_digest};
use crate::delivery::{Outcome, Parcel};
use crate::record::{About, Duty, Event, Fate};
use crate::service::{internal, outbox};
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
        let what = format!("{about:?}");
        let parts: [&[u8]; 3] = [&reader.key.0, what.as_bytes(), facts.day.as_bytes()];
        internal::parcel(&self.office, &reader.reviewer.address, &parts, &letter)
    }
}
