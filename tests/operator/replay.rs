//! The first hour: a mailbox's past is told without a trace, interrupted and gone on with, and its STOPs are applied.

use crate::firm::{self, Firm, MAILBOX};
use crate::operator::{Running, Said, ask, quitus, until};
use jiff::{SignedDuration, Timestamp};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

const STOP: &str = "Merci de ne plus m'écrire.";
const ACCESS: &str = "Conformément à l'article 15 du RGPD, je vous demande une copie de toutes les données que vous détenez sur moi.";

fn ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// A mail of ours to person `n`.
fn mailed(n: u32, id: &str, answers: &str, at: Timestamp) -> String {
    let date = date(at);
    format!(
        "Date: {date}\r\nFrom: {MAILBOX}\r\nTo: p{n}@client{n}.example\r\nSubject: Le carnet de maintenance\r\nMessage-ID: \
         <{id}@ateliervauban.example>\r\n{answers}\r\nBonjour, auriez-vous dix minutes ? Répondez STOP pour ne plus rien recevoir.\r\n"
    )
}

/// What happened so far: folder (of Maildir++), message, when.
fn past() -> Vec<(&'static str, String, Timestamp)> {
    let mut past = Vec::new();
    for n in 0..8 {
        past.push((
            ".Sent",
            mailed(n, &format!("mail.{n}"), "", ago(60)),
            ago(60),
        ));
    }
    let replied = |n: u32, words: &str, days| (firm::reply(n, words, ago(days)), ago(days));
    for (n, words, days) in [
        (0, STOP, 50),
        (1, STOP, 50),
        (2, ACCESS, 50),
        (3, ACCESS, 50),
    ] {
        let (message, at) = replied(n, words, days);
        past.push(("", message, at));
    }
    let (message, at) = replied(4, "D'où tenez-vous mon adresse ?", 3);
    past.push(("", message, at));
    let (message, at) = replied(5, STOP, 20);
    past.push((".Unwanted", message, at));
    // Somebody threw this one away.
    let (message, at) = replied(6, STOP, 45);
    past.push((".Corbeille", message, at));
    // Two more mails to the first, in spite of the STOP; answers to the second and the fourth.
    past.push((".Sent", mailed(0, "again.1", "", ago(40)), ago(40)));
    past.push((".Sent", mailed(0, "again.2", "", ago(10)), ago(10)));
    for n in [1, 3] {
        let answers = format!("In-Reply-To: <reply.{n}@client{n}.example>\r\n");
        past.push((
            ".Sent",
            mailed(n, &format!("answer.{n}"), &answers, ago(49)),
            ago(49),
        ));
    }
    let list = format!(
        "Date: {}\r\nFrom: news@shop.example\r\nTo: {MAILBOX}\r\nList-Id: <news.shop.example>\r\nMessage-ID: <n1@shop.example>\r\n\
         Subject: Soldes\r\n\r\nDésabonnez-vous ici.\r\n",
        date(ago(5))
    );
    past.push(("", list, ago(5)));
    past
}

fn fill(firm: &Firm) {
    for (folder, message, at) in past() {
        firm.deliver(folder, &message, at);
    }
}

/// Where the notes and the report of this firm are.
fn state(firm: &Firm) -> String {
    firm.path("replay").display().to_string()
}

fn replay(firm: &Firm, words: &[&str]) -> Said {
    let state = state(firm);
    let mut all = vec!["replay", "--state", &state];
    all.extend(words);
    ask(&firm.file, &all)
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"))
}

fn people(found: &Value, what: &str) -> BTreeSet<String> {
    let rows = found[what].as_array().unwrap().iter();
    rows.map(|r| r["who"].as_str().unwrap().to_owned())
        .collect()
}

fn set(people: &[&str]) -> BTreeSet<String> {
    people.iter().map(|p| (*p).to_owned()).collect()
}

