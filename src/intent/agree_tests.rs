//! What two readers make of a text together: who is believed, and what is enough to ask a human.

use super::*;
use crate::intent::Question;

fn understood(subject: &str, fresh: &str) -> Classification {
    let reader = crate::intent::builtin().unwrap();
    reader.understand(&Question {
        subject,
        fresh,
        from: "me@own.example",
        ..Question::default()
    })
}

#[test]
fn what_no_phrase_knows_is_read_and_quoted() {
    let read = understood(
        "",
        "Euer Zeug wandert bei mir ungelesen in den Ofen. Spart euch das künftig.",
    );
    let found = &read.requests[0];
    assert_eq!(found.kind, RequestKind::Stop);
    assert!(found.evidence[0].text.starts_with("Spart"), "{found:?}");
    assert_eq!(found.evidence[0].rule, "learned.stop");
}

#[test]
fn a_bare_no_is_a_no_and_a_no_that_is_the_way_out_is_a_stop() {
    for no in [
        "No thanks",
        "Non, merci.",
        "Nein danke\nMfG Krause",
        "No grazie",
        "Nej tack!",
        "Ne, děkuji",
        "Bonjour, merci mais non. Bien à vous",
    ] {
        let read = understood("", no);
        assert_eq!(read.stance, Some(Stance::NotInterested), "{no}");
        assert!(
            read.requests.is_empty() && read.unsure.is_none(),
            "{no}: {read:?}"
        );
    }
    let reader = crate::intent::builtin().unwrap();
    let answers = |fresh, elided| {
        let question = Question {
            fresh,
            elided,
            from: "me@own.example",
            ..Question::default()
        };
        (reader.read(&question), reader.understand(&question))
    };
    let (_, defined) = answers("NO", "> Reply NO to unsubscribe.");
    assert!(defined.asks(RequestKind::Stop), "{defined:?}");
    let (perhaps, _) = answers("NO", "> If that bothers you, three letters will do: NO.");
    assert!(!perhaps.is_bare_stance, "the other reader is asked");
}

#[test]
fn a_subject_that_asks_is_not_outvoted_by_a_body_that_says_nothing() {
    let read = understood(
        "Merci de me retirer de votre liste",
        "Bonjour Madame, bonne journée à vous.",
    );
    assert!(read.asks(RequestKind::Stop), "{read:?}");
    assert!(read.requests[0].confidence >= 0.7);
}

#[test]
fn a_find_that_the_learned_reader_knows_to_be_nothing_holds_nobody() {
    let found = |kind| Found {
        kind,
        confidence: 0.95,
        evidence: vec![Evidence {
            rule: "fr.rule/1".into(),
            text: "words".into(),
            start: Some(0),
        }],
    };
    let held = |access: f32| {
        let read = Classification {
            requests: vec![found(RequestKind::Stop), found(RequestKind::Access)],
            ..Classification::default()
        };
        let mut says = [0.0; LABELS.len()];
        (says[0], says[2]) = (0.99, access);
        let judged = Judgement {
            says,
            moved_by: std::array::from_fn(|_| 0..5),
            ..Judgement::default()
        };
        let read = agree(read, &judged, "words", FOR_AN_ANSWER);
        assert!(read.asks(RequestKind::Stop) && !read.asks(RequestKind::Access));
        read.unsure.is_some()
    };
    assert!(held(0.03) && !held(0.01));
}

#[test]
fn a_phrase_that_its_writer_is_certain_of_wins() {
    let stop = Found {
        kind: RequestKind::Stop,
        confidence: CERTAIN,
        evidence: vec![Evidence {
            rule: "fr.stop.own/1".into(),
            text: "Bonne journée".into(),
            start: Some(0),
        }],
    };
    let sure = |confidence| Classification {
        requests: vec![Found {
            confidence,
            ..stop.clone()
        }],
        ..Classification::default()
    };
    let text = "Bonne journée à vous";
    let judged = Judgement {
        says: [0.05; LABELS.len()],
        moved_by: std::array::from_fn(|_| 0..text.len()),
        ..Judgement::default()
    };
    assert!(agree(sure(CERTAIN), &judged, text, FOR_AN_ANSWER).asks(RequestKind::Stop));
    let doubted = agree(sure(0.95), &judged, text, FOR_AN_ANSWER);
    assert!(
        doubted.requests.is_empty() && doubted.unsure.is_some(),
        "{doubted:?}"
    );
}

