//! The OpenAPI document against a real daemon once more, by somebody who knows only the document: schemathesis asks every operation with
//! what it allows and with what it does not, and reads every answer against it.
//!
//! `tests/run` puts the program into `target/schemathesis` (`tests/web/schemathesis.txt` says which versions).

use crate::web::WebStage;
use quitus::record::Mode;
use quitus::web::hash_of_token;
use std::path::PathBuf;
use std::process::Command;

/// What an answer must be: no fault of ours, with a status, a type and a body that the document names.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
const TOKEN: &str = "quitus-o";

/// What it said, printed as it stands.
struct Told(String);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    // target/debug/deps/web-…
    let target = own.ancestors().nth(3).unwrap();
    let program = target.join("schemathesis/bin/schemathesis");
    let there = program.exists();
    assert!(
        there,
        "{} is missing: tests/run installs it",
        program.display()
    );
    program
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knows_only_the_document_finds_no_answer_that_it_does_not_name() -> Result<(), Told> {
    let program = program();
    let stage = WebStage::build(Mode::Review).await;
    let given = stage.users().change(|all| {
        let odile = all.iter_mut().filter(|u| u.name == "odile");
        odile.for_each(|u| u.token = hash_of_token(TOKEN));
    });
    given.unwrap();
    let stop = "Please remove me from your mailing list.";
    stage
        .house
        .receives("bob@cliff.example", "Re: Relais", stop)
        .await;
    let folder = tempfile::tempdir().unwrap();
    let api = format!("http://{}/api/v1", stage.at);
    let mut command = Command::new(program);
    // Nothing of whoever runs the tests: no proxy stands before 127.0.0.1, no setting changes what is asked.
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder.path())
        .env("PYTHONUTF8", "1")
        .current_dir(folder.path())
        .args(["run", &format!("{api}/openapi.json"), "--url", &api])
        .args(["-H", &format!("Authorization: Bearer {TOKEN}")])
        .args(["--checks", CHECKS, "--phases", "coverage,fuzzing"])
        // One worker: two are threads, and hypothesis' cache of sources is none for threads (a KeyError of its own, now and then).
        .args(["--max-examples", "4", "--workers", "1", "--seed", "1"])
        .args(["--no-shrink", "--continue-on-failure", "--no-color"])
        // A debug build on a busy machine; without this, what takes ten seconds is a failure.
        .args(["--request-timeout", "120"]);
    let ran = tokio::task::spawn_blocking(move || command.output()).await;
    let ran = ran.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let complained = String::from_utf8_lossy(&ran.stderr);
    let asked = said.contains("Operations:") && !said.contains(" 0 selected");
    stage.end().await;
    match ran.status.success() && asked {
        true => Ok(()),
        // No panic: what it found stands at the end of what a failed run prints, not before a backtrace.
        false => Err(Told(format!("{}\n{said}\n{complained}", ran.status))),
    }
}
