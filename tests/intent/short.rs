//! Short answers: what the quoted mail explains, what a sign says, what stands in the subject alone.

use super::{gate, open_gate, reader};
use quitus::intent::{Classification, Question, Thresholds, outcome};
use quitus::mail::{self, Limits};
use quitus::record::{Outcome, Reading, RequestKind, Stance, Verdict};

fn answer(fresh: &str, elided: &str) -> Classification {
    reader().understand(&Question {
        fresh,
        elided,
        from: "me@own.test",
        ..Question::default()
    })
}

fn done(read: &Classification) -> Outcome {
    outcome(&open_gate(), read, &Thresholds::default()).0
}

/// The quoted mail, an answer that it defines as the opt-out, and one that it does not.
const DEFINED: [(&str, &str, &str); 10] = [
    (
        "> 1 : un essai\n> 2 : plus tard\n> 3 : plus rien de ma part",
        "3",
        "1",
    ),
    (
        "> Write TULIP and you will never hear from us again, or ROSE for the price list.",
        "tulip",
        "Rose!",
    ),
    (
        "> Möchten Sie nichts mehr von uns lesen? Ein kurzes \"Feierabend\" genügt.",
        "Feierabend",
        "Montag!",
    ),
    (
        "> Antwoord met A (bel mij), B (later) of C (mail mij nooit meer).",
        "c",
        "a",
    ),
    (
        "> Si no quiere recibir más correos, escriba: tortuga",
        "Tortuga.",
        "Gracias.",
    ),
    (
        "> Merci de répondre STOP pour ne plus recevoir nos offres.",
        "stop !",
        "Merci !",
    ),
    ("> 👍 = ci sentiamo, 👎 = non ti scrivo più", "👎", "👍"),
    (
        "> Responda 0 para sair da nossa lista, 1 para uma amostra.",
        "0",
        "1",
    ),
    (
        "Den 3 mars 2025 kl 10:12 skrev Nils Berg <nils@ljus.example>:\n> Svara HEJ om du vill veta mer, NOG om du inte vill få fler mejl.",
        "nog",
        "hej",
    ),
    ("> 🐢 = plus de courrier, 🐇 = appelez-moi", "🐢", "🐇"),
];

#[test]
fn a_word_that_the_quoted_mail_sets_apart_means_what_it_says() {
    for (elided, stops, other) in DEFINED {
        let read = answer(stops, elided);
        assert!(
            read.asks(RequestKind::Stop),
            "{stops} below {elided}: {read:?}"
        );
        assert_eq!(read.requests[0].evidence[0].start, Some(0), "{read:?}");
        let read = answer(other, elided);
        assert_ne!(
            done(&read),
            Outcome::Act,
            "{other} below {elided}: {read:?}"
        );
    }
}

/// Whether the rule of the quoted mail's own word found it.
fn is_defined(read: &Classification) -> bool {
    let rules = read.requests.iter().flat_map(|f| &f.evidence);
    let mut rules = rules.map(|e| &e.rule);
    rules.any(|r| r.ends_with("optout.defined_by_the_quoted_mail"))
}

#[test]
fn what_goes_on_behind_the_word_of_the_mail_takes_nothing_from_it() {
    let mail = "> P.S. If I'm barking up the wrong tree, reply \"floss\" and I'll leave you be.";
    let read = answer("Floss. (Well played, though.)", mail);
    assert!(is_defined(&read) && done(&read) == Outcome::Act, "{read:?}");
    assert_eq!(read.requests[0].evidence[0].text, "Floss");
    for other in [
        "Floss? What for?",
        "Floss daily, that is what we tell them.",
    ] {
        assert!(!is_defined(&answer(other, mail)), "{other}");
    }
}

#[test]
fn the_word_of_the_mail_is_surer_than_a_phrase_that_knows_it_from_elsewhere() {
    let mail = "> To opt out of further emails please reply with the word \"remove\".";
    let read = answer(
        "Remove\n\nDr O Adeyemi MRCGP\nMillbrook Surgery, Leeds",
        mail,
    );
    assert!(is_defined(&read) && done(&read) == Outcome::Act, "{read:?}");
    assert_eq!(read.requests.len(), 1, "{read:?}");
}