/// Whether a text is held in which the readers heard this much.
fn is_held(stop: f32, human: f32, none: f32, enough: Enough) -> bool {
    let text = "some words";
    let mut says = [0.001; LABELS.len()];
    (says[0], says[HUMAN_LABEL], says[NONE_LABEL]) = (stop, human, none);
    let judged = Judgement {
        says,
        moved_by: std::array::from_fn(|_| 0..text.len()),
        ..Judgement::default()
    };
    let read = agree(Classification::default(), &judged, text, enough);
    assert!(read.requests.is_empty(), "{read:?}");
    read.unsure.is_some() || !read.human.is_empty()
}

#[test]
fn a_mere_suspicion_holds_an_answer_that_may_ask_and_no_other_mail() {
    for (stop, human) in [(0.3, 0.001), (0.001, 0.35)] {
        assert!(is_held(stop, human, 0.1, FOR_AN_ANSWER));
        assert!(is_held(stop, human, 0.75, FOR_AN_ANSWER));
        assert!(!is_held(stop, human, 0.85, FOR_AN_ANSWER));
        assert!(!is_held(stop, human, 0.1, FOR_NOTHING_MUCH));
    }
    assert!(is_held(0.001, 0.8, 0.85, FOR_AN_ANSWER));
    assert!(is_held(0.001, 0.8, 0.1, FOR_NOTHING_MUCH));
}

/// What becomes of a stop that both readers heard, where the learned one also takes the whole for nothing.
fn beside_nothing(stop: f32, none: f32, sure: f32) -> Classification {
    heard(stop, none, sure, Some(9), FOR_AN_ANSWER)
}

/// The same, of words that stand there (nowhere: in the subject), in a mail of which that much is enough.
fn heard(stop: f32, none: f32, sure: f32, start: Option<usize>, enough: Enough) -> Classification {
    let text = "Bonjour, merci de ne plus les relancer, ils sont partis.";
    let mut says = [0.001; LABELS.len()];
    (says[0], says[NONE_LABEL]) = (stop, none);
    let judged = Judgement {
        says,
        moved_by: std::array::from_fn(|_| 0..text.len()),
        ..Judgement::default()
    };
    let heard = Classification {
        requests: vec![Found {
            kind: RequestKind::Stop,
            confidence: sure,
            evidence: vec![Evidence {
                rule: "fr.stop.order/1".into(),
                text: "ne plus les relancer".into(),
                start,
            }],
        }],
        ..Classification::default()
    };
    agree(heard, &judged, text, enough)
}

#[test]
fn of_a_mail_that_answers_none_both_readers_must_hear_what_is_done() {
    let is_done = |read: &Classification| read.unsure.is_none() && read.asks(RequestKind::Stop);
    for (start, sure) in [(Some(9), 0.95), (None, 0.95)] {
        let read = |stop, enough| heard(stop, 0.1, sure, start, enough);
        assert!(is_done(&read(0.4, FOR_AN_ANSWER)));
        assert!(!is_done(&read(0.4, FOR_NOTHING_MUCH)));
        assert!(is_done(&read(0.6, FOR_NOTHING_MUCH)));
    }
    assert!(is_done(&heard(
        0.01,
        0.1,
        CERTAIN,
        Some(9),
        FOR_NOTHING_MUCH
    )));
}

#[test]
fn what_is_heard_in_a_text_that_surely_asks_nothing_is_not_done() {
    let is_done = |read: &Classification| read.unsure.is_none() && read.human.is_empty();
    let done = beside_nothing(0.5, 0.4, 0.95);
    assert!(done.asks(RequestKind::Stop) && is_done(&done), "{done:?}");
    let held = beside_nothing(0.5, 0.6, 0.95);
    assert!(held.asks(RequestKind::Stop) && !is_done(&held), "{held:?}");
    let passed = beside_nothing(0.5, 0.95, 0.95);
    assert!(passed.requests.is_empty() && is_done(&passed), "{passed:?}");
    // So is what the learned reader does not believe; what its writer is certain of is done all the same.
    assert!(is_done(&beside_nothing(0.05, 0.85, 0.95)));
    assert!(!is_done(&beside_nothing(0.05, 0.5, 0.95)));
    let certain = beside_nothing(0.5, 0.95, CERTAIN);
    assert!(
        certain.asks(RequestKind::Stop) && is_done(&certain),
        "{certain:?}"
    );
}

