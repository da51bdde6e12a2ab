//! The commands as a person or a program runs them: the real binary, its output, its exit codes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn quitus(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quitus"));
    command.args(arguments).env_remove("QUITUS_CONFIG");
    command
}

fn run(arguments: &[&str]) -> Output {
    quitus(arguments).output().unwrap()
}

fn rows(output: &Output) -> Vec<serde_json::Value> {
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

fn message(text: &str) -> String {
    format!(
        "From: Anne <anne@firm.example>\nTo: sales@acme.example\nSubject: Re: Relais\nMessage-ID: <1@firm.example>\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Cases are run in their folder, so that the paths in the expected text are the same everywhere.
/// `QUITUS_BLESS=1` writes the texts anew; look at the diff.
#[test]
fn every_wrong_configuration_is_told_as_its_case_says() {
    let mut cases: Vec<PathBuf> = std::fs::read_dir("tests/cases/config")
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 10, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let output = quitus(&["check", "--config", "quitus.toml"])
            .current_dir(&case)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{}: {told}", case.display());
        assert!(output.stdout.is_empty(), "{}", case.display());
        assert!(!told.contains("hunter2"), "a secret was printed: {told}");
        let expected = case.join("expected.txt");
        if std::env::var_os("QUITUS_BLESS").is_some() {
            std::fs::write(&expected, &told).unwrap();
        }
        let should = std::fs::read_to_string(&expected).unwrap();
        if told != should {
            let diff = similar::TextDiff::from_lines(&should, &told);
            wrong.push(format!("{}\n{}", case.display(), diff.unified_diff()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_example_configuration_is_good() {
    let config = quitus::config::Config::load(Path::new("config/quitus.toml"));
    let config = config.unwrap_or_else(|f| panic!("{f:#?}"));
    assert_eq!(config.own_domains(), ["acme.example"]);
    assert!(config.control_socket.ends_with("control.sock"));
    assert!(config.read_templates().is_ok() && config.read_lexicons().is_ok());
}

#[test]
fn a_row_has_the_keys_that_programs_rely_on_and_a_broken_file_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let good = write(
        folder.path(),
        "good.eml",
        &message("Bonjour,\n\nDésinscrivez-moi de vos envois."),
    );
    let broken = write(folder.path(), "broken.eml", "");
    let output = run(&["classify", "--json", &broken, "no-such-file.eml", &good]);
    assert_eq!(output.status.code(), Some(1));
    let rows = rows(&output);
    assert_eq!(rows.len(), 3);
    assert!(rows[0]["error"].is_string() && rows[0]["file"] == broken.as_str());
    assert!(rows[1]["error"].is_string() && rows[1]["file"] == "no-such-file.eml");
    let row = rows[2].as_object().unwrap();
    let keys = [
        "file",
        "gate",
        "language",
        "fresh_text",
        "requests",
        "stance",
        "outcome",
        "hold_reason",
        "readers",
    ];
    assert_eq!(row.len(), keys.len());
    assert!(keys.iter().all(|k| row.contains_key(*k)), "{row:?}");
    assert_eq!(
        row["gate"],
        serde_json::json!({"verdict": "answer", "rule": "A.ok"})
    );
    assert_eq!(
        (&row["language"], &row["outcome"]),
        (&"fr".into(), &"act".into())
    );
    assert!(row["stance"].is_null() && row["hold_reason"].is_null());
    let request = &row["requests"][0];
    assert_eq!(request["kind"], "stop");
    assert!(request["confidence"].as_f64().unwrap() > 0.5);
    let fresh = row["fresh_text"].as_str().unwrap();
    for evidence in request["evidence"].as_array().unwrap() {
        assert!(evidence["rule"].is_string());
        assert!(fresh.contains(evidence["text"].as_str().unwrap()));
    }
}

#[test]
fn an_mbox_a_maildir_and_standard_input_give_one_row_a_message_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let separator = "From anne@firm.example Mon Nov 23 10:00:00 2026\n";
    let mbox = format!(
        "{separator}{}\n{separator}{}",
        message("Please unsubscribe me.\n\nFrom now on, no more mails."),
        message("Merci, à jeudi.")
    );
    let file = write(folder.path(), "all.mbox", &mbox);
    let output = run(&["classify", "--json", &file]);
    let of_mbox = rows(&output);
    let names: Vec<_> = of_mbox
        .iter()
        .map(|r| r["file"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, [format!("{file}#1"), format!("{file}#2")]);
    assert_eq!(
        (&of_mbox[0]["outcome"], &of_mbox[1]["outcome"]),
        (&"act".into(), &"ignore".into())
    );

    let stop = message("STOP");
    write(folder.path(), "Mail/cur/1.a:2,S", &stop);
    write(folder.path(), "Mail/new/2.b", &stop);
    write(folder.path(), "Mail/tmp/3.c", &stop);
    let maildir = folder.path().join("Mail");
    let output = run(&["classify", "--json", maildir.to_str().unwrap()]);
    assert_eq!((rows(&output).len(), output.status.code()), (2, Some(0)));

    let mut child = quitus(&["classify", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stop.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let rows = rows(&output);
    assert_eq!((rows.len(), &rows[0]["file"]), (1, &"-".into()));
}

#[test]
fn many_messages_keep_their_order_and_a_reader_that_leaves_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..600 {
        write(
            folder.path(),
            &format!("{n:04}.eml"),
            &message(&format!("Bonjour, {}", "a b ".repeat(100))),
        );
    }
    let path = folder.path().to_str().unwrap();
    let all = rows(&run(&["classify", "--json", path]));
    let names: Vec<_> = all.iter().map(|r| r["file"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 600);
    assert!(names.is_sorted());
    for json in [true, false] {
        let mut arguments = vec!["classify", path];
        arguments.extend(json.then_some("--json"));
        let mut child = quitus(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn exit_codes_are_0_done_1_found_something_wrong_2_usage_or_configuration() {
    let code = |arguments: &[&str]| run(arguments).status.code();
    assert_eq!(code(&["--help"]), Some(0));
    assert_eq!(code(&["--version"]), Some(0));
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["clasify"]), Some(2));
    assert_eq!(code(&["classify"]), Some(2));
    assert_eq!(code(&["check", "--config", "no-such.toml"]), Some(2));
    assert_eq!(code(&["templates", "check"]), Some(0));
    assert_eq!(
        code(&["templates", "preview", "fr", "rectification"]),
        Some(2)
    );
    assert_eq!(code(&["log", "verify", "tests"]), Some(2));
    // The example's passwords are not on this machine.
    assert_eq!(code(&["check", "--config", "config/quitus.toml"]), Some(1));
}

#[test]
fn a_preview_shows_the_letter_and_its_page() {
    let text = run(&["templates", "preview", "fr", "stop"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("Bonjour") && !text.contains('\u{1b}'),
        "{text}"
    );
    let html = run(&["templates", "preview", "en", "source", "--html"]);
    assert!(String::from_utf8(html.stdout).unwrap().contains("</html>"));
    let json = rows(&run(&["templates", "preview", "de", "stop", "--json"]));
    assert!(json[0]["subject"].is_string() && json[0]["text"].is_string());
}

#[test]
fn templates_are_published_and_taken_back_by_commands_without_a_daemon() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("letters")).unwrap();
    let example = std::fs::read_to_string("config/quitus.toml").unwrap();
    let text = example.replace("/var/lib/quitus", "store") + "\n[templates]\npath = \"letters\"\n";
    let config = write(folder.path(), "quitus.toml", &text);
    let ask = |arguments: &[&str]| {
        let output = quitus(arguments)
            .args(["--config", &config])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said, wrong)
    };
    let path = "fr/stop/body.txt";
    let (code, shipped, wrong) = ask(&["templates", "show", path]);
    assert_eq!(code, Some(0), "{wrong}");
    let good = write(
        folder.path(),
        "new.txt",
        &format!("{shipped}\nBien à vous.\n"),
    );
    let bad = write(folder.path(), "bad.txt", "{{ person.salutatoin }}");
    let (code, said, _) = ask(&["templates", "publish", path, &bad]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("body.txt:1:4: there is no variable `person.salutatoin`"),
        "{said}"
    );
    let (code, said, wrong) = ask(&["templates", "publish", path, &good]);
    assert_eq!(
        (code, said.contains("in force, version 1")),
        (Some(0), true),
        "{said}{wrong}"
    );
    let file = folder.path().join("letters").join(path);
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("Bien à vous.")
    );
    let (_, said, _) = ask(&["templates", "preview", "fr", "stop"]);
    assert!(said.contains("Bien à vous."), "{said}");
    let (_, said, _) = ask(&["templates", "diff", path]);
    assert!(said.contains("+ Bien à vous."), "{said}");
    let (_, said, _) = ask(&["templates", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&said).unwrap();
    let all = list["templates"].as_array().unwrap().iter();
    let changed: Vec<_> = all.filter(|t| t["origin"] == "changed").collect();
    assert_eq!((changed.len(), &changed[0]["path"]), (1, &path.into()));
    let (code, said, _) = ask(&["templates", "publish", path, &good, "--seen", "00"]);
    assert_eq!(
        (code, said.contains("somebody changed")),
        (Some(1), true),
        "{said}"
    );
    let (code, said, wrong) = ask(&["templates", "roll-back", path, "quitus"]);
    assert_eq!((code, file.exists()), (Some(0), false), "{said}{wrong}");
    let (_, said, _) = ask(&["templates", "history", path]);
    assert!(
        said.contains("2 ") && said.contains("rolled back") && said.contains("published by"),
        "{said}"
    );
    let (code, said, _) = ask(&["figures", "--weeks", "2"]);
    assert_eq!((code, said.contains("requests")), (Some(0), true), "{said}");
    let (code, said, _) = ask(&["learning", "list"]);
    assert_eq!(
        (code, said.contains("0 corrected replies")),
        (Some(0), true),
        "{said}"
    );
    assert_eq!(ask(&["figures", "--until", "soon"]).0, Some(2));
    assert_eq!(ask(&["templates", "show", "../quitus.toml"]).0, Some(2));
}

#[test]
fn a_store_is_verified_and_rebuilt_and_a_flipped_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let options = quitus::store::Options::at(quitus::record::Timestamp::default());
    let (mut open, _) = quitus::store::Store::open(&store, &options).unwrap();
    open.checkpoint(options.now).unwrap();
    drop(open);
    let example = std::fs::read_to_string("config/quitus.toml").unwrap();
    let config = write(
        folder.path(),
        "quitus.toml",
        &example.replace("/var/lib/quitus", "store"),
    );
    let code = |arguments: &[&str]| {
        let output = quitus(arguments)
            .args(["--config", &config])
            .output()
            .unwrap();
        (output.status.code(), format!("{output:?}"))
    };
    for arguments in [
        &["store", "verify"][..],
        &["store", "rebuild", "--json"],
        &["store", "verify", "--json"],
        &["log", "verify"],
        &["log", "verify", "--json"],
    ] {
        let (code, said) = code(arguments);
        assert_eq!(code, Some(0), "{arguments:?} {said}");
    }
    let segment = store.join("log/00000001.log");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[3] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let (found, said) = code(&["log", "verify"]);
    assert_eq!(found, Some(1), "{said}");
}

#[test]
#[cfg(feature = "demo")]
fn the_demo_ends_as_it_says_in_a_few_seconds() {
    let output = run(&["demo"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("all 30 ended as they should"), "{said}");
    assert!(
        said.contains("the sequencer was told of everybody"),
        "{said}"
    );
    let folder = said.lines().find_map(|l| l.strip_prefix("store")).unwrap();
    std::fs::remove_dir_all(Path::new(folder.trim()).parent().unwrap()).unwrap();
}

#[test]
fn an_explanation_names_the_line_of_every_phrase_that_fired_or_almost_did() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Bonjour,\n\nSupprimez le rendez-vous de jeudi.\nMerci de me retirer de votre liste de diffusion.\n\n\
                Le 12 novembre 2026 à 10:00, Paul <sales@acme.example> a écrit :\n> Répondez STOP";
    let hostile = message(text).replace("From: Anne", "From: An\u{1b}[31mne");
    let file = write(folder.path(), "one.eml", &hostile);
    let output = run(&["explain", &file]);
    assert_eq!(output.status.code(), Some(0));
    let told = String::from_utf8(output.stdout).unwrap();
    let lexicon = include_str!("../config/lexicon/fr.toml");
    let line = |words: &str| lexicon.lines().position(|l| l.contains(words)).unwrap() + 1;
    let fired = line("(me|m|nous) @remove ..4 @list");
    for expected in [
        "by rule A.ok",
        "    Merci de me retirer de votre liste de diffusion.\n",
        "  │ Répondez STOP",
        "language fr",
        "“me retirer de votre liste",
        &format!(
            "fr.stop.remove-me/3 “(me|m|nous) @remove ..4 @list”  config/lexicon/fr.toml:{fired}"
        ),
        "the learned reader",
        "It is acted upon: stop is ",
        " sure, and 0.70 is enough.",
        &format!("config/lexicon/fr.toml:{fired}  “(me|m|nous) @remove ..4 @list”"),
        "copy the file into the folder of [lexicon] path",
    ] {
        assert!(told.contains(expected), "{expected} is missing in:\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "{told}");
    let json = rows(&run(&["explain", "--json", &file]));
    assert_eq!(json[0]["outcome"], "act");
    assert_eq!(json[0]["elided"][0]["kind"], "quotation");
    assert!(json[0]["trace"]["seen"].as_array().unwrap().len() > 1);
    assert_eq!(run(&["explain", "no-such-file.eml"]).status.code(), Some(2));
    let answer = "4\n\nLe 12 novembre 2026 à 10:00, Paul <sales@acme.example> a écrit :\n> 1 = oui, 4 = plus rien de vous";
    let answer = write(folder.path(), "answer.eml", &message(answer));
    let told = String::from_utf8(run(&["explain", &answer]).stdout).unwrap();
    assert!(
        told.contains("the quoted mail explains the answer: “4 = plus rien de vous”"),
        "{told}"
    );
    let broken = write(folder.path(), "broken.eml", "");
    assert_eq!(run(&["explain", &broken]).status.code(), Some(1));
}

#[test]
fn an_evaluation_counts_what_it_can_read_and_names_every_line_that_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let line = |id: &str, body: &str, intents: &str| {
        format!(
            r#"{{"id":"{id}","lang":"fr","from":"Anne <a@b.example>","subject":"Re: x","body":"{body}","intents":[{intents}]}}"#
        )
    };
    let lines = [
        line("a", "Désinscrivez-moi.", "\"stop\""),
        line("b", "Désinscrivez-moi.", "\"not_interested\""),
        line("c", "Bonne journée", "\"erasure\""),
        line("d", "x", "\"stp\""),
        String::new(),
        line("e", "Désinscrivez-moi.", "\"source\""),
    ];
    let set = write(folder.path(), "set.jsonl", &lines.join("\n"));
    let output = run(&["eval", "--json", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let told = &rows(&output)[0];
    let total = serde_json::json!({"messages": 4, "right": 1, "held": 0, "wrong": 2, "mild": 1, "missed": 1});
    assert_eq!(told["total"], total);
    assert_eq!(told["sets"][&set], total);
    assert_eq!(told["kinds"]["stop"]["right"], 1);
    assert_eq!(told["confusion"]["erasure"]["none"], 1);
    let errors = told["errors"].as_array().unwrap();
    let ids: Vec<_> = errors.iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["e", "b", "c"], "the worst first");
    assert_eq!(
        (&errors[0]["line"], &errors[0]["file"]),
        (&6.into(), &set.as_str().into())
    );
    assert!(!errors[0]["grounds"].as_array().unwrap().is_empty());
    assert_eq!(
        (&told["faults"][0]["line"], &told["faults"][0]["file"]),
        (&4.into(), &set.as_str().into())
    );

    let output = run(&["eval", "--errors", "1", &set]);
    let (shown, faults) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(shown.contains(&format!("wrong  e  {set}:6")), "{shown}");
    assert!(!shown.contains(&format!("missed  c  {set}")), "{shown}");
    assert!(
        faults.contains(&format!("{set}:4:")) && faults.contains("\"stp\" is no kind"),
        "{faults}"
    );
}
