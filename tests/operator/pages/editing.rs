//! What writers do at the desk: a letter in words of their own, a template from the first key to the letter in Postfix.

use super::house::House;
use super::ways::{delivered, waiting};
use crate::browser::{Browser, Look};
use crate::operator::{count, until};
use serde_json::json;

/// The piece with which French letters end.
const CLOSING: &str = "fr/parts/closing.txt";

/// The letters in Postfix that hold this.
fn letters(house: &House, text: &str) -> usize {
    house.letters().iter().filter(|l| l.contains(text)).count()
}

#[test]
fn a_letter_in_a_reviewers_own_words_leaves_in_these_words_once_the_linter_agrees() {
    let house = House::open();
    house
        .firm
        .reply(1, "Bonjour, d'où tenez-vous mon adresse ?");
    waiting(&house);
    let browser = house.signed_in("odile", Look::default());
    browser.click("a.row");
    browser.click("a[href$='/edit']");
    let written = browser.value("#text");
    assert!(written.contains("Dropcontact"), "{written}");
    // What the law asks for is gone: refused, and what was typed is still there.
    browser.fill("#text", "Bonjour, je vous rappelle.");
    browser.click("form.stack button.main");
    browser.until("it is refused", || browser.has("#wrong"));
    assert_eq!(browser.value("#text"), "Bonjour, je vous rappelle.");
    assert_eq!(count(&house.status(), "letters", "sent"), 0);
    let mine = written.replacen("Bonjour", "Bonjour chère madame", 1);
    browser.fill("#text", &mine);
    browser.click("form.stack button.main");
    browser.until("a word that it is done", || browser.has("[role=status]"));
    until(&house.firm.file, "it left", |s| {
        count(s, "letters", "sent") == 1
    });
    delivered(&house, "p1@client1.example");
    assert_eq!(letters(&house, "Bonjour chère madame"), 1);
    house.end();
}

/// The text of the preview's frame.
fn preview(browser: &Browser) -> String {
    browser.within("iframe[name=preview]", || browser.text("body"))
}

fn opened(house: &House) -> Browser {
    let browser = house.signed_in("wim", Look::default());
    browser.go(&house.page(&format!("/templates/edit?path={CLOSING}")));
    browser
}

#[test]
fn a_template_is_previewed_as_it_is_typed_refused_while_broken_published_and_rolled_back() {
    let house = House::open();
    let browser = opened(&house);
    let old = browser.value("#text");
    browser.until("a letter beside it", || {
        preview(&browser).contains("Bonne journée")
    });
    // A mistake is told while it is typed, with its line, and nobody can publish it.
    browser.fill(
        "#text",
        &format!("{old}\nÀ bientôt, {{{{ controler.name }}}}"),
    );
    browser.until("the mistake and its line", || {
        let said = browser.text("#faults");
        said.contains("controler") && said.contains("line ")
    });
    browser.click("button[value=check]");
    browser.until("the changes of a broken one", || browser.has("#mistakes"));
    assert!(browser.text("#mistakes").contains("controler"));
    assert!(!browser.has("button[value=publish]"));
    // A good one is shown beside it as it is typed, without a button.
    let new = old.replace("Bonne journée", "Belle journée à vous");
    browser.fill("#text", &new);
    browser.until("the new words beside it", || {
        preview(&browser).contains("Belle journée à vous")
    });
    browser.click("button[value=check]");
    browser.until("what changes", || browser.has("tr.added"));
    assert!(browser.text("tr.removed").contains("Bonne journée"));
    assert!(browser.text("tr.added").contains("Belle journée à vous"));
    assert_eq!(
        letters(&house, "Belle journée"),
        0,
        "a preview sends nothing"
    );
    browser.click("button[value=publish]");
    browser.until("a word that it is in force", || browser.has(".flash.good"));
    let file = house.firm.path("templates").join(CLOSING);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), new);
    house.firm.reply(1, "STOP");
    sends(&house, 1);
    assert_eq!(letters(&house, "Belle journée à vous"), 1);
    // Back to what it was, and the next letter says so.
    browser.click("button[value=quitus]");
    browser.until("a word that it is back", || browser.has(".flash.good"));
    browser.until("the old words", || browser.value("#text") == old);
    assert!(!file.exists(), "the text of Quitus is in force");
    house.firm.reply(2, "STOP");
    sends(&house, 2);
    assert_eq!(letters(&house, "Bonne journée"), 1);
    house.end();
}

/// A reviewer lets the letter to person `n` leave.
fn sends(house: &House, n: u64) {
    waiting(house);
    let browser = house.signed_in("odile", Look::default());
    browser.click("a.row");
    browser.click("form[action$='/approve'] button.main");
    browser.until("a word that it is done", || browser.has("[role=status]"));
    until(&house.firm.file, "it left", |s| {
        count(s, "letters", "sent") == n
    });
    delivered(house, &format!("p{n}@client{n}.example"));
}

#[test]
fn what_somebody_else_saved_meanwhile_is_shown_and_never_overwritten() {
    let house = House::open();
    let browser = opened(&house);
    let text = browser.value("#text");
    let theirs = text.replace("Bonne journée", "Bonne fin de journée");
    house.firm.write(&format!("templates/{CLOSING}"), &theirs);
    browser.fill("#text", &text.replace("Bonne journée", "Belle journée"));
    browser.click("button[value=check]");
    browser.click("button[value=publish]");
    browser.until("a word about it", || browser.has("p.error[role=alert]"));
    let file = house.firm.path("templates").join(CLOSING);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), theirs);
    assert!(browser.value("#text").contains("Belle journée"));
    let title = browser.run("return document.title", json!([]));
    assert!(title.as_str().unwrap().contains(CLOSING));
    house.end();
}
