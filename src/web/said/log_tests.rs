//! That French says every event of the log: each is made from its type, so that a new one without words fails here.

use super::every::{TEXT, every};
use super::tests::{english, french, literals_of};
use super::told::{NAME, PIECES};
use super::*;
use crate::api::LogEntry;
use crate::record::{Duty, Event};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Choices that are others than the first at once: a variant in a variant, and two more.
const OTHERS: usize = 4;

/// Every short name of an event, with what the log says of it.
static EVERY: LazyLock<BTreeSet<(String, String)>> = LazyLock::new(|| {
    let told = |event: &Event| {
        let entry = LogEntry::of(7, "", event);
        (entry.event.into_owned(), entry.what)
    };
    let mut all = every::<Event>(OTHERS);
    // Nobody writes to a reviewer about nothing.
    all.retain(|event| match event {
        Event::Duty(Duty::Telling { about, .. } | Duty::Told { about, .. }) => !about.is_empty(),
        _ => true,
    });
    all.iter().map(told).chain(more()).collect()
});

/// What stands in texts of events and is ours.
fn more() -> Vec<(String, String)> {
    let canary = literals_of("src/service/canary.rs", "judge");
    let canary: Vec<_> = canary.iter().filter(|why| !why.contains("{}")).collect();
    assert_eq!(canary.len(), 5, "{canary:?}");
    let mut all: Vec<_> = canary
        .iter()
        .flat_map(|why| [(*why).clone(), format!("{why}: 421 4.3.2")])
        .map(|why| format!("its stop was not answered: {why}"))
        .map(|what| ("canary", what))
        .collect();
    for why in [
        "the answer came back (a delivery report)",
        "the answer cannot be written (A8): 550",
        "its mail was refused: MAIL FROM: 550",
        "the answer was refused: MAIL FROM: 550",
        "read, and not answered: held by rule A8",
        "read as something else than stop",
    ] {
        all.push(("canary", format!("its stop was not answered: {why}")));
    }
    for phase in literals_of("src/delivery/outcome.rs", "fmt") {
        all.push(("letter rejected", format!("letter Q-0000-0007.7: {phase}")));
    }
    all.push(("mode", "live since 2026-11-29T02:00:00Z, by start".into()));
    all.push(("case closed", "Q-0000-0007, by auto".into()));
    all.into_iter().map(|(e, w)| (e.to_owned(), w)).collect()
}

/// Words that stand in English sentences and in no French one.
const ENGLISH: [&str; 36] = [
    "the", "is", "was", "be", "has", "have", "of", "and", "by", "from", "to", "with", "not",
    "again", "they", "them", "who", "it", "its", "person", "letter", "nobody", "nothing", "mail",
    "server", "which", "due", "answer", "answered", "case", "list", "left", "whole", "owner",
    "told", "asked",
];

#[test]
fn every_event_has_its_name_and_its_sentence_in_french_and_not_a_word_of_english() {
    let fr = french();
    assert!(EVERY.len() > 1000, "{} events", EVERY.len());
    let mut wrong = BTreeSet::new();
    for (event, what) in &*EVERY {
        let (name, said) = fr.event(event, what);
        if name.foreign || said.foreign {
            wrong.insert(format!("{event}: {what}"));
        }
        let text = format!("{} {}", name.said, said.said.replace(TEXT, ""));
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        if let Some(word) = words.find(|w| ENGLISH.contains(w)) {
            wrong.insert(format!("{event}: {what}: {} ({word})", said.said));
        }
    }
    let some: Vec<_> = wrong.iter().take(30).collect();
    assert!(
        wrong.is_empty(),
        "words/log/fr.toml lacks {}, as {some:#?}",
        wrong.len()
    );
}

#[test]
fn every_variant_of_an_event_is_among_those_that_are_said() {
    let debugged: Vec<String> = every::<Event>(1).iter().map(|e| format!("{e:?}")).collect();
    let text = include_str!("../../record/event.rs");
    let file = syn::parse_file(text).unwrap();
    let variants = file.items.iter().find_map(|item| match item {
        syn::Item::Enum(of) if of.ident == "Event" => Some(&of.variants),
        _ => None,
    });
    for variant in variants.unwrap() {
        let name = variant.ident.to_string();
        let head = |all: &String| all.split([' ', '(']).next() == Some(&name);
        assert!(debugged.iter().any(head), "{name}");
    }
}

#[test]
fn every_sentence_of_the_log_can_be_said() {
    let french = Sentences::of(Language::Fr).unwrap();
    let in_order = |parts: &[String], what: &str| {
        let mut left = Some(what);
        for part in parts {
            left = left
                .and_then(|l| l.split_once(part.as_str()))
                .map(|(_, l)| l);
        }
        left.is_some()
    };
    let mut dead = Vec::new();
    for (about, sentences) in &french.log.0 {
        let of_this = || EVERY.iter().filter(|(e, _)| e == about || about == PIECES);
        if about != PIECES && of_this().next().is_none() {
            dead.push(format!("[{about}]"));
        }
        for sentence in sentences.0.iter().filter(|s| s.parts != [NAME]) {
            if !of_this().any(|(_, what)| in_order(&sentence.parts, what)) {
                dead.push(format!("[{about}] {}", sentence.parts.join("{}")));
            }
        }
    }
    assert!(dead.is_empty(), "nothing says {dead:#?}");
}

#[test]
fn what_two_events_say_alike_is_told_by_the_event() {
    let fr = french();
    let said = |event: &str, what: &str| fr.event(event, what);
    let (name, what) = said("letter held", "letter Q-0000-0007.1");
    assert_eq!(
        (&*name.said, &*what.said),
        ("lettre retenue", "lettre Q-0000-0007.1")
    );
    let (_, what) = said(
        "suppressed",
        "person 07070707 is suppressed: they asked (stop)",
    );
    let told = "la personne 07070707 : opposition (la personne l'a demandé : STOP)";
    assert_eq!(what, Said::own(told));
    let (_, what) = said(
        "told",
        "the mail to a reviewer about the day; Q-1, which is due was refused by the server",
    );
    let told = "l'avis à la relecture a été refusé par le serveur : la journée ; Q-1, qui arrive à échéance";
    assert_eq!(what, Said::own(told));
    let (_, what) = said(
        "sent seen",
        "a mail of 2026-11-29T02:00:00Z to person 07, person 08",
    );
    let told = "un courriel du 2026-11-29T02:00:00Z à la personne 07, la personne 08";
    assert_eq!(what, Said::own(told));
    // What no sentence says stays English as a whole, and is marked.
    let (name, what) = said("letter held", "letter Q-0000-0007.1 does something new");
    assert!(!name.foreign && what.foreign, "{what:?}");
    assert!(said("news", "something").0.foreign);
    let (name, what) = english().event("letter held", "anything");
    assert_eq!(
        (name, what),
        (Said::own("letter held"), Said::own("anything"))
    );
}
