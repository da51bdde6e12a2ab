//! What breaks on our own side: a full disk, a folder that nobody may write, a message over which Quitus stumbles, a huge one.

use crate::firm::{Firm, MAILBOX, date, reply};
use crate::operator::{Running, ask, count, quitus, status, until};
use quitus::sandbox::smtp;
use std::fs::{File, FileTimes};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;

fn recording(runtime: &tokio::runtime::Runtime) -> smtp::Server {
    let server = runtime.block_on(smtp::Server::start(Default::default()));
    server.unwrap()
}

/// The daemon's disk is as full as its floor says: the floor is above what is free, then below it.
#[test]
fn a_full_disk_stops_reading_and_sending_and_nothing_else() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = recording(&runtime);
    let firm = Firm::new(server.address().port());
    let file = &firm.file;
    let daemon = Running::start(file);
    ask(
        file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    firm.change("delay_minutes = 0", "delay_minutes = 1");
    daemon.signal(rustix::process::Signal::HUP);
    daemon.said("read again and in force");
    firm.reply(1, "STOP");
    until(file, "one letter waits", |s| {
        count(s, "letters", "queued") == 1
    });
    daemon.end();

    let full = "free_space_floor_mib = 1000000000";
    firm.change("free_space_floor_mib = 1", full);
    firm.reply(2, "STOP");
    let daemon = Running::start(file);
    let now = until(file, "it says that the disk is full", |s| {
        s["mailboxes"][0]["state"] == "store_refuses"
    });
    assert!(now["disk"].to_string().contains("MiB are free"), "{now:#}");
    assert_eq!(now["suppressed"], 1, "nothing is half done: {now:#}");
    let told = ask(file, &["status"]);
    assert!(
        told.code == Some(1) && told.out.contains("STOPPED    the disk is full"),
        "{told:?}"
    );
    let refused = ask(file, &["suppression", "add", "p9@client9.example"]);
    assert!(
        refused.code == Some(1) && refused.err.contains("make room"),
        "{refused:?}"
    );
    daemon.end();
    assert_eq!(server.count(), 0);

    firm.change(full, "free_space_floor_mib = 1");
    let daemon = Running::start(file);
    until(file, "it goes on", |s| {
        s["suppressed"] == 2 && s["disk"].is_null()
    });
    daemon.end();
}

/// A small disk of its own, unmounted at the end.
pub struct Disk(std::path::PathBuf);

impl Disk {
    pub fn mount(at: std::path::PathBuf, size: &str) -> Self {
        std::fs::create_dir(&at).unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]);
        let mounted = mount.arg(&at).status();
        let mounted = mounted.is_ok_and(|s| s.success());
        assert!(mounted, "this test mounts a tmpfs and needs to be root");
        Self(at)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a daemon that a failed test left behind may still be there.
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}

