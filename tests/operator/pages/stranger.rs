//! `quitus demo --keep` as somebody has it who has read nothing: the link, what waits, a case, a template. The README's pictures are
//! taken on this way.

use crate::browser::{Browser, Look};
use crate::operator::until;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A demo that stays until the test is over, whatever its end.
struct Demo {
    child: Child,
    folder: PathBuf,
    link: String,
}

impl Demo {
    fn begin() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quitus"))
            .args(["demo", "--keep"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut after = |mark: &str| {
            let mut lines = lines.by_ref().map(Result::unwrap);
            let line = lines.find(|l| l.trim_start().starts_with(mark));
            let line = line.unwrap_or_else(|| panic!("the demo never said {mark}"));
            line.split_whitespace().last().unwrap().to_owned()
        };
        let store = PathBuf::from(after("store "));
        let folder = store.parent().unwrap().to_owned();
        let link = after("http://");
        Self {
            child,
            folder,
            link,
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Leaves a picture for the README, where somebody wants to make them anew.
fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("QUITUS_README_PICTURES") {
        let file = PathBuf::from(folder).join(format!("{name}.webp"));
        std::fs::write(file, browser.small_picture()).unwrap();
    }
}

#[test]
fn a_stranger_finds_what_waits_decides_and_changes_a_letter_in_the_demo() {
    let demo = Demo::begin();
    let look = Look {
        width: 1400,
        height: 940,
        ..Look::default()
    };
    let browser = Browser::start(look);
    browser.go(&demo.link);
    browser.shows("Waits for you");
    browser.shows("A letter to approve");
    picture(&browser, "today");
    // The first that waits is a letter: it is read where it is approved.
    browser.click("a.row");
    browser.until("the case", || browser.url().contains("/cases/Q-"));
    assert!(browser.has("mark.why") && browser.has("article.letter"));
    picture(&browser, "case");
    browser.click("nav a[href='/templates']");
    browser.shows("an unchanged copy");
    browser.click("a[href$='stop%2Fbody.txt'], a[href$='stop/body.txt']");
    browser.until("the pieces it takes in", || {
        browser.has("a[href*='parts'][href$='closing.txt']")
    });
    browser.click("a[href*='parts'][href$='closing.txt']");
    let edit = |text: &str| text.replacen("Have a good day", "Have a lovely day", 1);
    let text = browser.value("#text");
    assert_ne!(edit(&text), text, "{text}");
    browser.fill("#text", &edit(&text));
    browser.click("button[value=check]");
    browser.until("what changes", || browser.has("tr.added"));
    browser.until("the letter beside it", || {
        browser.within("iframe[name=preview]", || {
            browser.text("body").contains("Have a lovely day")
        })
    });
    picture(&browser, "templates");
    browser.click("button[value=publish]");
    browser.until("a word that it is in force", || browser.has(".flash.good"));
    let file = demo.folder.join("templates/en/parts/closing.txt");
    assert_eq!(std::fs::read_to_string(file).unwrap(), edit(&text));
    browser.click("button[value=quitus]");
    browser.until("a word that it is back", || browser.has(".flash.good"));
    let title = browser.run("return document.title", json!([]));
    assert!(title.as_str().unwrap().contains("closing.txt"));
    let config = demo.folder.join("quitus.toml");
    until(&config, "commands reach it too", |s| {
        s["daemon"].is_object()
    });
}
