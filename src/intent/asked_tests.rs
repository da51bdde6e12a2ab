//! A bare yes or no below a mail of ours: what it asks, and where nobody knows.

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
    let sample =
        "> May I keep you on my list?\n> Shall I send you a sample?\n> No more mail? Reply OUT.";
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
    assert_eq!(stays.stance, None, "a no is no interest");
}

#[test]
fn a_no_to_a_mail_that_asks_two_things_is_for_a_human() {
    for (mail, no) in [
        (
            "> Une démo vous intéresse-t-elle, ou dois-je arrêter de vous écrire ?",
            "Non merci",
        ),
        (
            "> Are you interested in a demo?\n> Should I stop reaching out?",
            "No",
        ),
        ("> Shall I stop writing to you?", "No, thanks."),
        (
            "> Haben Sie Interesse? Oder soll ich Ihnen nicht mehr schreiben?",
            "Nein danke",
        ),
        (
            "> Voulez-vous une démo, ou préférez-vous que j'arrête de vous écrire ?",
            "Oui",
        ),
    ] {
        let read = read(no, mail);
        let why = read.unsure.as_ref().map(|u| u.reason.as_str());
        assert_eq!(why, Some(UNCLEAR), "{no}: {read:?}");
        assert!(
            read.requests.is_empty() && read.stance.is_none(),
            "{no}: {read:?}"
        );
    }
}