#[test]
fn a_choice_that_nobody_understands_is_for_a_human_and_a_yes_is_none() {
    let elided = "> Bitte wählen: BRUCKNER oder MAHLER.";
    let read = answer("Bruckner", elided);
    assert_eq!(done(&read), Outcome::Hold, "{read:?}");
    assert_eq!(read.unsure.unwrap().reason, "unclear");
    let read = answer(
        "Yes!",
        "> Reply YES and you will never pay for postage again.",
    );
    assert_ne!(done(&read), Outcome::Act, "{read:?}");
    // A number that no mail explains says nothing; without any mail it may say everything.
    assert_eq!(
        done(&answer("7", "> Wie viele Tonnen dürfen es sein?")),
        Outcome::Ignore
    );
    assert_eq!(done(&answer("7", "")), Outcome::Hold);
}

#[test]
fn a_sign_alone_is_read_and_a_strange_one_is_for_a_human() {
    for (sign, stance, outcome) in [
        ("👍", Some(Stance::Interested), Outcome::Ignore),
        ("👍🏽👍🏽", Some(Stance::Interested), Outcome::Ignore),
        ("👎", Some(Stance::NotInterested), Outcome::Ignore),
        ("❤️🙏", None, Outcome::Ignore),
        ("?", Some(Stance::Question), Outcome::Ignore),
        ("🛑🛑🛑", None, Outcome::Act),
        ("🛑✋", None, Outcome::Act),
        ("🦂", None, Outcome::Hold),
        ("👍🦂", Some(Stance::Interested), Outcome::Hold),
        ("...", None, Outcome::Hold),
        ("", None, Outcome::Hold),
    ] {
        let read = answer(sign, "");
        assert_eq!(
            (read.stance, done(&read)),
            (stance, outcome),
            "{sign}: {read:?}"
        );
    }
    // Beside words it says nothing of its own.
    assert_eq!(
        done(&answer("Merci, bonne journée 🛑", "")),
        Outcome::Ignore
    );
}

#[test]
fn a_mail_without_a_body_is_read_by_the_subject_that_the_person_typed() {
    let subject = |subject, subject_is_reply| {
        reader().understand(&Question {
            subject,
            subject_is_reply,
            from: "me@own.test",
            ..Question::default()
        })
    };
    let read = subject("Qui vous a permis d'avoir mon adresse ?", false);
    assert!(read.asks(RequestKind::Source), "{read:?}");
    assert!(read.requests[0].evidence.iter().all(|e| e.start.is_none()));
    assert_eq!(
        done(&subject("Ok for Tuesday at two, see you then", false)),
        Outcome::Ignore
    );
    // Words of our own mail, sent back without any of theirs.
    let ours = subject("Re: Ok for Tuesday at two, see you then", true);
    assert_eq!(ours.unsure.as_ref().unwrap().reason, "nothing_left");
    let note = gate(Verdict::Never, Reading::Note);
    assert_eq!(
        outcome(&note, &ours, &Thresholds::default()).0,
        Outcome::Ignore
    );
}

#[test]
fn the_persons_own_signature_explains_no_answer() {
    let is_stop = |below: &str| {
        let raw = format!(
            "From: <me@own.test>\r\nTo: <us@firm.test>\r\nSubject: Re: Tarif\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTulipe\r\n\r\n{below}"
        );
        let message = mail::read(raw.as_bytes(), &Limits::default(), None, &()).unwrap();
        quitus::intent::understand(reader(), &message, open_gate())
            .1
            .asks(RequestKind::Stop)
    };
    assert!(is_stop("> TULIPE = plus aucun mail de notre part\r\n"));
    assert!(!is_stop(
        "-- \r\nTULIPE = plus aucun mail de notre part\r\n"
    ));
}

#[test]
fn dashes_alone_ask_nothing_and_a_human_sees_them() {
    for text in ["—-—-—-—", "*****", "=====", "-.-.-.-"] {
        let read = answer(text, "> Good day, our brochure.");
        assert!(read.requests.is_empty(), "{text}: {read:?}");
        let why = read.unsure.as_ref().map(|u| u.reason.as_str());
        assert_eq!(why, Some("nothing_left"), "{text}: {read:?}");
        assert_eq!(done(&read), Outcome::Hold, "{text}");
    }
}
