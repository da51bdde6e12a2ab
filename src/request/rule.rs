//! The rules by which a message ends or a letter is held, with a sentence for each, as the processing log shows them.
//!
//! A, B and C are answering.md's; `D` is the life of a case (design.md), `I` what the reader of intents says, `P` a setting.
//! The gate's own rules (A0 to A6, A11) come with its verdict and are explained here too, so that one table explains the log.

use crate::record::RuleId;

/// The rules that this room applies itself.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal: $text:literal),+ $(,)?) => {
        $(#[doc = $text] $(#[$doc])* pub const $name: RuleId = RuleId::of($id);)+

        const OWN: &[(&str, &str)] = &[$(($id, $text)),+];
    };
}

rules! {
    REPORT = "A2": "A bounce or a report about a mail; or mail to this address came back within the last 60 days.",
    REPEATED = "A5.repeated": "The same words from the same sender within a minute of our letter: perhaps a robot.",
    JUNK = "A5.junk": "It lay in the Junk folder.",
    AUTOMATIC = "A3": "An automatic message; read for a note only.",
    CAP = "A7": "Over a cap of automatic letters.",
    UNSURE_LETTER = "A8": "No template in this language, words outside the fresh text, or not sure enough.",
    BY_HAND = "A9": "A colleague has already answered by hand: is that answer complete?",
    NOT_A_PROSPECT = "A10": "Not a plain prospect.",
    FREEMAIL = "A10.freemail": "A private address, which the letter would call professional.",
    COUNTRY = "A10.country": "The firm's country is unknown, or its rules allow no automatic source letter.",
    TOKEN = "B1": "Mail to our unsubscribe address: it needs no words.",
    STRANGER = "B3": "The sender is not known: honoured, and a human looks for the person.",
    OTHERS = "B4": "Other people or addresses were named; they are proposed, never done.",
    WHOLE_FIRM = "B5": "Somebody spoke for the whole firm.",
    COLLEAGUE = "B6": "One of us wrote or forwarded it.",
    IDENTITY = "B8": "Who asks is not proved well enough for personal data.",
    CODE = "B8.code": "The reply carried the code that went to the address on file: the person is who they say.",
    PROVED = "B8.by_hand": "A human has seen to it that the person is who they say.",
    NOT_THE_PERSON = "B9": "The sender is not the person concerned.",
    DEPARTED = "B10": "A death, an illness, or somebody who has left: never an automatic letter.",
    DUPLICATE = "C2": "The same message again.",
    REREAD = "C7": "Read again after the folder was renumbered, and older than what was decided.",
    ENTERED = "D.entered": "A human entered it: a call, a letter, a message elsewhere.",
    EXTENDED = "D.extended": "A human extended it: the person is told within the first month, with the reason.",
    LEFT_TO_ERASE = "D.access_first": "Access was asked too: it is answered before anything is erased.",
    REMINDER = "D.reminder": "The same request again in an open case: no new clock, no letter.",
    THANKS = "D.thanks": "Nothing new in an open case.",
    AGAIN = "D.again": "The person asks after a suppression: was there mail after it?",
    CONTRADICTION = "D.contradiction": "It contradicts the open case, or asks something else in it.",
    NOTHING_ASKED = "I.none": "Nothing is asked.",
    UNSURE = "I.unsure": "Something may be asked, but what is not clear.",
    ALWAYS_HUMAN = "I.kind": "This kind of request is always decided by a human.",
    MODE = "P.mode": "The mode lets no letter leave by itself.",
    REVIEW = "P.review": "Letters of this kind are reviewed.",
    AGE = "P.age": "Older than the activation: obeyed, never answered by itself.",
    STOP_ANSWER = "P.stop_answer": "The setting stop.answer says that no letter follows.",
    NOT_INTERESTED = "P.not_interested": "A no without the wish to be left alone: the setting not_interested applies.",
    SOURCE_VAGUE = "P.source": "The register does not prove origin, date and provider of every datum.",
    SYSTEMS = "P.systems": "Not every system that holds data has delivered.",
    APPROVED = "P.approved": "A reviewer let the letter leave.",
    ANSWERED = "P.by_hand": "A human answered the person in their own words.",
    REFUSED = "P.refused": "A reviewer decided that no letter leaves.",
    SENDERS = "S1": "The letter leaves when the tools that send have obeyed, or says that a mail may still come.",
    UNCONFIRMED = "S2": "The tools that send have not confirmed in time, and the setting holds the letter.",
    MAIL_AFTER_STOP = "T1": "A mail went to somebody who must not be written to: an apology waits for a human.",
    ACKNOWLEDGED = "R1": "A recipient of data answered what it was told (Art. 19): it is acknowledged.",
    RECIPIENT_UNSURE = "R1.held": "It answers a mail to a recipient of data, but from another address, with a question, or perhaps from a robot: a human looks.",
    RECIPIENT_ROBOT = "R1.auto": "It answers a mail to a recipient of data, but a machine wrote it: nothing is acknowledged.",
    RECIPIENT_RETURNED = "R2": "A mail to a recipient of data came back: a human tells it another way.",
    DONE = "P.auto": "Decided by the machine, as the settings allow.",
}

/// Of every signal of the reader.
const HUMAN: &str = "The reader found something that a human must see.";

const GATES: &[(&str, &str)] = &[
    (
        "A0",
        "Unreadable, or not exactly one usable From mailbox, or a loop.",
    ),
    ("A1", "It is from ourselves."),
    (
        "A1.digest",
        "It answers a mail to one of our reviewers, or reports about one.",
    ),
    ("A4", "It came through a list."),
    ("A5", "There is doubt whether a human wrote it."),
    (
        "A5.dmarc",
        "The domain of its sender disowns it (DMARC): perhaps it is forged.",
    ),
    ("A6", "It is not addressed to us."),
    ("A11", "Warm-up traffic."),
    ("A.ok", "Nothing speaks against answering."),
];

/// The rule for a signal of the reader: `I.human.threat`.
pub fn human(reason: &str) -> RuleId {
    RuleId(format!("I.human.{reason}").into())
}

/// Every rule with its sentence, and the family `I.human`: whoever says them in another language needs all.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let families = [("I.human", HUMAN)];
    OWN.iter().chain(GATES).copied().chain(families)
}

/// What a rule says, for people who read the log. Families (`I.human.threat`, `A3.token`) are explained by their head.
pub fn explain(rule: &RuleId) -> Option<&'static str> {
    let mut id = rule.as_str();
    if id == "I.human" || id.starts_with("I.human.") {
        return Some(HUMAN);
    }
    loop {
        let found = OWN.iter().chain(GATES).find(|(known, _)| *known == id);
        if let Some((_, text)) = found {
            return Some(text);
        }
        id = &id[..id.rfind('.')?];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_log_is_explained_once() {
        let mut ids: Vec<_> = OWN.iter().chain(GATES).map(|(id, _)| *id).collect();
        assert!(ids.iter().all(|id| explain(&RuleId::of(id)).is_some()));
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
        assert!(explain(&human("threat")).is_some());
        assert!(explain(&RuleId::of("A3.token")).is_some());
        assert_eq!(explain(&RuleId::of("Z")), None);
    }
}
