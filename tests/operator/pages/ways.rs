//! What people do at the desk, from the first click to the letter in Postfix.

use super::house::{House, PASSWORD};
use super::looks::PAGES;
use crate::browser::{Browser, Look};
use crate::operator::{count, until};
use serde_json::json;

/// Until Postfix says that a letter to this address was delivered.
pub fn delivered(house: &House, to: &str) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let of = |l: &str| l.contains(&format!("to=<{to}>")) && l.contains("status=sent");
    while !house.postfix.log().lines().any(of) {
        assert!(std::time::Instant::now() < end, "{}", house.postfix.log());
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
}

/// Until a letter waits for a human.
pub fn waiting(house: &House) {
    until(&house.firm.file, "a letter waits", |s| {
        count(s, "letters", "draft") > 0
    });
}

#[test]
fn a_reviewer_finds_what_waits_sees_the_letter_and_lets_it_leave() {
    let house = House::open();
    house
        .firm
        .reply(1, "Bonjour, d'où tenez-vous mon adresse ?");
    let file = &house.firm.file;
    waiting(&house);
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

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// Presses Tab until the focus is on this.
fn tab_to(browser: &Browser, css: &str) {
    for _ in 0..80 {
        browser.press(TAB);
        let there = "return document.activeElement.matches(arguments[0])";
        if browser.run(there, json!([css])) == true {
            return;
        }
    }
    panic!("no Tab leads to {css}");
}

fn focus(browser: &Browser) -> String {
    let said = "return document.activeElement.className + ' ' + document.activeElement.textContent";
    let said = browser.run(said, json!([]));
    said.as_str().unwrap().to_owned()
}

#[test]
fn the_keyboard_alone_signs_in_opens_the_oldest_case_and_lets_its_letter_leave() {
    let house = House::open();
    house
        .firm
        .reply(1, "Bonjour, d'où tenez-vous mon adresse ?");
    waiting(&house);
    let browser = Browser::start(Look::default());
    browser.go(&house.page("/"));
    tab_to(&browser, "input[name=name]");
    browser.press(&format!("odile{TAB}{PASSWORD}{ENTER}"));
    browser.until("the first page", || browser.has("nav"));
    // The first stop is the way past the menu.
    browser.press(TAB);
    assert!(focus(&browser).starts_with("skip"), "{}", focus(&browser));
    browser.press(ENTER);
    let id = "return document.activeElement.id";
    assert_eq!(browser.run(id, json!([])), "main");
    browser.press("j");
    assert!(focus(&browser).contains("Q-"), "{}", focus(&browser));
    browser.press(ENTER);
    browser.until("the case", || browser.url().contains("/cases/Q-"));
    browser.press("/");
    assert_eq!(browser.run(id, json!([])), "find");
    tab_to(&browser, "form[action$='/approve'] button.main");
    browser.press(ENTER);
    browser.until("a word that it is done", || browser.has("[role=status]"));
    delivered(&house, "p1@client1.example");
    house.end();
}

/// The rows of the log, the newest first.
fn rows(browser: &Browser) -> Vec<String> {
    let all = "return Array.from(document.querySelectorAll('#entries tr'), r => r.innerText)";
    let all = browser.run(all, json!([]));
    serde_json::from_value(all).unwrap()
}

#[test]
fn the_log_shows_what_happens_while_somebody_looks_and_holds_still_when_told_to() {
    let house = House::open();
    let browser = house.signed_in("odile", Look::default());
    browser.go(&house.page("/log"));
    browser.run("window.untouched = true", json!([]));
    let before = rows(&browser).len();
    house.firm.reply(2, "STOP");
    browser.until("the STOP is in the log", || {
        rows(&browser).iter().any(|r| r.contains("suppress"))
    });
    assert!(rows(&browser).len() > before);
    assert_eq!(
        browser.run("return window.untouched", json!([])),
        true,
        "without a reload"
    );
    let when = "return document.querySelector('#entries time').dateTime";
    assert!(browser.run(when, json!([])).as_str().unwrap().len() > 10);
    browser.click("#pause");
    let still = rows(&browser).len();
    house.firm.reply(3, "STOP");
    until(&house.firm.file, "it is obeyed", |s| s["suppressed"] == 2);
    assert_eq!(rows(&browser).len(), still);
    // What came meanwhile is there at once, and all of it as a reload shows it.
    browser.click("#pause");
    browser.until("the other STOP", || rows(&browser).len() > still);
    let live = rows(&browser);
    browser.go(&house.page("/log"));
    let whole = rows(&browser);
    assert!(whole.ends_with(&live), "{live:#?}\n{whole:#?}");
    house.end();
}

#[test]
fn the_whole_log_is_saved_as_csv_and_as_json_and_both_say_the_same() {
    let house = House::open();
    house
        .firm
        .reply(1, "Bonjour, d'où tenez-vous mon adresse ?");
    house.firm.reply(2, "STOP");
    until(&house.firm.file, "both are decided", |s| {
        s["suppressed"].as_u64() >= Some(1) && count(s, "letters", "draft") == 2
    });
    let browser = house.signed_in("odile", Look::default());
    browser.go(&house.page("/log"));
    browser.click("a[href$='form=csv']");
    browser.click("a[href$='form=json']");
    let csv = browser.saved("csv");
    let json = browser.saved("jsonl");
    let mut table = csv::Reader::from_reader(csv.as_bytes());
    let head = table.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|h| h == name).unwrap();
    let (frame, event) = (column("frame"), column("event"));
    let of_csv: Vec<(String, String)> = (table.records())
        .map(|r| r.unwrap())
        .map(|r| (r[frame].to_owned(), r[event].to_owned()))
        .collect();
    let of_json: Vec<(String, String)> = (serde_json::Deserializer::from_str(&json).into_iter())
        .map(|v: Result<serde_json::Value, _>| v.unwrap())
        .flat_map(|v| v.as_array().cloned().unwrap_or_else(|| vec![v]))
        .map(|e| {
            let event = e["event"].as_str().unwrap().to_owned();
            (e["frame"].to_string(), event)
        })
        .collect();
    assert_eq!(of_csv, of_json);
    let told = |word: &str| of_csv.iter().any(|(_, e)| e.contains(word));
    assert!(told("suppress") && told("letter"), "{of_csv:?}");
    assert!(!csv.contains("client1.example"), "nobody is named");
    house.end();
}

