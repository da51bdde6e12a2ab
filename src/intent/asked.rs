//! A bare yes or no to what the quoted mail asks: "Shall I take you off the list?" – "Yes, please."
//!
//! The writer of such an answer says nothing but yes or no, so what it asks for stands in our own question, the last one that the
//! mail asks. Each lexicon knows how a mail offers to stop (`asks_to_stop`) and asks whether it may go on (`asks_to_go_on`), and
//! which answers say yes and no and nothing else (`yes`, `no`). A yes to anything else is no opt-out, whatever the footer defines.
//! Deliberately absent: a word that the mail defines, see `optout.rs`.

use super::classification::{Evidence, Found};
use super::hits::{self, Symbols};
use super::lexicon::Lexicon;
use super::pattern::Pattern;
use super::question::Question;
use super::text::Text;
use crate::mail::earlier;
use crate::record::RequestKind;
use std::ops::Range;

/// Longer answers speak for themselves.
const SHORT: usize = 7;
/// The end of the rule's name, behind the language.
const ANSWERED: &str = ".asked.answered";

/// What a yes or a no means.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// "Shall I stop?" – "Yes"; "May I go on?" – "No".
    Leaves(Found),
    /// "Shall I stop?" – "No"; "May I go on?" – "Yes".
    Stays,
}

/// What our own mail asks.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Leave,
    GoOn,
    Other,
}

/// Whether a request was found by [`answer`].
pub fn is_answered(found: &Found) -> bool {
    found.evidence.iter().any(|e| e.rule.ends_with(ANSWERED))
}

/// What a bare yes or no means, if the last question of the mail that it answers is about our writing.
pub fn answer(question: &Question<'_>, fresh: &Text, lexicons: &[Lexicon]) -> Option<Answer> {
    if question.elided.is_empty() {
        return None;
    }
    let (is_yes, lexicon) = yes_or_no(fresh, lexicons)?;
    match (asked(question, lexicons)?.1, is_yes) {
        (Asked::Leave, true) | (Asked::GoOn, false) => {}
        (Asked::Leave, false) | (Asked::GoOn, true) => return Some(Answer::Stays),
        (Asked::Other, _) => return None,
    }
    let code = lexicon.language.map_or("any", |l| l.word());
    let evidence = Evidence {
        rule: format!("{code}{ANSWERED}"),
        text: fresh
            .quote(question.fresh, 0, fresh.tokens.len() - 1)
            .to_owned(),
        start: Some(fresh.tokens[0].start),
    };
    Some(Answer::Leaves(Found {
        kind: RequestKind::Stop,
        confidence: 1.0,
        evidence: vec![evidence],
    }))
}

/// The question that a bare yes or no answers, as the mail has it; for people who ask why.
pub fn question_of(question: &Question<'_>, fresh: &Text, lexicons: &[Lexicon]) -> Option<String> {
    answer(question, fresh, lexicons)?;
    asked(question, lexicons).map(|(words, _)| words)
}

/// The question that a bare yes answers, as the mail has it, if no lexicon knows it for one about our writing.
pub fn other_question(
    question: &Question<'_>,
    fresh: &Text,
    lexicons: &[Lexicon],
) -> Option<String> {
    if question.elided.is_empty() || !is_yes(fresh, lexicons) {
        return None;
    }
    let (words, asked) = asked(question, lexicons)?;
    (asked == Asked::Other).then_some(words)
}

/// Whether an answer says yes and nothing else.
pub fn is_yes(fresh: &Text, lexicons: &[Lexicon]) -> bool {
    yes_or_no(fresh, lexicons).is_some_and(|(is_yes, _)| is_yes)
}