/// Every message with its flags, as another client sees them; \Recent is the session's own.
fn flags(firm: &Firm) -> String {
    let said = firm
        .dovecot
        .doveadm(&["fetch", "-u", MAILBOX, "mailbox uid flags", "ALL"]);
    said.replace("\\Recent", "").replace(' ', "")
}

fn must_be_the_past(found: &Value) {
    assert_eq!(found["counts"]["sent"], 12, "{found:#}");
    must_be_missed(found);
}

fn must_be_missed(found: &Value) {
    assert_eq!(
        people(found, "objections"),
        set(&[
            "p0@client0.example",
            "p1@client1.example",
            "p5@client5.example",
            "p6@client6.example"
        ]),
        "{found:#}"
    );
    let after = &found["mailed_after"];
    assert_eq!(after.as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!(
        (after[0]["mails"].as_u64(), after[0]["days"].as_i64()),
        (Some(2), Some(40))
    );
    let requests = found["requests"].as_array().unwrap();
    let state = |who: &str| {
        let row = requests.iter().find(|r| r["who"] == who).unwrap();
        (
            row["kind"].as_str().unwrap(),
            row["overdue"].is_null(),
            row["answered"].is_null(),
        )
    };
    assert_eq!(state("p2@client2.example"), ("access", false, true));
    assert_eq!(state("p3@client3.example"), ("access", true, false));
    assert_eq!(state("p4@client4.example"), ("source", true, true));
    assert_eq!(found["counts"]["passed"]["list"], 1, "{found:#}");
    assert_eq!(found["counts"]["read"], 7, "{found:#}");
}

#[test]
fn a_past_is_told_without_a_trace_interrupted_gone_on_with_and_its_stops_applied() {
    let firm = Firm::new(1);
    fill(&firm);
    let inbox = ["-u", MAILBOX, "\\Seen \\Flagged", "mailbox", "INBOX", "1:2"];
    firm.dovecot
        .doveadm(&[&["flags", "add"], inbox.as_slice()].concat());
    let before = flags(&firm);
    assert!(before.contains("\\Seen"), "{before}");

    interrupted(&firm);
    let said = replay(&firm, &["--json", "--full"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("going on: "), "{said:?}");
    must_be_the_past(&json(&said));
    assert_eq!(flags(&firm), before, "a replay leaves no trace");
    assert!(!firm.path("store").exists(), "and makes no store");
    let notes = firm.path("replay/notes");
    assert!(
        !notes.exists(),
        "the notes are gone once the report is told"
    );
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(firm.path("replay")), 0o700);
    assert_eq!(mode(firm.path("replay/report.json")), 0o600);

    shown(&firm);
    applied(&firm);
    narrower(&firm);
    let gone = replay(&firm, &["--forget"]);
    assert_eq!(gone.code, Some(0), "{gone:?}");
    assert!(!firm.path("replay").exists());
    assert_eq!(replay(&firm, &["--last"]).code, Some(2));
}

/// Waits until so many lines are noted.
fn noted(firm: &Firm, many: usize) -> PathBuf {
    let notes = firm.path("replay/notes");
    let began = Instant::now();
    let text = || std::fs::read_to_string(&notes).unwrap_or_default();
    while text().lines().count() < many {
        let late = began.elapsed() > Duration::from_secs(60);
        assert!(!late, "it notes nothing");
        std::thread::sleep(Duration::from_millis(20));
    }
    notes
}

/// Only since a day, only one folder, only a mailbox that exists.
fn narrower(firm: &Firm) {
    let day = ago(30).strftime("%F").to_string();
    let late = json(&replay(firm, &["--since", &day, "--json", "--full"]));
    assert_eq!(
        people(&late, "objections"),
        set(&["p5@client5.example"]),
        "{late:#}"
    );
    assert_eq!(
        late["counts"]["sent"], 12,
        "what was sent before it counts: {late:#}"
    );
    let inbox = json(&replay(firm, &["--folder", "INBOX", "--json", "--full"]));
    let people = people(&inbox, "objections");
    assert_eq!(
        people,
        set(&["p0@client0.example", "p1@client1.example"]),
        "{inbox:#}"
    );
    let nobody = replay(firm, &["--mailbox", "nobody"]);
    assert_eq!(nobody.code, Some(2), "{nobody:?}");
    assert!(nobody.err.contains("there is sales"), "{nobody:?}");
}

/// Ctrl-C in the middle: it ends soon, says so, and keeps what it has.
fn interrupted(firm: &Firm) {
    let state = state(firm);
    let words = ["replay", "--state", &state, "--pace", "1"];
    let mut command = quitus(&firm.file, &words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let notes = noted(firm, 10);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{err}");
    assert!(
        err.contains("interrupted") && err.contains("goes on from here"),
        "{err}"
    );
    assert!(ended.stdout.is_empty(), "half a past is no report");
    // A line that was cut counts for nothing.
    let text = std::fs::read_to_string(&notes).unwrap();
    std::fs::write(&notes, format!("{text}{{\"mail\":{{\"folder\":0,")).unwrap();
    let other = replay(firm, &["--since", "2020-01-01"]);
    assert_eq!(other.code, Some(2), "{other:?}");
    assert!(other.err.contains("--fresh"), "{other:?}");
}

/// The same report again, as text, page and table.
fn shown(firm: &Firm) {
    let (html, csv) = (firm.path("r.html"), firm.path("r.csv"));
    let files = [
        "--html",
        html.to_str().unwrap(),
        "--csv",
        csv.to_str().unwrap(),
    ];
    let said = replay(
        firm,
        &[&["--last", "--language", "fr"], files.as_slice()].concat(),
    );
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.out.contains("Relancés après leur STOP : 1"),
        "{said:?}"
    );
    assert!(
        !said.out.contains("p0@") && !said.out.contains('\u{1b}'),
        "{said:?}"
    );
    assert!(
        said.out.lines().all(|l| l.chars().count() <= 80),
        "{said:?}"
    );
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(page.contains("p0@client0.example") && page.contains("ne plus m&#39;écrire"));
    let table = std::fs::read_to_string(&csv).unwrap();
    assert!(
        table.contains("mailed_after_stop,p0@client0.example"),
        "{table}"
    );
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&html), mode(&csv)), (0o600, 0o600));
}

