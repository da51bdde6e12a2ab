//! A second look at a message whose typed text says nothing: a greeting, a closing, a name.
//!
//! Nobody answers to say that. What asks may stand where nothing decides: in what was taken for the signature, for a disclaimer
//! or for a quotation, or in the subject of an answer. Words of a request there that a person would say of themselves bring the
//! message to a human; they make no request. Deliberately absent: an empty answer, which is held anyhow (`weighing.rs`).

use super::classification::{Classification, Evidence, Signal};
use super::fold::fold;
use super::hits;
use super::question::Question;
use super::read::Reader;
use super::subject;
use super::text::Text;
use crate::mail::{Elided, ElidedKind, InboundMessage, earlier};
use crate::record::{RequestKind, subject_mark};

/// Nobody's mail is set apart in more pieces, and each is read by itself.
const MOST_PIECES: usize = 32;
/// What a lexicon is less sure of is in many a signature.
const SURE: f32 = 0.9;

/// Words by which people speak of themselves, folded; none that is an "in", "the" or "with" of another language.
const FIRST_PERSON: &str = "\
    me my mine us our moi mon mes nous notre nos mich mir mein meine meinen meinem meiner uns unser unsere mi mis \
    nuestro nuestros mio mia miei mie nostro nostri mij mijn ons onze meu meus minha minhas nosso nossos mnie moj \
    moje moich mig mitt mina oss meg minut minua minulle tietoni meidat mne muj moja mojich mele mea engem adataim \
    adataimat cimem cimemet με μου μας mene nam ме ми мен моите ни";
/// How an order ends by which Spanish and Italian mean the speaker: "bórrenme", "toglietemi".
const ENCLITICS: [&str; 2] = ["me", "mi"];

/// Why a human must look at a message that would be passed over, if anything says so.
pub(super) fn look(
    reader: &Reader,
    message: &InboundMessage,
    question: &Question<'_>,
    read: &Classification,
) -> Option<Signal> {
    let speaks = !read.requests.is_empty() || read.stance.is_some();
    let is_held = !read.human.is_empty() || read.unsure.is_some();
    if speaks || is_held || question.automatic {
        return None;
    }
    let text = Text::of(question.fresh);
    if !hits::is_silent(&text, question.fresh, &reader.lexicons) {
        return None;
    }
    let mut pieces = message.fresh.elided.iter().take(MOST_PIECES);
    let apart = || pieces.find_map(|piece| asked_in(reader, question, piece));
    in_the_subject(reader, message, question).or_else(apart)
}

/// The subject of an answer without the mark of one may be the person's: mail programs add a mark. That of the quoted head is ours.
fn in_the_subject(
    reader: &Reader,
    message: &InboundMessage,
    question: &Question<'_>,
) -> Option<Signal> {
    let subject = message.subject.trim();
    let mut elided = message.fresh.elided.iter();
    let is_ours = subject.is_empty()
        || message.in_reply_to.is_empty()
        || subject_mark(subject).is_some()
        || elided.any(|e| e.text.contains(subject));
    if is_ours {
        return None;
    }
    let typed = reader.read(&Question {
        subject_is_reply: false,
        ..*question
    });
    let mut evidence = typed.requests.iter().flat_map(|f| &f.evidence);
    let found = evidence.find(|e| e.start.is_none())?;
    Some(signal(subject::REASON, found))
}

/// What somebody asks for themselves in a piece that was set apart.
fn asked_in(reader: &Reader, question: &Question<'_>, piece: &Elided) -> Option<Signal> {
    if matches!(piece.kind, ElidedKind::Forwarded | ElidedKind::OurLine) {
        return None;
    }
    // Without the heads of a quotation: its subject is that of our own mail.
    let text = match piece.kind {
        ElidedKind::Quotation => earlier(&piece.text).join("\n\n"),
        _ => piece.text.clone(),
    };
    let read = reader.read(&Question {
        fresh: &text,
        subject_is_reply: true,
        from: question.from,
        ..Question::default()
    });
    let sure = read.requests.iter().filter(|f| f.confidence >= SURE);
    let mut said = sure.flat_map(|f| f.evidence.iter().map(move |e| (f.kind, e)));
    let found = said.find(|(kind, e)| is_theirs(piece, *kind, e))?;
    Some(signal("set_apart", found.1))
}

/// Whether the words are the person's own, and not those of a footer, of a disclaimer or of our mail.
fn is_theirs(piece: &Elided, kind: RequestKind, evidence: &Evidence) -> bool {
    match piece.kind {
        ElidedKind::Signature => !is_link(&piece.text, &evidence.text),
        ElidedKind::Disclaimer => names_the_speaker(&evidence.text),
        // Our own mail says how somebody says stop, and nothing like "where did you get my address".
        ElidedKind::Quotation => {
            names_the_speaker(&evidence.text)
                && (kind != RequestKind::Stop || is_unmarked(&piece.text))
        }
        ElidedKind::Forwarded | ElidedKind::OurLine => false,
    }
}