#[test]
fn without_script_every_page_is_there_and_a_letter_leaves() {
    let house = House::open();
    house
        .firm
        .reply(1, "Bonjour, d'où tenez-vous mon adresse ?");
    waiting(&house);
    let browser = Browser::start(Look::default());
    browser.without_script();
    house.sign_in(&browser, "odile");
    for (page, path) in PAGES {
        browser.go(&house.page(path));
        assert!(!browser.text("h1").is_empty(), "{page}");
        assert!(!browser.has(".has-script"), "{page}: script ran");
        // Nothing that only script can do is offered.
        let dead = "return Array.from(document.querySelectorAll('.script-only'), e => getComputedStyle(e).visibility)";
        let seen = browser.run(dead, json!([]));
        let seen = seen.as_array().unwrap();
        assert!(seen.iter().all(|v| v == "hidden"), "{page}");
    }
    browser.go(&house.page("/templates/edit?path=fr/parts/closing.txt"));
    let text = browser.value("#text");
    browser.fill("#text", &text.replace("Bonne journée", "Belle journée"));
    browser.click("#show");
    browser.click("button[value=check]");
    browser.until("what changes", || browser.has("tr.added"));
    browser.click("button[value=publish]");
    browser.until("a word that it is in force", || browser.has(".flash.good"));
    browser.go(&house.page("/"));
    browser.click("a.row");
    browser.click("form[action$='/approve'] button.main");
    browser.until("a word that it is done", || browser.has("[role=status]"));
    delivered(&house, "p1@client1.example");
    house.end();
}
