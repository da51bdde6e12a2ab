//! How the pages look and whom they shut out: nobody, by the rules of WCAG 2.2 AA that a machine can check (axe-core), in both
//! languages, light and dark, wide and narrow.

use super::house::House;
use crate::browser::{Browser, Look};
use crate::operator::until;
use serde_json::{Value, json};
use std::path::PathBuf;

/// axe-core 4.14 of Deque Systems, under the Mozilla Public License 2.0; for tests only.
const AXE: &str = include_str!("axe.min.js");

/// Every page that the menu leads to.
pub const PAGES: [(&str, &str); 7] = [
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

/// Pages that no menu leads to.
const DEEPER: [(&str, &str); 6] = [
    ("editor", "/templates/edit?path=fr/parts/closing.txt"),
    (
        "compare",
        "/templates/compare?path=fr/parts/closing.txt&from=quitus&to=in_force",
    ),
    ("templates-fr", "/templates?language=fr"),
    ("coverage", "/register/coverage"),
    ("all-cases", "/cases?state=all"),
    ("nowhere", "/no/such/page"),
];

/// A firm to which people wrote one thing of every sort.
fn busy() -> House {
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
    let closing = "Bien à vous,\n{{ controller.name }}\n";
    house.firm.write("templates/fr/parts/closing.txt", closing);
    house
}

/// What is wrong with the pages, one after the other.
struct Tour {
    browser: Browser,
    look: Look,
    found: Vec<(String, Vec<String>)>,
}

impl Tour {
    /// Looks at the page that is open.
    fn look(&mut self, page: &str) {
        let shade = if self.look.dark { "dark" } else { "light" };
        let name = format!("{page}-{}-{shade}-{}", self.look.language, self.look.width);
        picture(&self.browser, &name);
        let mut wrong = violations(&self.browser);
        let wide =
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
        if self.browser.run(wide, json!([])) == true {
            wrong.push("something is cut off".into());
        }
        if !wrong.is_empty() {
            self.found.push((name, wrong));
        }
    }

    fn go(&mut self, house: &House, (page, path): (&str, &str)) {
        self.browser.go(&house.page(path));
        let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
        let wanted = if page == "nowhere" { 404 } else { 200 };
        assert_eq!(self.browser.run(status, json!([])), wanted, "{path}");
        self.look(page);
    }
}

/// Every page, in one look.
fn looked_at(house: &House, look: Look) {
    let browser = Browser::start(look);
    browser.go(&house.page("/"));
    let mut tour = Tour {
        browser,
        look,
        found: Vec::new(),
    };
    tour.look("sign-in");
    house.sign_in(&tour.browser, "odile");
    for page in PAGES.into_iter().chain(DEEPER) {
        tour.go(house, page);
    }
    cases(house, &mut tour);
    changes(house, &mut tour);
    people(house, &mut tour);
    assert!(tour.found.is_empty(), "{:#?}", tour.found);
}

/// A case, its letter to be edited, its label to be corrected, and several letters at once.
fn cases(house: &House, tour: &mut Tour) {
    tour.go(house, ("cases", "/cases"));
    tour.browser.click("input[type=checkbox]");
    tour.browser.click("form[action='/cases/approve'] button");
    tour.browser
        .until("the letters", || tour.browser.url().ends_with("/approve"));
    tour.look("bulk");
    let case = |tour: &mut Tour, who: &str| {
        let path = format!("/cases?find=p{who}%40client{who}.example");
        // One that is found alone is opened at once.
        tour.browser.go(&house.page(&path));
        tour.browser
            .until("the case", || tour.browser.url().contains("/cases/Q-"));
    };
    // One that holds something of everything: evidence, a letter that is not proved enough, all that can be decided.
    case(tour, "3");
    let open = "document.querySelectorAll('details').forEach(d => d.open = true)";
    tour.browser.run(open, json!([]));
    tour.look("case");
    let path = tour.browser.url();
    tour.browser.go(&format!("{path}/correct"));
    tour.look("correct");
    case(tour, "2");
    tour.look("case-of-a-stop");
    tour.browser.click("a[href$='/edit']");
    tour.browser
        .until("the letter", || tour.browser.has("#text"));
    tour.look("edit");
}

/// A template with mistakes, and one with changes.
fn changes(house: &House, tour: &mut Tour) {
    for (page, text, sign) in [
        ("broken", "{{ controler.name }}", "#mistakes"),
        (
            "changed",
            "Cordialement,\n{{ controller.name }}\n",
            "tr.added",
        ),
    ] {
        let edit = "/templates/edit?path=fr/parts/closing.txt";
        tour.browser.go(&house.page(edit));
        tour.browser.fill("#text", text);
        tour.browser.click("button[value=check]");
        tour.browser.until(sign, || tour.browser.has(sign));
        tour.look(page);
    }
}

/// One person's story, and whether somebody may be written to.
fn people(house: &House, tour: &mut Tour) {
    tour.browser.go(&house.page("/register"));
    tour.browser.fill("#whom", "p1@client1.example");
    tour.browser.click("main form button.main");
    tour.browser.shows("Dropcontact");
    tour.look("person");
    tour.browser.click("a.row[href^='/messages/']");
    tour.browser
        .until("the message", || tour.browser.url().contains("/messages/"));
    tour.look("message");
    tour.browser.go(&house.page("/suppression"));
    tour.browser
        .fill("#list", "p2@client2.example\np9@client9.example");
    tour.browser
        .click("form[action='/suppression/check'] button");
    tour.browser.shows("p9@client9.example");
    tour.look("checked");
}

// Colours, words and widths hang on nothing of each other, so two looks have them all; QUITUS_PICTURES shows them.

#[test]
fn nobody_is_shut_out_in_english_by_day_on_a_wide_screen() {
    let house = busy();
    looked_at(&house, Look::default());
    house.end();
}

#[test]
fn nobody_is_shut_out_in_french_at_night_on_a_narrow_screen() {
    let house = busy();
    let narrow = Look {
        dark: true,
        language: "fr",
        width: 500,
        height: 900,
    };
    looked_at(&house, narrow);
    house.end();
}
