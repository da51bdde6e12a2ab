//! What of a reply the learned reader is asked, and whether at all: mostly what was typed; of an answer that the quoted mail
//! explains, the explanation; of a mail without a body, its subject.

use super::agree::{FOR_AN_ANSWER, FOR_NOTHING_MUCH, INTERESTED_LABEL, KINDS, agree};
use super::alone::{beside_interest, differ, is_unsupported};
use super::asked;
use super::choice::Choice;
use super::classification::{Classification, Signal};
use super::hits;
use super::learned::{Judgement, LABELS, Learned};
use super::optout;
use super::question::Question;
use super::read::Reader;
use super::signs;
use super::subject;
use super::text::{Shape, Text, Token};
use crate::record::Stance;

/// Words of a reply in which the lexicons need no second opinion.
const PLAIN: usize = 3;
/// Fewer words say nothing of a language.
const FEW: usize = 3;
/// And so many say enough of it.
const FIRST_WORDS: usize = 50;
/// A reply of so few words beside its greeting is a pointer or a courtesy as often as anything else.
const TERSE: usize = 4;
/// The kinds, interest and its refusal. What an explanation asks or says of absences is ours, not the answer's.
const STANCES: usize = 10;
/// From this chance on an explanation says something.
const CLEAR: f32 = 0.5;
/// From this chance on an explanation asks something, although no lexicon knows its words.
const PLAINLY: f32 = 0.9;
/// Below this chance that it asks anything, an explanation that interests whoever names it offers something.
const OFFERED: f32 = 0.1;

impl Reader {
    /// The same, with a learned reader beside the lexicons.
    #[must_use]
    pub fn beside(mut self, learned: &'static Learned) -> Self {
        self.learned = Some(learned);
        self
    }