/// Whether the answer is a yes (or else a no) and says nothing beside it, and whose words it uses.
fn yes_or_no<'l>(fresh: &Text, lexicons: &'l [Lexicon]) -> Option<(bool, &'l Lexicon)> {
    if fresh.tokens.is_empty() || fresh.tokens.len() > SHORT {
        return None;
    }
    let all: Vec<Symbols> = lexicons.iter().map(|l| Symbols::of(fresh, l)).collect();
    let quiet = hits::quiet(fresh, &all);
    let every: Vec<usize> = (0..quiet.len()).collect();
    let loud: Vec<usize> = every.iter().copied().filter(|n| !quiet[*n]).collect();
    let says = |patterns: &[Pattern], symbols: &Symbols| {
        [&every, &loud].into_iter().any(|places| {
            let tokens = || places.iter().map(|n| symbols.at(*n));
            let whole = Some(places.len()).filter(|n| *n > 0);
            whole.is_some() && patterns.iter().any(|p| p.longest(tokens()) == whole)
        })
    };
    let mut each = lexicons.iter().zip(&all);
    each.find_map(|(lexicon, symbols)| {
        let yes = says(&lexicon.yes, symbols);
        (yes || says(&lexicon.no, symbols)).then_some((yes, lexicon))
    })
}

/// The last question of the nearest mail, and what it asks. That of a footer ("No more mail? Reply OUT") is passed over.
fn asked(question: &Question<'_>, lexicons: &[Lexicon]) -> Option<(String, Asked)> {
    let mail = earlier(question.elided).into_iter().next()?;
    let text = Text::of(&mail);
    let spoken: Vec<(&Lexicon, Symbols)> = lexicons
        .iter()
        .filter(|l| !l.asks_to_stop.is_empty())
        .map(|l| (l, Symbols::of(&text, l)))
        .collect();
    let has = |words: fn(&Lexicon) -> &[Pattern], sentence: &Range<usize>| {
        spoken.iter().any(|(lexicon, symbols)| {
            sentence.clone().any(|n| {
                let rest = || (n..sentence.end).map(|i| symbols.at(i));
                words(lexicon).iter().any(|p| p.longest(rest()).is_some())
            })
        })
    };
    let questions = sentences(&text).into_iter().rev();
    for sentence in questions.filter(|s| text.asks[text.tokens[s.start].sentence]) {
        let stops = has(|l| &l.asks_to_stop, &sentence);
        let goes_on = has(|l| &l.asks_to_go_on, &sentence);
        let asked = match (stops, goes_on) {
            // "Shall I stop, or may I go on?" has no yes.
            (true, true) => return None,
            (true, false) => Asked::Leave,
            (false, true) => Asked::GoOn,
            (false, false) if has(|l| &l.optout, &sentence) => continue,
            (false, false) => Asked::Other,
        };
        let words = text.quote(&mail, sentence.start, sentence.end - 1);
        return Some((words.to_owned(), asked));
    }
    None
}

