//! How the pages look and whom they shut out: nobody, by the rules of WCAG 2.2 AA that a machine can check (axe-core), in both
//! languages, light and dark, wide and narrow.

use super::house::House;
use crate::browser::{Browser, Look};
use crate::operator::until;
use serde_json::Value;
use std::path::PathBuf;

/// axe-core 4.14 of Deque Systems, under the Mozilla Public License 2.0; for tests only.
const AXE: &str = include_str!("axe.min.js");

/// Every page that the menu leads to.
const PAGES: [(&str, &str); 7] = [
    ("today", "/"),
    ("cases", "/cases"),
    ("log", "/log"),
    ("suppression", "/suppression"),
    ("register", "/register"),
    ("templates", "/templates"),
    ("figures", "/figures"),
];

/// What axe-core finds on the page that is open: rule, what it says, where.
fn violations(browser: &Browser) -> Vec<String> {
    browser.run(
        &format!("{AXE}; return typeof window.axe"),
        Value::Array(Vec::new()),
    );
    let found = browser.run_async(
        "const done = arguments[arguments.length - 1];\n\
         const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];\n\
         axe.run(document, {runOnly: tags}).then(r => done(r.violations), e => done([{id: 'failed', help: String(e), nodes: []}]))",
    );
    let one = |v: &Value| {
        let nodes = v["nodes"].as_array().cloned().unwrap_or_default();
        let places: Vec<String> = nodes
            .iter()
            .map(|n| n["target"].to_string() + " " + &n["failureSummary"].to_string())
            .collect();
        format!("{}: {} at {}", v["id"], v["help"], places.join("; "))
    };
    found.as_array().unwrap().iter().map(one).collect()
}

/// Leaves a picture where somebody wants to look at it.
fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("QUITUS_PICTURES") {
        let folder = PathBuf::from(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), browser.picture()).unwrap();
    }
}

/// The pages, and a case that holds something of everything, in one look.
fn looked_at(look: Look) {
    let house = House::open();
    house
        .firm
        .reply(1, "Bonjour, d'où vient mon adresse ? Et ne m'écrivez plus.");
    house.firm.reply(2, "STOP");
    house.firm.reply(
        3,
        "Supprimez toutes mes données, et envoyez-en d'abord une copie.",
    );
    until(&house.firm.file, "all are decided", |s| {
        s["open_cases"].as_u64() >= Some(3)
    });
    let browser = Browser::start(look);
    let name = |page: &str| {
        let shade = if look.dark { "dark" } else { "light" };
        format!("{page}-{}-{shade}-{}", look.language, look.width)
    };
    browser.go(&house.page("/"));
    let mut found: Vec<(String, Vec<String>)> = vec![("sign-in".into(), violations(&browser))];
    picture(&browser, &name("sign-in"));
    drop(browser);
    let browser = house.signed_in("odile", look);
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
    for (page, path) in PAGES {
        browser.go(&house.page(path));
        assert_eq!(browser.run(status, Value::Array(Vec::new())), 200, "{path}");
        picture(&browser, &name(page));
        found.push((page.into(), violations(&browser)));
    }
    browser.go(&house.page("/"));
    browser.click("a.row");
    browser.until("the case", || browser.url().contains("/cases/"));
    picture(&browser, &name("case"));
    found.push(("case".into(), violations(&browser)));
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(
        browser.run(wide, Value::Array(Vec::new())),
        false,
        "nothing is cut off"
    );
    found.retain(|(_, all)| !all.is_empty());
    assert!(found.is_empty(), "{found:#?}");
    house.end();
}

#[test]
fn nobody_is_shut_out_in_english_by_day() {
    looked_at(Look::default());
}

#[test]
fn nobody_is_shut_out_in_french_at_night_on_a_narrow_screen() {
    looked_at(Look {
        dark: true,
        language: "fr",
        width: 500,
        height: 900,
    });
}