    /// The same, with the lexicons alone.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.learned = None;
        self
    }

    /// Reads a reply with both readers.
    pub fn understand(&self, question: &Question<'_>) -> Classification {
        let mut read = self.read(question);
        if self.is_mere_yes(question, &read) {
            read.stance = Some(Stance::Interested);
            read.unsure = None;
            return read;
        }
        let Some(judged) = self.judge(question, &read) else {
            self.doubt_definition(question, &mut read);
            read.unsure = read.unsure.take().or_else(|| beside_interest(&read, None));
            return read;
        };
        if question.fresh.trim().is_empty() {
            return of_the_subject(read, &judged, question);
        }
        let enough = match question.is_answer() {
            true => FOR_AN_ANSWER,
            false => FOR_NOTHING_MUCH,
        };
        let mut read = agree(read, &judged, question.fresh, enough);
        if subject::is_settled(&read) {
            read.unsure = None;
        }
        if read.unsure.is_none() && read.human.is_empty() {
            read.unsure = self.doubt_choice(question, &read, &judged);
        }
        read
    }

    /// A bare yes to a question that has nothing to do with our writing, of which the mail says nothing else: "May I send you a
    /// sample? (No more mail? Reply OUT.)" – "Yes, please."
    fn is_mere_yes(&self, question: &Question<'_>, read: &Classification) -> bool {
        let Some(learned) = self.learned else {
            return false;
        };
        let is_doubted = (read.unsure.iter()).any(|u| u.reason == subject::REASON);
        if !read.requests.is_empty() || !read.human.is_empty() || is_doubted {
            return false;
        }
        let text = Text::of(question.fresh);
        let Some(asked) = asked::other_question(question, &text, &self.lexicons) else {
            return false;
        };
        let choice = Choice::of(question, &text, &self.lexicons);
        choice.is_none_or(|c| !c.is_apart) && asks(&learned.judge(&asked).says) < OFFERED
    }

    /// Why an answer that names a choice of our mail is for a human: nobody understands what the choice means, or only the
    /// learned reader does, which was taught with answers and not with explanations.
    fn doubt_choice(
        &self,
        question: &Question<'_>,
        read: &Classification,
        judged: &Judgement,
    ) -> Option<Signal> {
        let text = Text::of(question.fresh);
        Choice::of(question, &text, &self.lexicons).filter(|c| c.is_apart)?;
        if let Some(found) = read.requests.iter().find(|f| is_unsupported(f)) {
            let plainly = asks(&judged.says) >= PLAINLY && !asked::is_yes(&text, &self.lexicons);
            return (!plainly).then(|| differ(found, None));
        }
        // A yes is one, whatever it was asked for; a no may be more than that.
        let yes = read.stance == Some(Stance::Interested) || asked::is_yes(&text, &self.lexicons);
        let clear = judged.says[..STANCES].iter().any(|chance| *chance >= CLEAR);
        (read.requests.is_empty() && !yes && !clear).then(|| Signal {
            reason: "unclear".to_owned(),
            rule: "read.strange_choice".to_owned(),
            text: question.fresh.trim().to_owned(),
        })
    }

    /// "Reply YES and you will never pay again": words for "no more" that offer something.
    fn doubt_definition(&self, question: &Question<'_>, read: &mut Classification) {
        let defined = read.requests.iter().find(|f| optout::is_defined(f));
        let (Some(learned), Some(found)) = (self.learned, defined) else {
            return;
        };
        let doubt = differ(found, None);
        let choice = Choice::of(question, &Text::of(question.fresh), &self.lexicons);
        let offers = |choice: Choice| {
            let says = explained(learned, &choice, question.fresh).says;
            says[INTERESTED_LABEL] >= CLEAR && asks(&says) < OFFERED
        };
        if choice.is_some_and(offers) {
            read.unsure = Some(doubt);
        }
    }

    /// What the learned reader thinks, beside what the lexicons say; `None` where it is not asked.
    pub fn judge(&self, question: &Question<'_>, read: &Classification) -> Option<Judgement> {
        let learned = self.learned?;
        let text = Text::of(question.fresh);
        if question.fresh.trim().is_empty() {
            let typed = !question.subject_is_reply && !question.subject.trim().is_empty();
            let silent = read.requests.is_empty() && !question.automatic;
            return (typed && silent).then(|| self.judge_text(learned, question.subject));
        }
        let sure = matches!(&read.requests[..], [only] if only.confidence >= 0.9);
        let plain = sure && read.human.is_empty() && text.tokens.len() <= PLAIN;
        let answered = read.requests.iter().any(asked::is_answered)
            || (read.unsure.iter()).any(|u| u.reason == asked::UNCLEAR);
        if read.is_bare_stance || plain || answered {
            return None;
        }
        match Choice::of(question, &text, &self.lexicons) {
            Some(choice) if choice.is_apart || read.stance.is_some_and(is_yes_or_no) => {
                Some(explained(learned, &choice, question.fresh))
            }
            // Its vocabulary has no signs, and dashes or a number that nobody explains say nothing by themselves.
            _ if text.tokens.is_empty() || signs::only(&text) || text.is_numbers() => None,
            _ => Some(self.judge_text(learned, question.fresh)),
        }
    }

    /// What it thinks of words that somebody typed, and how much there is to be known of them.
    fn judge_text(&self, learned: &Learned, typed: &str) -> Judgement {
        let text = Text::of(typed);
        let is_short = text.tokens.len() <= FIRST_WORDS && !typed.contains(signs::is_sign);
        let is_few = || hits::loud(&text, &self.lexicons).nth(TERSE).is_none();
        let mut judged = learned.judge(typed);
        judged.is_terse = is_short && is_few();
        judged.is_foreign |= self.knows_no_word(&text);
        judged
    }

    /// Whether fewer than one in five of the words of a text are in any lexicon: then nobody knows its language.
    fn knows_no_word(&self, text: &Text) -> bool {
        let words = || text.tokens.iter().filter(|t| t.shape == Shape::Word);
        let all = words().take(FIRST_WORDS).count();
        if all < FEW {
            return false;
        }
        let mut symbols = Vec::new();
        let mut is_known = |word: &Token| {
            self.guesser.knows(word)
                || self.lexicons.iter().any(|lexicon| {
                    symbols.clear();
                    lexicon.vocabulary.look_up(word, &mut symbols);
                    !symbols.is_empty()
                })
        };
        let known = words().take(FIRST_WORDS).filter(|w| is_known(w)).count();
        known * 5 < all
    }
}

fn is_yes_or_no(stance: Stance) -> bool {
    matches!(stance, Stance::Interested | Stance::NotInterested)
}

/// What it thinks of the explanation that asks something most clearly; the words that moved it are the answer itself.
///
/// An explanation is our own sentence: whether a machine wrote it, whether it is for a human and what else it offers is no
/// matter, and neither is how it stands to the business where it asks something.
fn explained(learned: &Learned, choice: &Choice, answer: &str) -> Judgement {
    let nothing = || Judgement {
        says: [0.0; LABELS.len()],
        moved_by: std::array::from_fn(|_| 0..answer.len()),
        ..Judgement::default()
    };
    let judged = choice.meanings().map(|meaning| learned.judge(meaning).says);
    let Some(most) = judged.max_by(|a, b| asks(a).total_cmp(&asks(b))) else {
        return nothing();
    };
    let kept = if asks(&most) < CLEAR {
        STANCES
    } else {
        KINDS.len()
    };
    let mut out = nothing();
    out.says[..kept].copy_from_slice(&most[..kept]);
    out
}

/// How likely anything is asked.
fn asks(says: &[f32; LABELS.len()]) -> f32 {
    says[..KINDS.len()].iter().copied().fold(0.0, f32::max)
}

/// What both say of a mail whose only words are its subject.
fn of_the_subject(
    read: Classification,
    judged: &Judgement,
    question: &Question<'_>,
) -> Classification {
    // Whoever writes only a subject does not write about something else.
    let mut read = agree(read, judged, question.subject, FOR_AN_ANSWER);
    for evidence in read.requests.iter_mut().flat_map(|f| &mut f.evidence) {
        evidence.start = None;
    }
    read
}