/// The tokens of each sentence.
fn sentences(text: &Text) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (n, token) in text.tokens.iter().enumerate() {
        match out.last_mut() {
            Some(last) if text.tokens[last.start].sentence == token.sentence => last.end = n + 1,
            _ => out.push(n..n + 1),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::{Classification, builtin};
    use crate::record::Stance;

    fn read(fresh: &str, mail: &str) -> Classification {
        let question = Question {
            fresh,
            elided: mail,
            subject_is_reply: true,
            from: "me@own.example",
            ..Question::default()
        };
        builtin().unwrap().understand(&question)
    }

    fn is_done(read: &Classification) -> bool {
        read.asks(RequestKind::Stop) && read.unsure.is_none() && read.human.is_empty()
    }

    fn is_passed_over(read: &Classification) -> bool {
        read.requests.is_empty() && read.unsure.is_none() && read.human.is_empty()
    }

    #[test]
    fn a_yes_to_shall_i_stop_is_an_opt_out_and_a_no_is_none() {
        for (mail, yes, no) in [
            (
                "> Dois-je vous retirer de ma liste d'envoi ?\n> Tanguy",
                "Oui.",
                "Non.",
            ),
            (
                "> Shall I take you off my list, then?\n> Rhys",
                "Yes, do.",
                "No.",
            ),
            (
                "> Sollen wir Sie aus unserem Verteiler nehmen?",
                "Ja bitte.",
                "Nein",
            ),
            (
                "> ¿Prefiere usted que ya no le escriba?",
                "Sí, por favor.",
                "No",
            ),
            (
                "> Zal ik je van de verzendlijst halen?",
                "ja doe maar",
                "nee hoor",
            ),
            ("> Smetto di scriverle?", "Direi proprio di sì", "No"),
            ("> Ska jag sluta höra av mig?", "Ja.", "Nej då"),
            (
                "> Mám vám přestat psát?\n> Stačí ano, nebo ne.",
                "Ano.",
                "Ne.",
            ),
        ] {
            let leaves = read(yes, mail);
            assert!(is_done(&leaves), "{yes}: {leaves:?}");
            let stays = read(no, mail);
            assert!(is_passed_over(&stays), "{no}: {stays:?}");
        }
    }

    #[test]
    fn a_no_to_may_i_go_on_is_an_opt_out_and_a_yes_is_none() {
        for (mail, no, yes) in [
            ("> Puis-je continuer à vous écrire ?", "Non merci", "Oui"),
            (
                "> May I keep writing to you once a month?",
                "I'd rather not",
                "Yes, please do",
            ),
            (
                "> Autoriza que continuemos a enviar-lhe as campanhas?",
                "Não, obrigado.",
                "Sim",
            ),
            (
                "> Saanko jatkossakin lähettää sinulle uutisia?",
                "Mieluiten et.",
                "Kyllä",
            ),
        ] {
            let leaves = read(no, mail);
            assert!(is_done(&leaves), "{no}: {leaves:?}");
            let stays = read(yes, mail);
            assert!(is_passed_over(&stays), "{yes}: {stays:?}");
        }
    }

    #[test]
    fn the_last_question_counts_and_that_of_a_footer_is_none() {
        let sample = "> May I keep you on my list?\n> Shall I send you a sample?\n> No more mail? Reply OUT.";
        let read = read("Yes, please do.", sample);
        assert!(is_passed_over(&read), "{read:?}");
        let mail = "> Shall I take you off my list?\n> No more mail? Reply OUT.";
        assert!(is_done(&super::tests::read("Yes please", mail)));
    }

    #[test]
    fn a_yes_to_anything_else_is_no_opt_out() {
        for (mail, yes) in [
            (
                "> May I send you a sample?\n> No more mail? Reply OUT.",
                "Yes, please.",
            ),
            (
                "> ¿Se lo explico por videollamada?\n> Si no desea recibir más correos, responda BAJA.",
                "Sí, por favor.",
            ),
            (
                "> Dürfen wir Ihnen ein Exemplar schicken?\n> Sie möchten keine E-Mails mehr? Antworten Sie mit ABMELDEN.",
                "Ja bitte.",
            ),
        ] {
            let read = read(yes, mail);
            assert!(is_passed_over(&read), "{yes}: {read:?}");
            assert_eq!(read.stance, Some(Stance::Interested));
        }
        // A lexicon that does not know how a mail asks is no reason to pass a yes over.
        let read = read(
            "Yes, please.",
            "> Would you like to get no further messages from my side?",
        );
        assert!(!is_passed_over(&read), "{read:?}");
    }

    #[test]
    fn a_subject_that_asks_is_heard_beside_a_bare_yes() {
        let question = Question {
            fresh: "Yes",
            subject: "STOP",
            elided: "> May I keep writing to you once a month?",
            from: "me@own.example",
            ..Question::default()
        };
        let read = builtin().unwrap().understand(&question);
        assert!(read.asks(RequestKind::Stop), "{read:?}");
    }

    #[test]
    fn what_says_more_than_yes_is_read_as_it_is() {
        let mail = "> Shall I take you off my list?";
        assert!(!is_done(&read("Yes, but only until May", mail)));
        let either = "> Shall I stop writing, or may I keep writing?";
        assert!(!is_done(&read("Yes", either)));
    }

    #[test]
    fn a_question_of_an_older_mail_is_not_answered() {
        let mail = "> Shall I send you a sample?\n>> Shall I take you off my list?";
        assert!(!read("Yes", mail).asks(RequestKind::Stop));
        let unmarked = "On 3 March 2026 at 10:12, Ada <ada@firm.example> wrote:\nShall I send you a sample?\nAda\n\
            From: Ada <ada@firm.example>\nSent: 1 March 2026\nShall I take you off my list?";
        assert!(!read("Yes", unmarked).asks(RequestKind::Stop));
        let heads = "From: Ada <ada@firm.example>\nSent: 1 March 2026\nTo: Me <me@own.example>\nSubject: Moulds\nShall I take you off my list?";
        assert!(is_done(&read("Yes", heads)));
        let stays = read("No", "> Shall I stop writing?");
        assert_eq!(stays.stance, Some(Stance::Interested));
    }
}
