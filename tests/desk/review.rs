//! `quitus review` at a terminal, against the real daemon: what is shown at 80 and 200 columns, and what each key does.

use crate::stage::{MAILBOX, Stage, read};
use crate::terminal::Terminal;
use quitus::record::Mode;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const ACCESS: &str =
    "Hello,\n\nplease send me a copy of all personal data that you hold about me.\n\nBob";

/// Somebody at a terminal of so many columns, with an editor.
fn at(stage: &Stage, words: &[&str], columns: u16, editor: &str) -> Terminal {
    let file = stage.folder.path().join("quitus.toml");
    let words = [words, &["--config", file.to_str().unwrap()]].concat();
    let environment = [
        ("LANG", "en_GB.UTF-8"),
        ("TERM", "xterm-256color"),
        ("EDITOR", editor),
        ("VISUAL", ""),
    ];
    Terminal::of(stage.folder.path(), &words, columns, &environment)
}

/// An editor that does this to the file.
fn editor(stage: &Stage, does: &str) -> String {
    let path = stage.folder.path().join("editor");
    std::fs::write(&path, format!("#!/bin/sh\n{does}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What was shown without colours, line by line.
fn lines(terminal: &Terminal) -> Vec<String> {
    let colour = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    let text = colour.replace_all(&terminal.shown, "").replace('\r', "");
    text.lines().map(str::to_owned).collect()
}

fn widest(terminal: &Terminal) -> usize {
    let lines = lines(terminal);
    let wide = lines.iter().map(|l| l.chars().count());
    wide.max().unwrap()
}

async fn two_wait(stage: &Stage) {
    stage
        .receives("bob@cliff.example", "Re: Relais", ACCESS)
        .await;
    let stop = "Please remove me from your mailing list.";
    stage
        .receives("anne@dune.example", "Re: Relais", stop)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_walked_through_and_one_key_lets_the_letter_leave() {
    let stage = Stage::build(Mode::Review).await;
    two_wait(&stage).await;
    let open = stage.open().await;
    let mut terminal = at(&stage, &["review"], 80, "false");
    for (n, case) in open.iter().enumerate() {
        let shown = stage.show(case).await;
        let drafts = stage.drafts(case).await;
        // An access has an acknowledgement beside its answer: the answer is picked, and ends the case.
        let draft = drafts.last().unwrap();
        terminal.sees(case);
        terminal.sees("as it will leave");
        terminal.sees(draft["subject"].as_str().unwrap());
        terminal.sees("a approve");
        terminal.types("a");
        if drafts.len() > 1 {
            terminal.sees("2 answer");
            terminal.types("2");
        }
        terminal.sees("the letter is queued");
        assert!(stage.post.wait_for(n + 1, PATIENCE).await, "{}", shown.text);
        let left = stage.post.received().pop().unwrap();
        assert_eq!(read(&left).0, draft["text"].as_str().unwrap());
    }
    terminal.sees("that was all");
    assert_eq!(terminal.ends(), Some(0));
    assert!(widest(&terminal) <= 80, "{:#?}", lines(&terminal));
    // The words that decided it are marked, as the colours of the terminal say it.
    assert!(
        terminal.shown.contains("\u{1b}[4m") || terminal.shown.contains("\u{1b}[1;4"),
        "{}",
        terminal.shown
    );
    let mut again = at(&stage, &["review"], 80, "false");
    again.sees("nothing waits for a human");
    assert_eq!(again.ends(), Some(0));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_beside_the_case_is_shown_before_it_is_decided() {
    let stage = Stage::build(Mode::Review).await;
    stage
        .sent("anne@dune.example", "Relais", "relais-1", 9)
        .await;
    let stop = "STOP, ne m'écrivez plus.";
    stage
        .receives("anne@dune.example", "Re: Relais", stop)
        .await;
    let mut terminal = at(&stage, &["review"], 80, "false");
    terminal.sees("a mail to them from sales");
    // What is typed before it asks is thrown away.
    terminal.sees("e edit");
    terminal.types("q");
    terminal.ends();
    let told = lines(&terminal);
    let line = told.iter().find(|l| l.contains("a mail to them")).unwrap();
    assert!(line.starts_with("besides    "), "{told:#?}");
    assert!(widest(&terminal) <= 80, "{told:#?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_rewritten_in_the_editor_and_leaves_in_these_words() {
    let stage = Stage::build(Mode::Review).await;
    let stop = "Please remove me from your mailing list.";
    stage
        .receives("bob@cliff.example", "Re: Relais", stop)
        .await;
    let case = stage.open().await.remove(0);
    let before = stage.drafts(&case).await[0].clone();
    // First with a claim that nothing proves, then with a friendly word before the first sentence.
    let script =
        "if [ -e done ]; then cp good \"$1\"; else cp \"$1\" kept; cp bad \"$1\"; touch done; fi";
    let editor = editor(
        &stage,
        &format!("cd {}\n{script}", stage.folder.path().display()),
    );
    let text = before["text"].as_str().unwrap();
    let (first, rest) = text.split_once("\n\n").unwrap();
    let good = format!("Subject: Sorry\n\n{first}\n\nThank you for telling us.\n{rest}");
    let bad = good.replace("Thank you", "[name], thank you");
    std::fs::write(stage.folder.path().join("good"), &good).unwrap();
    std::fs::write(stage.folder.path().join("bad"), &bad).unwrap();
    let mut terminal = at(&stage, &["review"], 80, &editor);
    terminal.sees("e edit");
    terminal.types("e");
    terminal.sees("✗");
    terminal.sees("e edit again");
    assert!(
        !terminal.shown.contains("approve this"),
        "{}",
        terminal.shown
    );
    // A key that is not offered does nothing but drop it; this one is.
    terminal.types("e");
    terminal.sees("Thank you for telling us.");
    terminal.sees("a approve this");
    terminal.types("a");
    terminal.sees("the letter is queued");
    assert!(stage.post.wait_for(1, PATIENCE).await);
    let left = stage.post.received().pop().unwrap();
    assert!(read(&left).0.contains("Thank you for telling us."));
    let raw = String::from_utf8(left.raw.clone()).unwrap();
    assert!(raw.contains("Subject: Sorry"), "{raw}");
    // What the editor was given is what was shown, and no copy of it stays.
    let kept = std::fs::read_to_string(stage.folder.path().join("kept")).unwrap();
    assert_eq!(
        kept,
        format!("Subject: {}\n\n{text}", before["subject"].as_str().unwrap())
    );
    terminal.sees("that was all");
    assert_eq!(terminal.ends(), Some(0));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_wants_a_reason_and_what_is_skipped_stays() {
    let stage = Stage::build(Mode::Review).await;
    two_wait(&stage).await;
    let open = stage.open().await;
    let mut terminal = at(&stage, &["review"], 200, "false");
    terminal.sees(&open[0]);
    terminal.sees("q quit");
    terminal.types("r");
    terminal.answers("Why, as an auditor should read it", "");
    terminal.sees("nothing was done");
    terminal.sees("q quit");
    terminal.types("z");
    terminal.sees("q quit");
    terminal.types("r");
    terminal.answers(
        "Why, as an auditor should read it",
        "a joke among colleagues",
    );
    terminal.sees("refused and closed");
    terminal.sees(&open[1]);
    terminal.sees("q quit");
    terminal.types("s");
    terminal.sees("that was all");
    assert_eq!(terminal.ends(), Some(0));
    // Message and letter stand beside each other where there is room, and no line is wider than the screen.
    let beside = lines(&terminal);
    let beside = beside.iter().filter(|l| l.contains(" │ "));
    assert!(
        beside.count() > 5 && widest(&terminal) <= 200,
        "{:#?}",
        lines(&terminal)
    );
    assert_eq!(stage.open().await, [open[1].clone()]);
    assert_eq!(stage.post.count(), 0);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_between_is_refused_and_the_case_is_shown_anew() {
    let stage = Stage::build(Mode::Review).await;
    two_wait(&stage).await;
    let case = stage.open().await.remove(0);
    let mut terminal = at(&stage, &["review", &case], 80, "false");
    terminal.sees("q quit");
    let word = json!({"reason": "somebody was faster"});
    stage.order(&format!("/requests/{case}/refuse"), word).await;
    terminal.types("a");
    terminal.sees("1 acknowledgement");
    terminal.types("1");
    terminal.sees("was closed at");
    terminal.sees("is closed");
    assert_eq!(terminal.ends(), Some(0));
    assert_eq!(stage.post.count(), 0);
    stage.end().await;
}

#[tokio::test]
async fn a_rewritten_letter_is_approved_only_by_the_hash_of_the_new_words() {
    let stage = Stage::build(Mode::Review).await;
    let stop = "Please remove me from your mailing list.";
    stage
        .receives("bob@cliff.example", "Re: Relais", stop)
        .await;
    let case = stage.open().await.remove(0);
    let draft = stage.drafts(&case).await[0].clone();
    let text = draft["text"]
        .as_str()
        .unwrap()
        .replacen("\n\n", "\n\nThank you.\n", 1);
    let word = json!({"hash": draft["hash"], "subject": "Sorry", "text": text});
    let shown = stage
        .order(&format!("/requests/{case}/rewrite"), word)
        .await;
    assert_eq!(shown.data["findings"], json!([]), "{}", shown.text);
    assert_ne!(shown.data["hash"], draft["hash"]);
    assert_eq!(stage.drafts(&case).await[0], draft, "nothing of it is kept");
    let path = format!("/requests/{case}/approve");
    // The hash of the draft before, other words than were shown, and words that the linter holds: nothing leaves.
    for (hash, text) in [
        (&draft["hash"], text.clone()),
        (&shown.data["hash"], text.replace("Thank you.", "Thanks.")),
        (&shown.data["hash"], text.replace("Thank you.", "[name]")),
    ] {
        let word = json!({"hash": hash, "rewritten": ["Sorry", text], "by": "odile"});
        let done = stage.client.post(&path, &word).await;
        assert!(done.is_err() || done.is_ok_and(|a| a.wrong));
    }
    // What the linter would not let leave is shown with its hash, and does not leave by it.
    let hole = text.replace("Thank you.", "Dear [name],");
    let word = json!({"hash": draft["hash"], "subject": "Sorry", "text": hole});
    let held = stage
        .order(&format!("/requests/{case}/rewrite"), word)
        .await;
    assert!(held.wrong && held.data["findings"][0]["what"].is_string());
    let word = json!({"hash": held.data["hash"], "rewritten": ["Sorry", hole]});
    let refused = stage.refused(&path, word).await;
    assert!(refused.error.contains("[name]"), "{}", refused.error);
    // There is one way to say other words: an approval that says them in another way lets nothing leave.
    let word = json!({"hash": draft["hash"], "text": "No.", "by": "odile"});
    assert!(stage.client.post(&path, &word).await.is_err());
    assert_eq!(stage.post.count(), 0);
    let word = json!({"hash": shown.data["hash"], "rewritten": ["Sorry", text]});
    assert!(!stage.order(&path, word).await.wrong);
    assert!(stage.post.wait_for(1, PATIENCE).await);
    let left = stage.post.received().pop().unwrap();
    assert!(read(&left).0.contains("Thank you.") && left.to == ["bob@cliff.example"]);
    assert!(String::from_utf8_lossy(&left.raw).contains(MAILBOX));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_status_and_log_fit_a_terminal_and_a_pipe_gets_lines_as_they_are() {
    let stage = Stage::build(Mode::Review).await;
    two_wait(&stage).await;
    for columns in [80, 200] {
        for words in [&["requests", "list"][..], &["status"], &["log"]] {
            let mut terminal = at(&stage, words, columns, "false");
            terminal.ends();
            assert!(
                widest(&terminal) <= columns.into(),
                "{words:?}: {:#?}",
                lines(&terminal)
            );
            assert!(terminal.shown.contains('\u{1b}'), "{words:?} has no colour");
        }
    }
    let file = stage.folder.path().join("quitus.toml");
    let piped = |words: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quitus"));
        let out = command
            .args(words)
            .arg("--config")
            .arg(&file)
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let (log, list) = (piped(&["log"]), piped(&["requests", "list"]));
    assert!(!log.contains('\u{1b}') && !list.contains('\u{1b}'));
    assert!(
        log.lines().all(|l| l.starts_with("20")),
        "one line an event:\n{log}"
    );
    // The export is the same log: each event once, as a table and as lines of JSON.
    let (csv, json) = (
        piped(&["log", "--export", "csv"]),
        piped(&["log", "--export", "json"]),
    );
    let events = log.lines().count();
    assert_eq!(
        (csv.lines().count(), json.lines().count()),
        (events + 1, events)
    );
    assert!(csv.starts_with("at,frame,event,what,rule,because\r\n"));
    let last: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert!(
        log.lines()
            .last()
            .unwrap()
            .contains(last["what"].as_str().unwrap())
    );
    let part = piped(&["log", "--export", "json", "--from", "2", "--limit", "1"]);
    let frames: Vec<_> = part
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["frame"].clone())
        .collect();
    assert!(
        !frames.is_empty() && frames.iter().all(|f| *f == 2),
        "{frames:?}"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_the_log_sees_what_happens_as_it_happens() {
    let stage = Stage::build(Mode::Review).await;
    let mut terminal = at(&stage, &["log", "--follow", "--limit", "3"], 80, "false");
    terminal.sees("(UTC)");
    stage
        .receives("bob@cliff.example", "Re: Relais", ACCESS)
        .await;
    terminal.sees("received");
    terminal.sees("letter drafted");
    drop(terminal);
    stage.end().await;
}

#[test]
fn without_a_terminal_it_says_what_to_type_instead() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quitus"));
    let out = command
        .args(["review", "--config", "none.toml"])
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("quitus requests list"));
}
