//! The IMAP side against servers that say exactly what a script says: cuts at every place, refusals, silence.

#[path = "support/watched.rs"]
mod watched;

use quitus::mailbox::*;
use watched::{Book, Running, Store};

/// A server that says exactly what the script says: answers by the command's second word, `TAG` stands for its tag.
/// `cut` = the connection ends after so many bytes of the answer to the fetch of bodies.
async fn scripted(
    answers: &'static [(&'static str, &'static str)],
    cut: Option<usize>,
) -> (u16, tokio::task::JoinHandle<()>) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let _ = write.write_all(b"* OK ready\r\n").await;
            while let Ok(Some(line)) = lines.next_line().await {
                let (tag, command) = line.split_once(' ').unwrap_or((line.as_str(), ""));
                let script = answers.iter().find(|(word, _)| command.contains(word));
                let answer = script
                    .map_or("TAG OK done\r\n", |(_, a)| *a)
                    .replace("TAG", tag);
                match cut.filter(|_| command.contains("BODY.PEEK")) {
                    Some(at) => {
                        let _ = write
                            .write_all(&answer.as_bytes()[..at.min(answer.len())])
                            .await;
                        break;
                    }
                    None => drop(write.write_all(answer.as_bytes()).await),
                }
                if answer.contains("CLOSE") {
                    break;
                }
            }
        }
    };
    (port, tokio::spawn(serve))
}

fn plain(port: u16) -> MailboxSettings {
    let text = format!(
        "name = 'x'\naddress = 'x@example.com'\nfolders = ['INBOX']\nsent = ''\npoll_seconds = 1\n[imap]\nhost = '127.0.0.1'\nport = {port}\nsecurity = 'none'\nusername = 'x'\npassword = {{ command = ['echo', 'p'] }}\ntimeout_seconds = 1"
    );
    toml::from_str(&text).unwrap()
}

const CAPABILITY: (&str, &str) = ("CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE\r\nTAG OK x\r\n");
const SILENT_IDLE: (&str, &str) = ("IDLE", "");
const EXAMINE: (&str, &str) = (
    "EXAMINE",
    "* 2 EXISTS\r\n* NO [ALERT] nearly full\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 3] x\r\nTAG OK x\r\n",
);
const SEARCH: (&str, &str) = ("UID SEARCH", "* SEARCH 2 1\r\nTAG OK x\r\n");
const SIZES: (&str, &str) = (
    "RFC822.SIZE",
    "* 1 FETCH (UID 1 RFC822.SIZE 8 INTERNALDATE \"23-Nov-2026 10:00:00 +0100\")\r\n* 2 FETCH (UID 2 RFC822.SIZE 8 INTERNALDATE \"23-Nov-2026 10:00:00 +0100\")\r\nTAG OK x\r\n",
);
const BODIES: (&str, &str) = (
    "BODY.PEEK",
    "* 1 FETCH (UID 1 BODY[] {8}\r\nA: b\r\n\r\n)\r\n* 2 FETCH (UID 2 BODY[] {8}\r\nA: c\r\n\r\n)\r\nTAG OK x\r\n",
);

/// Watches a scripted server until `done`, and gives back what reached the store.
async fn watch_script(
    answers: &'static [(&'static str, &'static str)],
    cut: Option<usize>,
    done: impl Fn(&Book, &MailboxStatus) -> bool,
) -> (Store, MailboxStatus) {
    let (port, server) = scripted(answers, cut).await;
    let running = Running::start(plain(port), Store::default());
    running.until("the end of the script", done).await;
    let (store, status) = (running.store.clone(), running.status.borrow().clone());
    running.stop().await;
    server.abort();
    (store, status)
}

#[tokio::test]
async fn a_cut_at_any_byte_of_a_fetch_delivers_nothing_without_the_tagged_ok() {
    let script: &[_] = &[CAPABILITY, EXAMINE, SEARCH, SIZES, BODIES];
    let length = BODIES.1.len() - "TAG".len() + "Q10".len();
    let all = (0..length - 8).step_by(3).map(|at| async move {
        let lost = |_: &Book, s: &MailboxStatus| s.last_error.is_some();
        let (store, _) = watch_script(script, Some(at), lost).await;
        assert!(store.0.lock().unwrap().fetched.is_empty(), "cut at {at}");
    });
    futures::future::join_all(all).await;
    let (store, _) = watch_script(script, None, |book, _| book.fetched.len() == 2).await;
    assert!(store.0.lock().unwrap().passed.is_empty());
}

#[tokio::test]
async fn no_bye_and_silence_are_told_apart_and_never_taken_for_empty() {
    let in_words = |words: &'static str| {
        move |book: &Book, s: &MailboxStatus| {
            book.fetched.is_empty()
                && s.last_error
                    .as_ref()
                    .is_some_and(|(_, e)| e.contains(words))
        }
    };
    watch_script(
        &[CAPABILITY, ("EXAMINE", "* 0 EXISTS\r\n* CLOSE")],
        None,
        in_words("cannot be understood"),
    )
    .await;
    watch_script(
        &[CAPABILITY, ("EXAMINE", "* BYE going down\r\n")],
        None,
        in_words("going down"),
    )
    .await;
    watch_script(
        &[
            CAPABILITY,
            ("EXAMINE", "* 0 EXISTS\r\nTAG OK no validity\r\n"),
        ],
        None,
        in_words("UIDVALIDITY"),
    )
    .await;
    watch_script(
        &[CAPABILITY, EXAMINE, SEARCH, ("RFC822.SIZE", "")],
        None,
        in_words("did not answer"),
    )
    .await;
    // Idle that never says `+`: the mail was read, and the connection is given up.
    let (store, _) = watch_script(
        &[SILENT_IDLE, CAPABILITY, EXAMINE, SEARCH, SIZES, BODIES],
        None,
        |b, s| b.fetched.len() == 2 && s.last_error.is_some(),
    )
    .await;
    assert_eq!(store.0.lock().unwrap().fetched.len(), 2);
}

#[tokio::test]
async fn a_message_that_the_server_refuses_three_times_is_given_up_and_its_neighbour_read() {
    const ONE: (&str, &str) = (
        "FETCH 1 (UID BODY",
        "* 1 FETCH (UID 1 BODY[] {8}\r\nA: b\r\n\r\n)\r\nTAG OK x\r\n",
    );
    const NO: (&str, &str) = (
        "BODY.PEEK",
        "* 1 FETCH (UID 1 BODY[] {8}\r\nA: b\r\n\r\n)\r\nTAG NO damaged\r\n",
    );
    const FOUND: (&str, &str) = ("UID SEARCH UID 2", "* SEARCH 2\r\nTAG OK x\r\n");
    let plain = ("CAPABILITY", "* CAPABILITY IMAP4rev1\r\nTAG OK x\r\n");
    let script: &'static [_] = Box::leak(Box::new([plain, EXAMINE, FOUND, SEARCH, SIZES, ONE, NO]));
    let (store, status) = watch_script(script, None, |book, _| !book.passed.is_empty()).await;
    let book = store.0.lock().unwrap();
    assert_eq!(book.fetched.iter().map(|m| m.uid).collect::<Vec<_>>(), [1]);
    assert!(matches!(&book.passed[0].why, PassedOver::Unreadable { why } if why == "damaged"));
    assert_eq!(
        (book.passed[0].uids.ranges(), status.connections),
        (&[(2, 2)][..], 1)
    );
}