/// "Unsubscribe" on a line of its own, as programs that send campaigns put it below a signature; a "STOP" there is a person's.
fn is_link(signature: &str, words: &str) -> bool {
    let mut lines = signature.lines().flat_map(|l| l.split(['|', '•', '·']));
    fold(words) != "stop" && lines.any(|part| part.trim().trim_end_matches(['.', '!']) == words)
}

fn names_the_speaker(words: &str) -> bool {
    Text::of(words).tokens.iter().any(|token| {
        let folded = token.folded.as_str();
        let order = folded.len() > 5 && ENCLITICS.iter().any(|end| folded.ends_with(end));
        order || FIRST_PERSON.split(' ').any(|word| word == folded)
    })
}

/// Whether no attribution line and no head says that it is a quotation.
fn is_unmarked(quoted: &str) -> bool {
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mails = earlier(quoted);
    matches!(&mails[..], [only] if words(only.as_str()) == words(quoted))
}

fn signal(reason: &str, evidence: &Evidence) -> Signal {
    Signal {
        reason: reason.to_owned(),
        rule: evidence.rule.clone(),
        text: evidence.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::intent::{alone, understand};
    use crate::mail::{Elided, ElidedKind, Fresh, Gate, InboundMessage};
    use crate::record::{Reading, RuleId, Verdict};

    /// Why a human must look at an answer with these words, and these set apart.
    fn why(subject: &str, typed: &str, apart: &[(ElidedKind, &str)]) -> Option<String> {
        let elided = apart.iter().map(|(kind, text)| Elided {
            kind: *kind,
            text: (*text).to_owned(),
        });
        let message = InboundMessage {
            subject: subject.to_owned(),
            in_reply_to: vec!["1@firm.example".to_owned()],
            fresh: Fresh {
                text: typed.to_owned(),
                elided: elided.collect(),
            },
            ..InboundMessage::default()
        };
        let gate = Gate {
            verdict: Verdict::Answer,
            reading: Reading::Obey,
            rule: RuleId::of("A.ok"),
            sign: String::new(),
        };
        let reader = alone(&[]).unwrap();
        let (_, read) = understand(&reader, &message, gate);
        read.unsure.map(|u| u.reason)
    }

    #[test]
    fn a_request_in_what_was_set_apart_is_seen_below_a_mere_greeting() {
        use ElidedKind::{Disclaimer, Quotation, Signature};
        for (kind, text) in [
            (
                Signature,
                "Jean Dupont\nACME SA\nMerci de me retirer de votre liste.",
            ),
            (Signature, "***\nSTOP\n***"),
            (
                Disclaimer,
                "We do not take external email pitches. Remove us from your list.",
            ),
            (
                Quotation,
                "point\npoint\nMerci de me retirer de votre liste.",
            ),
            (
                Quotation,
                "De : Jean\nEnvoyé : lundi 3 mars 2025 10:12\nÀ : Ada\nObjet : x\n\nSupprimez mes données.",
            ),
        ] {
            let reason = why("Re: Offre", "Bonjour,", &[(kind, text)]);
            assert_eq!(reason.as_deref(), Some("set_apart"), "{text}");
            // Whoever says something says it where it counts.
            let said = "Bonjour, la palette est arrivée hier en bon état à Lyon.";
            assert_eq!(why("Re: Offre", said, &[(kind, text)]), None, "{text}");
        }
    }

    #[test]
    fn an_ordinary_signature_a_disclaimer_and_our_own_mail_hold_nobody() {
        use ElidedKind::{Disclaimer, Quotation, Signature};
        for (kind, text) in [
            (
                Signature,
                "Jean Dupont\nDirecteur des achats\n01 23 45 67 89",
            ),
            (Signature, "John Smith\nACME Ltd\nUnsubscribe"),
            (
                Disclaimer,
                "If you are not the intended recipient, please notify us and delete this message and all copies.",
            ),
            (
                Disclaimer,
                "Si ce message ne vous est pas destiné, merci de nous en informer et de le supprimer.",
            ),
            (Disclaimer, "To unsubscribe from this list click here."),
            (
                Quotation,
                "Le 3 mars 2025 à 10:12, Ada <us@firm.example> a écrit :\nBonjour,\nrépondez « retirez-moi de votre liste » pour ne plus recevoir nos messages.",
            ),
        ] {
            let reason = why("Re: Offre", "Cordialement,\nJean Dupont", &[(kind, text)]);
            assert_eq!(reason, None, "{text}");
        }
    }

    #[test]
    fn the_subject_of_an_answer_without_its_mark_is_looked_at() {
        let body = "Bonjour,\nvoir objet.\nCordialement\nJean";
        let asks = "Demande de suppression de mes données";
        let reason = why(asks, body, &[]);
        assert_eq!(reason.as_deref(), Some(super::subject::REASON));
        assert_eq!(why("Nos palettes en hêtre", body, &[]), None);
        let ours = format!(
            "De : Ada\nEnvoyé : lundi 3 mars 2025 10:12\nÀ : Jean\nObjet : {asks}\n\nBonjour,"
        );
        let quoted = [(ElidedKind::Quotation, ours.as_str())];
        assert_eq!(
            why(asks, body, &quoted),
            None,
            "the subject of our own mail"
        );
    }
}
