//! What is asked of a reader: everything of one message that it looks at.

/// What is read of a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    /// What the person typed.
    pub fresh: &'a str,
    /// The subject, decoded.
    pub subject: &'a str,
    /// Whether the subject is that of our mail ("Re: …"), so that its words are ours.
    pub subject_is_reply: bool,
    /// The quoted original, without the person's own signature; looked at only for what it says of a short answer.
    pub elided: &'a str,
    /// Written by a machine (gate A3).
    pub automatic: bool,
    /// The sender's address: other addresses in the text are other people's. Empty if unknown.
    pub from: &'a str,
}

impl Question<'_> {
    /// Whether it answers or passes on a mail, by its subject, its header or what it quotes.
    pub fn is_answer(&self) -> bool {
        self.subject_is_reply || !self.elided.trim().is_empty()
    }
}
