//! What lies on this machine: the configuration and the files beside it, who can read secrets, and the room on the disk.

use super::finding::{Findings, Id};
use crate::config::{Config, SecretSource, Survey};
use rustix::fs::{StatVfsMountFlags, statvfs};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The configuration without a mistake, if it has none. Everything that it leads to is told in any case.
pub fn configuration(file: &Path, all: &mut Findings) -> Option<Config> {
    let survey = Survey::of(file);
    let (sheets, secrets) = (survey.sheets(), survey.secrets());
    let shown = file.display().to_string();
    let told = |fault: &crate::record::Fault| {
        let words = fault.to_string();
        words.split("\n  → ").next().unwrap_or_default().to_owned()
    };
    match &survey.config {
        Ok(_) => all.good(Id::Configuration, "", format!("{shown} has no mistake")),
        Err(faults) => {
            for fault in faults {
                all.wrong(Id::Configuration, "", told(fault), &fault.fix);
            }
        }
    }
    for note in survey.notes(jiff::Timestamp::now().into()) {
        all.warn(Id::Configuration, "", told(&note), &note.fix);
    }
    for fault in &sheets {
        all.wrong(Id::Sheets, "", told(fault), &fault.fix);
    }
    if sheets.is_empty() {
        all.good(Id::Sheets, "", "templates and lexicons have no mistake");
    }
    for (of, fault) in &secrets {
        all.wrong(Id::Secret, of, told(fault), &fault.fix);
    }
    if secrets.is_empty() {
        all.good(Id::Secret, "", "every password can be read");
    }
    survey.config.ok()
}

/// Who else can read what is ours alone.
pub fn private(config: &Config, all: &mut Findings) {
    let files = secret_files(config);
    let readable: Vec<&PathBuf> = files.iter().filter(|p| is_everybodys(p)).collect();
    for path in &readable {
        let path = path.display();
        let what = format!("{path} can be read by every user of this machine");
        all.wrong(Id::SecretPrivate, "", what, format!("chmod o= {path}"));
    }
    if readable.is_empty() {
        let what = format!(
            "no file with a password or key is open to every user ({} looked at)",
            files.len()
        );
        all.good(Id::SecretPrivate, "", what);
    }
    let store = &config.store.path;
    if !store.exists() {
        return;
    }
    let inner = ["keys", "oauth"].map(|name| store.join(name));
    let within = inner
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok());
    let within = within.flatten().flatten().map(|e| e.path());
    let places = [store.clone(), config.control_socket.clone()]
        .into_iter()
        .chain(within)
        .chain(inner.iter().cloned());
    let open = |path: &PathBuf| mode(path).is_some_and(|mode| mode & 0o077 != 0);
    let open: Vec<PathBuf> = places.filter(open).collect();
    for path in &open {
        let path = path.display();
        let what = format!("{path} is open to others than its owner");
        all.wrong(Id::StorePrivate, "", what, format!("chmod go= {path}"));
    }
    if open.is_empty() {
        let what = "store, keys, tokens and control socket are their owner's alone";
        all.good(Id::StorePrivate, "", what);
    }
}

/// Files of which the configuration says that a secret stands in them.
fn secret_files(config: &Config) -> Vec<PathBuf> {
    let clients = config.guard.http.iter().flat_map(|h| &h.client);
    let sources = (config
        .mailboxes
        .iter()
        .filter_map(|m| m.imap.password.as_ref()))
    .chain(config.oauth().filter_map(|o| o.client_secret.as_ref()))
    .chain(&config.smtp.password)
    .chain(config.senders.iter().filter_map(|s| s.secret.as_ref()))
    .chain(clients.map(|c| &c.token));
    let files = sources.filter_map(|s| match s {
        SecretSource::File(path) => Some(path.clone()),
        _ => None,
    });
    let http = config.guard.http.iter().filter_map(|h| h.key.clone());
    let page = config.guard.one_click.iter().filter_map(|p| p.key.clone());
    let mut files: Vec<PathBuf> = files.chain(http).chain(page).collect();
    files.sort();
    files.dedup();
    files
}

/// Whether every user of the machine can read or change a file: itself, and on the way to it.
fn is_everybodys(file: &Path) -> bool {
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut way = whole.ancestors().skip(1);
    let closed = |folder: &Path| mode(folder).is_some_and(|mode| mode & 0o001 == 0);
    mode(file).is_some_and(|mode| mode & 0o006 != 0) && !way.any(closed)
}

/// Permission bits of a file, folder or socket that is there.
fn mode(path: &Path) -> Option<u32> {
    let metadata = std::fs::metadata(path).ok()?;
    let kind = metadata.file_type();
    let known = kind.is_file() || kind.is_dir() || kind.is_socket();
    known.then(|| metadata.mode() & 0o777)
}

/// Free space where the store is, or will be.
pub fn disk(config: &Config, all: &mut Findings) {
    let path = &config.store.path;
    let there = path.ancestors().find(|p| p.is_dir());
    let shown = path.display();
    let Some(Ok(found)) = there.map(statvfs) else {
        let what = format!("nobody can say how much is free at {shown}");
        let fix = "make the folder, and mount its disk";
        return all.wrong(Id::Disk, "", what, fix);
    };
    if found.f_flag.contains(StatVfsMountFlags::RDONLY) {
        let what = format!("the disk of {shown} is mounted read-only");
        return all.wrong(Id::Disk, "", what, "mount it for writing");
    }
    let free = found.f_bavail.saturating_mul(found.f_frsize) >> 20;
    let floor = config.store.free_space_floor_mib;
    let what = format!("{free} MiB are free at {shown}; below {floor} nothing is read or sent");
    let fix = "make room, or move the store to another disk";
    if free < floor {
        all.wrong(Id::Disk, "", what, fix);
    } else if free < floor.saturating_mul(8) {
        all.warn(Id::Disk, "", what, fix);
    } else {
        all.good(Id::Disk, "", what);
    }
}
