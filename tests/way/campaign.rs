//! A STOP, from the reply to the next mail of the campaign: the tools obey, Postfix refuses that mail, the letter is true.

use crate::dovecot::Dovecot;
use crate::port::free_port;
use crate::postfix::Postfix;
use crate::settings::{self, Smtp};
use crate::tool::{Mood, Tool};
use crate::{house, letters_left, writer};
use quitus::guard::Guard;
use quitus::mail::{self, Limits};
use quitus::record::{Timestamp, Waiting};
use quitus::service::{Clock, Daemon};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

const EVERYBODY: &str = "virtual_mailbox_domains = static:all\n";

/// What a Postfix says of this recipient. The guard that it asks runs in this very process: its worker must go on.
fn recipient(postfix: &Postfix, whom: &str) -> String {
    tokio::task::block_in_place(|| asked(postfix, whom))
}

fn asked(postfix: &Postfix, whom: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", postfix.port())).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut said = String::new();
    for command in ["", "HELO tool.example", "MAIL FROM:<bot@tool.example>"] {
        if !command.is_empty() {
            stream
                .write_all(format!("{command}\r\n").as_bytes())
                .unwrap();
        }
        said.clear();
        lines.read_line(&mut said).unwrap();
        assert!(said.starts_with('2'), "{command}: {said}");
    }
    stream
        .write_all(format!("RCPT TO:<{whom}>\r\n").as_bytes())
        .unwrap();
    said.clear();
    lines.read_line(&mut said).unwrap();
    said
}

/// The servers, and a Postfix that sends the campaign and asks the guard.
struct World {
    dovecot: Dovecot,
    letters: Postfix,
    campaign: Postfix,
    folder: tempfile::TempDir,
    now: Timestamp,
    file: PathBuf,
}

impl World {
    async fn with(tools: &[&Tool]) -> Self {
        let (dovecot, folder) = (Dovecot::start(), tempfile::tempdir().unwrap());
        let letters = Postfix::start(None, EVERYBODY);
        let port = free_port();
        let asks = format!(
            "smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{port}, permit_mynetworks, reject\n"
        );
        let campaign = Postfix::start(None, &(EVERYBODY.to_owned() + &asks));
        let now = Clock::system().now();
        house::fill(&dovecot, &["01-stop-fr"], now);
        let way = Smtp {
            port: letters.port(),
            authority: None,
        };
        let file = settings::configuration(folder.path(), &dovecot, &way, 0);
        let blocks: String = tools.iter().map(|t| t.block()).collect();
        let guard = format!("\n[guard.policy]\nlisten = \"127.0.0.1:{port}\"\n");
        append(&file, &(blocks + &guard));
        house::furnish(&file, now).await;
        Self {
            dovecot,
            letters,
            campaign,
            folder,
            now,
            file,
        }
    }

    /// The only letter, on one line.
    fn letter(&self) -> String {
        let letters = tokio::task::block_in_place(|| self.letters.letters(1));
        assert_eq!(letters.len(), 1, "{}", self.letters.log());
        let read = mail::read(&letters[0], &Limits::default(), None, &()).unwrap();
        read.fresh
            .text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn end(self) {
        drop((self.dovecot, self.folder));
    }
}

fn append(file: &Path, more: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, text + more).unwrap();
}

async fn started(world: &World, ahead: i64) -> (Daemon, Guard) {
    let daemon = house::start(&world.file, ahead).await;
    let guard = Guard::open(&daemon.office).await.unwrap();
    (daemon, guard)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_obeyed_by_every_tool_and_the_next_mail_of_the_campaign_is_refused() {
    let sequencer = Tool::start("sequencer", Mood::Obeys).await;
    let crm = Tool::start("crm", Mood::Obeys).await;
    let world = World::with(&[&sequencer, &crm]).await;
    let (_, stopped) = writer("01-stop-fr", world.now);
    let (daemon, guard) = started(&world, 0).await;
    house::until("the letter left", || letters_left(&daemon) == 1).await;
    let told = [("suppress".to_owned(), stopped.clone())];
    assert_eq!(
        (sequencer.obeyed(), crm.obeyed()),
        (told.to_vec(), told.to_vec())
    );
    let refused = recipient(&world.campaign, &stopped);
    assert!(
        refused.starts_with("550"),
        "{refused}{}",
        world.campaign.log()
    );
    let free = recipient(&world.campaign, "somebody@else.example");
    assert!(free.starts_with("250"), "{free}{}", world.campaign.log());
    let letter = world.letter();
    assert!(letter.contains("C’est fait"), "{letter}");
    guard.end().await;
    daemon.end().await;
    world.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_tool_that_is_down_the_mail_is_refused_all_the_same_and_the_letter_claims_less() {
    let sequencer = Tool::start("sequencer", Mood::Obeys).await;
    let crm = Tool::start("crm", Mood::Hangs).await;
    let world = World::with(&[&sequencer, &crm]).await;
    let (_, stopped) = writer("01-stop-fr", world.now);
    let (daemon, guard) = started(&world, 0).await;
    house::until("the other tool obeyed", || sequencer.obeyed().len() == 1).await;
    let refused = recipient(&world.campaign, &stopped);
    assert!(refused.starts_with("550"), "{refused}");
    let state = |daemon: &Daemon| {
        let state = daemon.office.sequencer.reader().state();
        state.waiting(Waiting::Truth, 9).unwrap().len()
    };
    assert_eq!(
        (state(&daemon), letters_left(&daemon)),
        (1, 0),
        "the letter waits"
    );
    guard.end().await;
    daemon.end().await;
    // A quarter of an hour later the tool answers and is still down; nobody waits longer for it.
    crm.is_now(Mood::Says(500, ""));
    let (daemon, guard) = started(&world, 15).await;
    house::until("the letter left", || letters_left(&daemon) == 1).await;
    let letter = world.letter();
    assert!(
        letter.contains("un message déjà programmé peut encore"),
        "{letter}"
    );
    assert!(!letter.contains("C’est fait"), "{letter}");
    crm.is_now(Mood::Obeys);
    house::until("the tool obeyed in the end", || crm.obeyed().len() == 1).await;
    guard.end().await;
    daemon.end().await;
    world.end();
}
