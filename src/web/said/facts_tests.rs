//! That French says what the linter finds, what a reviewer is asked and how sure it is who wrote: the program is read for it.

use super::every::every;
use super::tests::{calls, french, literals_of, sources};
use super::*;
use crate::record::{Channel, Proposal};
use std::collections::BTreeSet;
use std::path::Path;

/// These sentences, a value put in each blank, have French words.
fn are_said(about: &str, all: &BTreeSet<String>) {
    let fr = french();
    let missing: Vec<&String> = (all.iter())
        .filter(|said| fr.fact(about, &said.replace("{}", "x")).foreign)
        .collect();
    assert!(missing.is_empty(), "words/facts/fr.toml lacks {missing:#?}");
}

#[test]
fn every_finding_of_the_linter_and_its_advice_are_said_in_french() {
    let lint = "src/answer/lint.rs";
    let (advice, rules): (BTreeSet<_>, BTreeSet<_>) = literals_of(lint, "advice")
        .into_iter()
        .partition(|said| said.contains(' '));
    assert!(
        rules.len() >= 10 && advice.len() >= 10,
        "{rules:?} {advice:?}"
    );
    are_said("finding", &advice);
    let mut found = BTreeSet::new();
    for place in ["subject", "text", "HTML", "attachments"] {
        found.extend(
            rules
                .iter()
                .map(|rule| format!("{rule} ({place}): \"{{}}\"")),
        );
    }
    // `findings.add(rule, place, what)`, and what a part of a letter needs.
    let added = calls(lint, &["add"]);
    assert!(added.len() > 8, "{added:?}");
    for said in added.iter().filter(|said| !rules.contains(*said)) {
        found.insert(format!("subject (text): {said}"));
    }
    let needed = literals_of("src/answer/obligations.rs", "");
    let needed: Vec<_> = needed.iter().filter(|said| !said.contains("{}")).collect();
    assert!(needed.len() > 30, "{needed:?}");
    for name in needed.into_iter().filter(|name| *name != "missing") {
        found.insert(format!("missing (HTML): {name} (\"{{}}\")"));
    }
    are_said("finding", &found);
}

#[test]
fn every_mistake_of_a_template_that_is_ours_is_said_in_french() {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    sources(&root.join("src/answer"), &mut files);
    let mut all = BTreeSet::new();
    for file in files {
        let file = file
            .strip_prefix(root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        all.extend(calls(&file, &["Fault::of_file", "Fault::at"]));
    }
    for (file, function) in [
        ("src/answer/mistakes.rs", "advice"),
        ("src/answer/variables.rs", "misspelt"),
    ] {
        all.extend(literals_of(file, function));
    }
    all.retain(|said| said.contains(' '));
    assert!(all.len() > 20, "{all:?}");
    are_said("finding", &all);
    // What the engine of templates says is its own.
    let theirs = "expected `}}`, found the end";
    assert!(french().fact("finding", theirs).foreign);
}

#[test]
fn every_proposal_is_said_in_french() {
    let all = every::<Proposal>(3);
    let said: BTreeSet<String> = all.iter().map(crate::api::proposal_in_words).collect();
    assert!(said.len() > 10, "{said:?}");
    are_said("proposal", &said);
    let said = "open a case for what somebody (say who with --is) asked a colleague: stop + access";
    let told = "ouvrir un dossier pour ce que quelqu'un (dites qui ci-dessous) a demandé à un collègue : STOP + Accès";
    assert_eq!(french().fact("proposal", said), Said::own(told));
}

#[test]
fn how_sure_it_is_who_wrote_is_said_in_french() {
    let known = [
        "token",
        "thread",
        "from",
        "the sender",
        "not the sender",
        ", dmarc pass",
        "on_behalf",
        "",
        "{}: {}{}",
    ];
    let found = literals_of("src/request/decide/whose.rs", "whose");
    assert_eq!(
        found,
        known.map(str::to_owned).into(),
        "another word needs French"
    );
    let mut all = BTreeSet::new();
    for how in ["token", "thread", "from"] {
        for person in ["the sender", "not the sender"] {
            all.extend(["", ", dmarc pass"].map(|dmarc| format!("{how}: {person}{dmarc}")));
        }
    }
    let channels = every::<Channel>(1);
    all.extend(
        channels
            .iter()
            .map(|c| format!("entered by hand ({})", c.word())),
    );
    all.insert("the address that was written to after the suppression".into());
    are_said("identity", &all);
}

#[test]
fn why_an_origin_is_vague_and_by_what_somebody_is_known_is_said_in_french() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/register/rules.rs");
    let text = std::fs::read_to_string(file).unwrap();
    let says = regex::Regex::new("#\\[error\\(\"([^\"]+)\"\\)\\]").unwrap();
    let why: BTreeSet<String> = says.captures_iter(&text).map(|c| c[1].to_owned()).collect();
    assert_eq!(why.len(), 4, "{why:?}");
    are_said("vague", &why);
    let keys = calls("src/api/grouping.rs", &["push", "map"]);
    let keys: BTreeSet<String> = keys
        .into_iter()
        .filter(|k| !k.contains(['{', '(']))
        .collect();
    assert!(keys.contains("telephone"), "{keys:?}");
    are_said("key", &keys);
}