/// The one further command: first only a list, then done, then nothing left to do; the store knows why.
fn applied(firm: &Firm) {
    let asked = replay(firm, &["--apply", "--full"]);
    assert_eq!(asked.code, Some(1), "{asked:?}");
    assert!(
        asked.out.contains("p0@client0.example") && asked.err.contains("--yes"),
        "{asked:?}"
    );
    assert!(!firm.path("store").exists(), "it only asked");
    // Their whole firm is held: their own word must still hold once it is lifted.
    let firm_held = ask(&firm.file, &["suppression", "add", "@client1.example"]);
    assert_eq!(firm_held.code, Some(0), "{firm_held:?}");
    let done = json(&replay(firm, &["--apply", "--yes", "--json"]));
    assert_eq!(
        (&done["suppressed"], &done["already"]),
        (&4.into(), &0.into()),
        "{done}"
    );
    for n in [0, 1, 5, 6] {
        let checked = ask(
            &firm.file,
            &["suppression", "check", &format!("p{n}@client{n}.example")],
        );
        assert_eq!(checked.code, Some(1), "{checked:?}");
        let why = "found by replay: stop of ";
        assert!(
            checked.out.contains(why) && checked.out.contains("ne plus m'écrire"),
            "{checked:?}"
        );
    }
    let free = ask(&firm.file, &["suppression", "check", "p2@client2.example"]);
    assert_eq!(free.code, Some(0), "{free:?}");
    let again = json(&replay(firm, &["--apply", "--yes", "--json"]));
    assert_eq!(
        (&again["suppressed"], &again["already"]),
        (&0.into(), &4.into()),
        "{again}"
    );
}