#[test]
fn a_disk_that_fills_while_it_runs_stops_reading_and_sending_until_there_is_room() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = recording(&runtime);
    let firm = Firm::new(server.address().port());
    let file = &firm.file;
    let disk = Disk::mount(firm.path("disk"), "48m");
    firm.change("path = \"store\"", "path = \"disk/store\"");
    firm.change("free_space_floor_mib = 1", "free_space_floor_mib = 8");
    firm.change("[smtp]", "[smtp]\nretry = { schedule = [\"1 s\"] }");
    let later = smtp::Effect::Reply("451 4.3.0 later".into());
    server.script([smtp::Fault::every(smtp::Step::Rcpt, later)]);
    let daemon = Running::start(file);
    ask(
        file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    firm.reply(1, "STOP");
    until(file, "one letter waits", |s| {
        count(s, "letters", "deferred") == 1
    });
    let filler = File::create(disk.0.join("filler")).unwrap();
    while std::io::copy(&mut std::io::repeat(1).take(1 << 20), &mut &filler).is_ok() {
        if rustix::fs::statvfs(&disk.0).unwrap().f_bavail * 4096 < 7 << 20 {
            break;
        }
    }
    server.behave();
    firm.reply(2, "STOP");
    let now = until(file, "it says so", |s| {
        s["disk"].is_string() && s["mailboxes"][0]["state"] == "store_refuses"
    });
    assert_eq!(now["suppressed"], 1, "nothing is half done: {now:#}");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!(
        server.count(),
        0,
        "nothing leaves that could not be written down"
    );
    std::fs::remove_file(disk.0.join("filler")).unwrap();
    drop(filler);
    until(file, "it goes on", |s| {
        count(s, "letters", "sent") == 2 && s["disk"].is_null()
    });
    assert_eq!(server.count(), 2);
    daemon.end();
    let verified = ask(file, &["store", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told_with_its_path_and_nothing_starts() {
    let firm = Firm::new(1);
    let store = firm.path("store");
    std::fs::create_dir(&store).unwrap();
    // Permissions do not bind root: as root the daemon is run as nobody, and the folder stays root's.
    let closed = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    };
    closed(firm.folder.path(), 0o755);
    closed(&store, 0o555);
    let mut run = quitus(&firm.file, &["run"]);
    if rustix::process::geteuid().is_root() {
        let own = firm.path("quitus");
        std::fs::copy(env!("CARGO_BIN_EXE_quitus"), &own).unwrap();
        closed(&own, 0o755);
        chown(firm.path("password"), Some(65_534), None).unwrap();
        run = std::process::Command::new(own);
        run.arg("run")
            .arg("--config")
            .arg(&firm.file)
            .uid(65_534)
            .gid(65_534);
    }
    let output = run.output().unwrap();
    closed(&store, 0o755);
    let err = String::from_utf8(output.stderr).unwrap();
    // It may be mounted in a minute: code 1, and the unit tries again.
    assert_eq!(output.status.code(), Some(1), "{err}");
    let told = err.contains(&store.display().to_string()) && err.contains("→ the folder must");
    assert!(told, "{err}");
}

#[test]
fn a_message_that_cannot_be_read_is_dead_and_seen_and_the_next_one_goes_on() {
    let firm = Firm::new(1);
    let file = &firm.file;
    let now = jiff::Timestamp::now();
    let stumble = reply(1, "XYZZY my private words", now);
    firm.deliver("", &stumble, now);
    let no_from = reply(2, "STOP", now).replace("From: ", "X-From: ");
    firm.deliver("", &no_from, now);
    firm.deliver("", "this is no message at all", now);
    firm.reply(3, "STOP");
    let daemon = Running::start_with(file, &[("QUITUS_PANIC_ON", "XYZZY")]);
    let told = until(file, "all are stored", |s| {
        count(s, "messages", "dead") == 3 && s["suppressed"] == 1
    });
    assert_eq!(told["waiting"]["dead messages"][0], 3, "{told:#}");
    let shown = ask(file, &["status"]);
    assert!(
        shown.code == Some(1) && shown.out.contains("UID 1: a message could not be read"),
        "{shown:?}"
    );
    let log = ask(file, &["log"]);
    for rule in ["[C2.panic:", "[A0:"] {
        assert!(log.out.contains(rule), "{log:?}");
    }
    let lines = daemon.log();
    assert!(
        lines.contains("a mistake inside Quitus") && lines.contains("src/"),
        "{lines}"
    );
    assert!(!lines.contains("private words"), "{lines}");
    daemon.end();
    let daemon = Running::start(file);
    firm.reply(4, "STOP");
    until(file, "it goes on", |s| {
        s["suppressed"] == 2 && count(s, "messages", "dead") == 3
    });
    daemon.end();
}

/// The most memory that a process had, in KiB.
pub fn peak(process: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn of_a_huge_message_only_the_beginning_is_read() {
    let firm = Firm::new(1);
    let file = &firm.file;
    let daemon = Running::start(file);
    firm.reply(1, "STOP");
    until(file, "the first is read", |s| s["suppressed"] == 1);
    let before = peak(daemon.id());
    // Delivered whole: 50 MB of attachment after a few words.
    let now = jiff::Timestamp::now();
    let text = reply(2, "STOP", now).replace(
        "Content-Type: text/plain; charset=utf-8\r\n\r\nSTOP\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSTOP\r\n--b\r\nContent-Type: \
         application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    );
    let place = firm.dovecot.maildir(MAILBOX, "");
    let draft = place.join("tmp/huge");
    let mut huge = File::create(&draft).unwrap();
    huge.write_all(text.as_bytes()).unwrap();
    let line = "QUFB".repeat(19) + "\r\n";
    let block = line.repeat(1_000);
    for _ in 0..(50 << 20) / block.len() + 1 {
        huge.write_all(block.as_bytes()).unwrap();
    }
    huge.set_times(FileTimes::new()).unwrap();
    drop(huge);
    date(&draft, now);
    if rustix::process::geteuid().is_root() {
        chown(&draft, Some(65_534), None).unwrap();
    }
    std::fs::rename(&draft, place.join("new/1.huge.test")).unwrap();
    until(file, "the huge one is read", |s| s["suppressed"] == 2);
    let after = peak(daemon.id());
    println!("peak before {before} KiB, after a message of 50 MB {after} KiB");
    assert!(
        after < before + (16 << 10),
        "{before} KiB, then {after} KiB"
    );
    assert_eq!(count(&status(file), "messages", "dead"), 0);
    daemon.end();
    let words = ["fetch", "-u", MAILBOX, "flags", "mailbox", "INBOX"];
    let flags = firm.dovecot.doveadm(&words);
    assert!(
        !flags.contains("\\Seen"),
        "the mailbox is only read: {flags}"
    );
}
