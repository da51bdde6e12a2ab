//! The reasons for which something waits for a human, in the order of their urgency.

use serde::Serialize;

/// Why something waits; the most urgent first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(into = "&'static str")]
pub enum Why {
    /// The store is damaged: nothing is sent.
    Damage,
    /// Another installation answers the same mailbox: nothing is sent.
    ForeignInstance,
    /// The disk of the store is full: nothing is fetched or sent.
    DiskFull,
    /// A part of the daemon has fallen: what it does is not done.
    Part,
    /// A request is past its legal end.
    Overdue,
    /// A mail went out after a STOP.
    Incident,
    /// More STOPs than usual came, perhaps forged ones.
    Flood,
    /// Nobody knows what became of a letter.
    UncertainLetter,
    /// The same of a reviewer's digest.
    UncertainDigest,
    /// A message could not be read.
    DeadMessage,
    /// A mailbox cannot be read.
    Mailbox,
    /// The SMTP server takes nothing.
    Smtp,
    /// The canary's mail was not answered: the way is not open from end to end.
    Canary,
    /// A log-in by token has ended, or nobody has logged in yet.
    Oauth,
    /// Whoever asks the guard gets no answer: mail waits, or goes out unasked where it is set up wrongly.
    Guard,
    /// A tool that sends has not obeyed within an hour.
    Sender,
    /// The log of a mail server cannot be read: a mail after a STOP in it is not seen.
    SentLog,
    /// What somebody saved is wrong.
    Edits,
    /// Messages cannot be filed.
    Filing,
    /// The legal end of a request is near.
    DueSoon,
    /// The clock leapt ahead, or nobody was here for long: what is over was not erased yet.
    Clock,
    /// A letter was refused for good.
    RejectedLetter,
    /// A letter came back.
    BouncedLetter,
    /// Something must be done by hand in a tool that sends.
    SenderStuck,
    /// A recipient of data could not be told, or has not acknowledged in time.
    Recipient,
    /// A letter waits to be approved.
    Draft,
    /// Who asks is not proved, and no code is on its way.
    Identity,
    /// A request that no letter answers.
    ByHand,
    /// Something was proposed, and nobody has decided.
    Proposed,
    /// A human must look at the case.
    HeldCase,
    /// A human must look at a message that belongs to no case.
    HeldMessage,
    /// Persons who are paused until somebody decides.
    Paused,
}

impl Why {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 32] = [
        Self::Damage,
        Self::ForeignInstance,
        Self::DiskFull,
        Self::Part,
        Self::Overdue,
        Self::Incident,
        Self::Flood,
        Self::UncertainLetter,
        Self::UncertainDigest,
        Self::DeadMessage,
        Self::Mailbox,
        Self::Smtp,
        Self::Canary,
        Self::Oauth,
        Self::Guard,
        Self::Sender,
        Self::SentLog,
        Self::Edits,
        Self::Filing,
        Self::DueSoon,
        Self::Clock,
        Self::RejectedLetter,
        Self::BouncedLetter,
        Self::SenderStuck,
        Self::Recipient,
        Self::Draft,
        Self::Identity,
        Self::ByHand,
        Self::Proposed,
        Self::HeldCase,
        Self::HeldMessage,
        Self::Paused,
    ];

    /// Whether the house is ill by it, or the law hurt: exit code 1.
    pub fn is_urgent(self) -> bool {
        self < Self::DueSoon
    }

    /// As programs and templates read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Damage => "damage",
            Self::ForeignInstance => "foreign_instance",
            Self::DiskFull => "disk_full",
            Self::Part => "part",
            Self::Overdue => "overdue",
            Self::Incident => "incident",
            Self::Flood => "flood",
            Self::UncertainLetter => "uncertain_letter",
            Self::UncertainDigest => "uncertain_digest",
            Self::DeadMessage => "dead_message",
            Self::Mailbox => "mailbox",
            Self::Smtp => "smtp",
            Self::Canary => "canary",
            Self::Oauth => "oauth",
            Self::Guard => "guard",
            Self::Sender => "sender",
            Self::SentLog => "sent_log",
            Self::Edits => "edits",
            Self::Filing => "filing",
            Self::DueSoon => "due_soon",
            Self::Clock => "clock",
            Self::RejectedLetter => "rejected_letter",
            Self::BouncedLetter => "bounced_letter",
            Self::SenderStuck => "sender_by_hand",
            Self::Recipient => "recipient",
            Self::Draft => "draft",
            Self::Identity => "identity",
            Self::ByHand => "by_hand",
            Self::Proposed => "proposed",
            Self::HeldCase => "held_case",
            Self::HeldMessage => "held_message",
            Self::Paused => "paused",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Damage => "the store is damaged, nothing is sent",
            Self::ForeignInstance => {
                "another installation answers this mailbox, nothing is sent: stop one of them"
            }
            Self::DiskFull => "the disk of the store is full, nothing is fetched or sent",
            Self::Part => "a part of the daemon has fallen, its work is not done",
            Self::Overdue => "OVERDUE",
            Self::Incident => "INCIDENT: mail went out after a STOP",
            Self::Flood => "a flood of STOPs: all are honoured; forged ones can be lifted together",
            Self::UncertainLetter => "nobody knows what became of a letter",
            Self::UncertainDigest => "a reviewer's digest may not have arrived",
            Self::DeadMessage => "a message could not be read",
            Self::Mailbox => "a mailbox cannot be read",
            Self::Smtp => "letters wait for the SMTP server",
            Self::Canary => "the canary was not answered: perhaps nobody is",
            Self::Oauth => "somebody must log in again: no token is given for this mailbox",
            Self::Guard => {
                "a listener of the guard is down: nobody is told who must not be written to"
            }
            Self::Sender => "a tool that sends has not obeyed for more than an hour",
            Self::SentLog => {
                "the log of a mail server cannot be read: mail after a STOP in it is not seen"
            }
            Self::Edits => "what was saved is wrong, the last good set stays in force",
            Self::Filing => "messages cannot be filed",
            Self::DueSoon => "due soon",
            Self::Clock => "the clock leapt ahead: nothing was erased that retention lets go",
            Self::RejectedLetter => "a letter was refused",
            Self::BouncedLetter => "a letter came back",
            Self::SenderStuck => "must be done by hand in a tool that sends",
            Self::Recipient => "a recipient of data was not told, or has not acknowledged in time",
            Self::Draft => "a letter to approve",
            Self::Identity => "who asks is not proved",
            Self::ByHand => "to be answered by hand",
            Self::Proposed => "something is proposed",
            Self::HeldCase => "held",
            Self::HeldMessage => "a message without a case is held",
            Self::Paused => "persons are paused until somebody decides",
        }
    }
}

impl From<Why> for &'static str {
    fn from(why: Why) -> Self {
        why.word()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_in_the_built_in_digests_and_in_the_guide() {
        let digests = [
            include_str!("../../../templates/fr/digest/body.txt"),
            include_str!("../../../templates/en/digest/body.txt"),
        ];
        let guide = include_str!("../../../templates/README.md");
        for why in Why::ALL {
            let asked = format!("why == \"{}\"", why.word());
            assert!(digests.iter().all(|d| d.contains(&asked)), "{asked}");
            assert!(guide.contains(&format!("`{}`", why.word())), "{asked}");
        }
        assert!(Why::ALL.is_sorted(), "the most urgent first");
    }
}
