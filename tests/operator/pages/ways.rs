//! What people do at the desk, from the first click to the letter in Postfix.

use super::house::House;
use crate::browser::Look;
use crate::operator::{count, until};

/// Until Postfix says that a letter to this address was delivered.
fn delivered(house: &House, to: &str) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let of = |l: &str| l.contains(&format!("to=<{to}>")) && l.contains("status=sent");
    while !house.postfix.log().lines().any(of) {
        assert!(std::time::Instant::now() < end, "{}", house.postfix.log());
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
}

#[test]
fn a_reviewer_finds_what_waits_sees_the_letter_and_lets_it_leave() {
    let house = House::open();
    house
        .firm
        .reply(1, "Bonjour, d'où tenez-vous mon adresse ?");
    let file = &house.firm.file;
    until(file, "a letter waits", |s| {
        count(s, "letters", "draft") + count(s, "messages", "held") > 0
    });
    let browser = house.signed_in("odile", Look::default());
    browser.click("a.row");
    browser.shows("Dropcontact");
    browser.shows("p1@client1.example");
    assert!(
        browser.text("mark").contains("d'où"),
        "the words that decided"
    );
    browser.click("form[action$='/approve'] button.main");
    browser.until("a word that it is done", || browser.has("[role=status]"));
    until(file, "it left", |s| count(s, "letters", "sent") == 1);
    delivered(&house, "p1@client1.example");
    house.end();
}

#[test]
fn everything_is_reached_by_the_keyboard_alone() {
    let house = House::open();
    house.firm.reply(2, "STOP");
    until(&house.firm.file, "it is decided", |s| s["suppressed"] == 1);
    let browser = house.signed_in("odile", Look::default());
    // The first stop is the way past the menu.
    browser.press("\u{e004}");
    let focus =
        "return document.activeElement.className + ' ' + document.activeElement.textContent";
    let first = browser.run(focus, serde_json::json!([]));
    assert!(first.as_str().unwrap().starts_with("skip"), "{first}");
    browser.press("\u{e007}");
    let at = browser.run("return document.activeElement.id", serde_json::json!([]));
    assert_eq!(at, "main");
    browser.press("j");
    let row = browser.run(focus, serde_json::json!([]));
    assert!(row.as_str().unwrap().contains("Q-"), "{row}");
    browser.press("\u{e007}");
    browser.until("the case", || browser.url().contains("/cases/Q-"));
    browser.press("/");
    let at = browser.run("return document.activeElement.id", serde_json::json!([]));
    assert_eq!(at, "find");
    house.end();
}