#[test]
fn a_stop_that_may_be_said_beside_an_erasure_is_as_sure_as_it() {
    let text = "Vernietig wat u van mij heeft opgeslagen en klop hier niet meer aan.";
    let read = |stop, erasure| {
        let mut says = [0.001; LABELS.len()];
        (says[0], says[3]) = (stop, erasure);
        let judged = Judgement {
            says,
            moved_by: std::array::from_fn(|_| 0..text.len()),
            ..Judgement::default()
        };
        agree(Classification::default(), &judged, text, FOR_AN_ANSWER)
    };
    let both = read(0.3, 0.99);
    assert!(
        both.asks(RequestKind::Stop) && both.unsure.is_none(),
        "{both:?}"
    );
    assert!(both.requests.iter().all(|f| f.confidence > 0.9));
    assert!(!read(0.01, 0.99).asks(RequestKind::Stop));
    assert!(
        !read(0.3, 0.001).asks(RequestKind::Stop),
        "alone it is only a doubt"
    );
}

#[test]
fn who_asks_how_to_leave_leaves() {
    for text in [
        "Comment puis-je me désinscrire ? Le lien ne fonctionne pas.",
        "How do I unsubscribe? Your link gives an error.",
    ] {
        let read = understood("", text);
        assert!(read.asks(RequestKind::Stop), "{text}: {read:?}");
        let is_held = read.unsure.is_some() || !read.human.is_empty();
        assert!(!is_held, "{text}: {read:?}");
    }
}

#[test]
fn what_a_lexicon_hears_where_the_other_reader_did_not_look_is_not_denied() {
    let text = "Bonjour, merci de ne plus les relancer, ils sont partis.";
    let read = |unread: std::ops::Range<usize>, none: f32| {
        let heard = Classification {
            requests: vec![Found {
                kind: RequestKind::Stop,
                confidence: 0.95,
                evidence: vec![Evidence {
                    rule: "fr.stop.order/1".into(),
                    text: "ne plus les relancer".into(),
                    start: Some(18),
                }],
            }],
            human: vec![Signal {
                reason: "other_person".into(),
                rule: "fr.human.other_person/1".into(),
                text: "les relancer".into(),
            }],
            ..Classification::default()
        };
        let mut says = [0.001; LABELS.len()];
        says[NONE_LABEL] = none;
        let judged = Judgement {
            says,
            moved_by: std::array::from_fn(|_| 0..text.len()),
            unread,
            ..Judgement::default()
        };
        agree(heard, &judged, text, FOR_NOTHING_MUCH)
    };
    for none in [0.1, 0.85, 0.99] {
        let seen = read(0..0, none);
        assert!(seen.unsure.is_none() && seen.human.is_empty(), "{seen:?}");
        let unseen = read(10..40, none);
        let why = unseen.unsure.as_ref().map(|u| u.reason.as_str());
        assert_eq!(why, Some("the readers differ on stop"), "{unseen:?}");
        assert_eq!(unseen.human.len(), 1, "{unseen:?}");
        assert!(read(41..50, none).unsure.is_none());
    }
}

#[test]
fn a_request_in_the_middle_of_a_long_mail_is_not_passed_over() {
    let before =
        "Nous avons ouvert un second atelier à Villefranche et recruté quatre techniciens. ";
    let after = " Le programme des conférences du salon est en ligne depuis la semaine dernière.";
    let (before, after) = (before.repeat(9), after.repeat(9));
    for asked in [
        "Merci de ne plus me contacter.",
        "D'où tenez-vous mon adresse ?",
    ] {
        let read = understood("", &format!("Bonjour Paul,\n\n{before}{asked}{after}"));
        let asks = !read.requests.is_empty() || read.unsure.is_some();
        assert!(asks, "{asked}: {read:?}");
    }
}