#[test]
fn a_connection_that_is_cut_is_opened_again_and_nothing_is_told_twice() {
    let firm = Firm::new(1);
    fill(&firm);
    // More than one portion, so that the cut comes in the middle of a folder.
    for n in 100..170 {
        let mail = mailed(n, &format!("mail.{n}"), "", ago(60));
        firm.deliver(".Sent", &mail, ago(60));
    }
    let state = state(&firm);
    let words = [
        "replay", "--state", &state, "--pace", "20", "--json", "--full",
    ];
    let mut command = quitus(&firm.file, &words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let notes = noted(&firm, 10);
    let taken = std::fs::read_to_string(notes).unwrap().lines().count();
    assert!(taken < 80, "the cut would come too late: {taken}");
    firm.dovecot.doveadm(&["kick", MAILBOX]);
    let ended = child.wait_with_output().unwrap();
    let out = String::from_utf8(ended.stdout).unwrap();
    let found: Value = serde_json::from_str(&out).unwrap();
    must_be_missed(&found);
    assert_eq!(found["counts"]["sent"], 82, "{found:#}");
    assert_eq!(found["trouble"], serde_json::json!([]), "{found:#}");
    assert!(found["counts"]["passed"]["missing"].is_null(), "{found:#}");
    let log = firm.dovecot.log();
    assert!(log.contains("Killed with signal"), "{log}");
    assert_eq!(
        log.matches("Info: Login: ").count(),
        3,
        "twice for what was sent, then for the rest: {log}"
    );
}

#[test]
fn stops_are_applied_through_a_daemon_that_runs() {
    let firm = Firm::new(1);
    let folder = firm.folder.path().join("mail");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("1.eml"), firm::reply(7, STOP, ago(9))).unwrap();
    let said = replay(&firm, &[folder.to_str().unwrap()]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let daemon = Running::start(&firm.file);
    let done = json(&replay(&firm, &["--apply", "--yes", "--json"]));
    assert_eq!(done["suppressed"], 1, "{done}");
    until(&firm.file, "it is suppressed", |s| s["suppressed"] == 1);
    daemon.end();
}

#[test]
fn an_mbox_and_a_maildir_tell_the_same_past_as_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = folder.path().join("Maildir");
    let (mut inbox, mut sent, mut junk) = (String::new(), String::new(), String::new());
    for (n, (name, message, at)) in past().into_iter().enumerate() {
        let place = maildir.join(name.replace("Unwanted", "Junk")).join("cur");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join(format!("{n}:2,S")), &message).unwrap();
        let mbox = match name {
            ".Sent" => &mut sent,
            "" => &mut inbox,
            _ => &mut junk,
        };
        let separator = at.strftime("From x@y.example %a %b %e %H:%M:%S %Y");
        write!(mbox, "{separator}\n{}\n", message.replace("\r\n", "\n")).unwrap();
    }
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (inbox, out) = (write("inbox.mbox", &inbox), write("out.mbox", &sent));
    let junk = write("Junk.mbox", &junk);
    // Without a configuration: whose mailbox it is, is learned from the sent mail.
    let run = |words: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quitus"));
        let state = folder.path().join("state").display().to_string();
        command
            .args(["replay", "--json", "--full", "--state", &state])
            .args(words);
        command
            .current_dir(folder.path())
            .env_remove("QUITUS_CONFIG");
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let found: Value = serde_json::from_str(&text)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        found
    };
    must_be_the_past(&run(&[&inbox, &junk, "--sent", &out]));
    must_be_the_past(&run(&[maildir.to_str().unwrap()]));
    let late = run(&[
        &inbox,
        &junk,
        "--sent",
        &out,
        "--since",
        &ago(30).strftime("%F").to_string(),
    ]);
    assert_eq!(
        people(&late, "objections"),
        set(&["p5@client5.example"]),
        "{late:#}"
    );
}
