//! A program of the operator's own: it reads the notice as JSON and answers with its exit code.
//!
//! Nothing of a person stands in its arguments, because every user of the machine can read those. 0 is obeyed, 69
//! (EX_UNAVAILABLE) unknown there, 75 (EX_TEMPFAIL) later, anything else refused; see sysexits(3).

use super::answer::Hidden;
use super::told::{Told, Trouble, TroubleKind};
use super::tool::hidden;
use super::webhook::message;
use crate::record::{NoticeAct, Whom};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const UNKNOWN: i32 = 69;
const LATER: i32 = 75;
/// How much of what it complains is read.
const COMPLAINT: u64 = 4096;

/// A program and its arguments.
pub(super) struct Program {
    words: Vec<String>,
    time: Duration,
}

/// How it ended.
struct Ended {
    /// Nothing if a signal ended it.
    code: Option<i32>,
    /// The first line of its standard error.
    complaint: String,
}

impl Program {
    pub(super) fn new(words: Vec<String>, time: Duration) -> Self {
        Self { words, time }
    }

    pub(super) async fn tell(&self, act: NoticeAct, whom: &Whom) -> Told {
        let ended = match self.run(act.word(), whom).await {
            Ok(ended) => ended,
            Err(trouble) => return Told::Later(trouble),
        };
        let words = said(&ended, &hidden(whom));
        match ended.code {
            Some(0) => Told::Obeyed {
                words: "the command obeys".to_owned(),
            },
            Some(UNKNOWN) => Told::Unknown {
                words: "the command does not know them".to_owned(),
            },
            Some(LATER) | None => Told::Later(Trouble::new(TroubleKind::Local, words)),
            Some(_) => Told::Refused { words },
        }
    }

    pub(super) async fn test(&self) -> Result<String, Trouble> {
        let ended = self.run("test", &Whom::default()).await?;
        match ended.code {
            Some(0) => Ok("the command answered a notice of type \"test\" with 0".to_owned()),
            _ => Err(Trouble::new(
                TroubleKind::Local,
                said(&ended, &Hidden::default()),
            )),
        }
    }

    /// Lets it read a text about nobody; heard if it ends with 0.
    pub(super) async fn hear(&self, text: String) -> Result<(), Trouble> {
        let ended = self.read(text).await?;
        match ended.code {
            Some(0) => Ok(()),
            _ => Err(Trouble::new(
                TroubleKind::Local,
                said(&ended, &Hidden::default()),
            )),
        }
    }

    async fn run(&self, word: &str, whom: &Whom) -> Result<Ended, Trouble> {
        self.read(message(word, whom).to_string()).await
    }

    async fn read(&self, text: String) -> Result<Ended, Trouble> {
        let (words, time) = (self.words.clone(), self.time);
        let run = tokio::task::spawn_blocking(move || run(&words, text, time));
        let lost = |_| Trouble::new(TroubleKind::Local, "the command was not waited for");
        run.await.map_err(lost)?
    }
}

fn said(ended: &Ended, hidden: &Hidden) -> String {
    let how = match ended.code {
        Some(code) => format!("the command ended with {code}"),
        None => "a signal ended the command".to_owned(),
    };
    match hidden.clean(&ended.complaint).as_str() {
        "" => how,
        complaint => format!("{how}: {complaint}"),
    }
}

fn run(words: &[String], notice: String, time: Duration) -> Result<Ended, Trouble> {
    let failed = |what: String| Trouble::new(TroubleKind::Local, what);
    let Some((program, arguments)) = words.split_first() else {
        return Err(failed("the command is empty".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // A group of its own, so that what it started ends with it when it takes too long.
        .process_group(0)
        .spawn()
        .map_err(|e| failed(format!("the command could not be started: {e}")))?;
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read its input is no mistake; one that reads slowly must not hold us.
        std::thread::spawn(move || drop(input.write_all(notice.as_bytes())));
    }
    let (heard, complaints) = mpsc::channel();
    if let Some(errors) = child.stderr.take() {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What could be read before a failure is told all the same.
            let _ = errors.take(COMPLAINT).read_to_end(&mut bytes);
            let _ = heard.send(bytes);
        });
    }
    let code = wait(&mut child, time)?;
    // A grandchild may hold the pipe open for ever.
    let bytes = complaints
        .recv_timeout(Duration::from_secs(1))
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    Ok(Ended {
        code,
        complaint: text.lines().next().unwrap_or_default().to_owned(),
    })
}

/// Waits until it has ended; ends it when it takes too long.
fn wait(child: &mut Child, time: Duration) -> Result<Option<i32>, Trouble> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.code()),
            Ok(None) if started.elapsed() < time => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // It may have ended in the meantime; then there is nothing left to end.
                let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
                let _ = child.wait();
                let words = format!("the command took longer than {} s", time.as_secs());
                return Err(Trouble::new(TroubleKind::Timeout, words));
            }
            Err(e) => {
                let words = format!("the command could not be waited for: {e}");
                return Err(Trouble::new(TroubleKind::Local, words));
            }
        }
    }
}
