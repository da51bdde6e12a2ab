//! Templates and lexicons edited while the daemon runs: the last good set stays in force, and the mistake is told where it is.

use crate::firm::Firm;
use crate::operator::{Running, ask, count, status, until};
use quitus::sandbox::smtp;
use rustix::process::Signal;

const LETTER: &str = "{% include \"fr/parts/greeting.txt\" %}\n\nLettre TOURNESOL.\n\n{% include \"fr/parts/stop.txt\" %}\n\n{% include \"fr/parts/closing.txt\" %}\n";

fn text(letter: &smtp::Received) -> String {
    String::from_utf8_lossy(&letter.raw).into_owned()
}

#[test]
fn a_broken_template_or_lexicon_changes_nothing_until_it_is_mended() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(smtp::Server::start(Default::default()));
    let server = server.unwrap();
    let firm = Firm::new(server.address().port());
    let file = &firm.file;
    firm.write("templates/fr/stop/body.txt", LETTER);
    std::fs::create_dir(firm.path("lexicon")).unwrap();
    let own = "[templates]\npath = \"templates\"\n\n[lexicon]\npath = \"lexicon\"\n\n[smtp]";
    firm.change("[smtp]", own);
    let daemon = Running::start(file);
    ask(
        file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    firm.reply(1, "STOP");
    until(file, "the letter left", |s| {
        count(s, "letters", "sent") == 1
    });
    assert!(text(&server.received()[0]).contains("TOURNESOL"));

    // Saved with a mistake: told with its place; letters go on as before.
    let broken = LETTER.replace("TOURNESOL.", "TULIPE {{ person.nam }}.");
    firm.write("templates/fr/stop/body.txt", &broken);
    let now = until(file, "the mistake is shown", |s| {
        s["daemon"]["edits"].is_array()
    });
    let shown = now["daemon"]["edits"][1].to_string();
    assert!(shown.contains("templates/fr/stop/body.txt:3:"), "{shown}");
    let told = ask(file, &["status"]);
    assert!(
        told.code == Some(1) && told.out.contains("the last good set stays"),
        "{told:?}"
    );
    daemon.said("templates/fr/stop/body.txt:3:");
    firm.reply(2, "STOP");
    until(file, "the letter left", |s| {
        count(s, "letters", "sent") == 2
    });
    assert!(text(&server.received()[1]).contains("TOURNESOL"));

    // Mended: the next letter uses it.
    firm.write(
        "templates/fr/stop/body.txt",
        &LETTER.replace("TOURNESOL", "TULIPE"),
    );
    until(file, "it is in force", |s| s["daemon"]["edits"].is_null());
    firm.reply(3, "STOP");
    until(file, "the letter left", |s| {
        count(s, "letters", "sent") == 3
    });
    assert!(text(&server.received()[2]).contains("TULIPE"));

    firm.write(
        "lexicon/fr.toml",
        "language = \"fr\"\n\n[[stop]]\nid = \"own\"\nsay = [\"(stop\"]\n",
    );
    let now = until(file, "the mistake is shown", |s| {
        s["daemon"]["edits"].is_array()
    });
    let shown = now["daemon"]["edits"][1].to_string();
    assert!(shown.contains("lexicon/fr.toml:"), "{shown}");
    std::fs::remove_file(firm.path("lexicon/fr.toml")).unwrap();
    until(file, "it is in force", |s| s["daemon"]["edits"].is_null());
    daemon.end();
}

#[test]
fn a_hang_up_swaps_what_is_good_and_says_what_waits_for_a_restart() {
    let firm = Firm::new(1);
    let file = &firm.file;
    let daemon = Running::start(file);
    firm.change("delay_minutes = 0", "delay_minutes = \"soon\"");
    daemon.signal(Signal::HUP);
    let now = until(file, "the mistake is shown", |s| {
        s["daemon"]["edits"].is_array()
    });
    let shown = now["daemon"]["edits"][1].to_string();
    assert!(shown.contains("quitus.toml:"), "{shown}");
    // A command reads the same file: it says the same mistake.
    firm.change("delay_minutes = \"soon\"", "delay_minutes = 5");
    firm.change("poll_seconds = 1", "poll_seconds = 2");
    daemon.signal(Signal::HUP);
    let now = until(file, "it is in force", |s| s["daemon"]["edits"].is_null());
    assert_eq!(now["daemon"]["restart"], serde_json::json!(["[[mailbox]]"]));
    let told = ask(file, &["status"]);
    assert!(
        told.out.contains("RESTART    [[mailbox]] changed"),
        "{told:?}"
    );
    daemon.end();
    let daemon = Running::start(file);
    assert_eq!(status(file)["daemon"]["restart"], serde_json::json!([]));
    daemon.end();
}
