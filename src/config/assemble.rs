//! Puts the sections of a configuration together, and collects what is wrong with any of them.
//!
//! A section that is broken or missing does not hide the mistakes of the others: every section is read before anybody is
//! told, and each is judged by its own room.

use super::places::resolve;
use super::{Config, ControllerSettings, Document, FolderSettings, SecretSource, cross};
use crate::delivery::SmtpSettings;
use crate::mailbox::MailboxSettings;
use crate::record::Fault;
use crate::register::RegisterSettings;
use crate::request::{Policy, PolicySettings};
use std::path::{Path, PathBuf};

/// Every section that there is.
const SECTIONS: &[&str] = &[
    "controller",
    "processing",
    "store",
    "mailbox",
    "smtp",
    "policy",
    "register",
    "provider",
    "origin",
    "review",
    "templates",
    "lexicon",
    "log",
    "house",
    "control",
];

/// Reads the text, judges it, and makes the configuration if nothing is wrong.
pub fn assemble(path: &Path, text: &str) -> Result<Config, Vec<Fault>> {
    let (file, folder) = (path.display().to_string(), folder_of(path));
    let mut doc = Document::parse(&file, text);
    let controller: Option<ControllerSettings> = needed(&mut doc, "controller", CONTROLLER);
    let processing = optional(&mut doc, "processing");
    let mut store: Option<super::StoreSettings> = needed(&mut doc, "store", STORE);
    let mut mailboxes = mailboxes(&mut doc);
    let mut smtp: Option<SmtpSettings<SecretSource>> = needed(&mut doc, "smtp", SMTP);
    let policy = policy(&mut doc, &file, controller.as_ref());
    let (register, review) = (register(&mut doc), optional(&mut doc, "review"));
    let mut templates: FolderSettings = optional(&mut doc, "templates");
    let mut lexicon: FolderSettings = optional(&mut doc, "lexicon");
    let (log, mut house) = (optional(&mut doc, "log"), optional(&mut doc, "house"));
    let mut control: super::ControlSettings = optional(&mut doc, "control");
    cross::controller(&mut doc, controller.as_ref());
    cross::mailboxes(&mut doc, &mailboxes);
    cross::smtp(&mut doc, smtp.as_ref());
    cross::register(&mut doc, &register);
    cross::review(&mut doc, &review);
    cross::processing(&mut doc, &processing);
    cross::house(&mut doc, &mut house, &mailboxes);
    let paths = [&mut templates.path, &mut lexicon.path, &mut control.socket];
    let store_path = store.as_mut().map(|s| &mut s.path);
    let paths = paths.into_iter().flatten().chain(store_path);
    beside(folder, &mut mailboxes, smtp.as_mut(), paths);
    cross::folders(&mut doc, &templates, &lexicon);
    let control_socket = socket(&mut doc, control.socket, store.as_ref().map(|s| &s.path));
    let faults = doc.finish(SECTIONS);
    let (Some(controller), Some(store), Some(smtp), Some(policy), true) =
        (controller, store, smtp, policy, faults.is_empty())
    else {
        return Err(faults);
    };
    Ok(Config {
        file: path.to_owned(),
        controller,
        processing,
        store,
        mailboxes: mailboxes.into_iter().map(|(_, m)| m).collect(),
        smtp,
        policy,
        register,
        review,
        templates,
        lexicon,
        log,
        house,
        control_socket,
    })
}

const CONTROLLER: &str =
    "add [controller] with name, legal_name, address and privacy_email: letters say who answers";
const STORE: &str = "add [store] with path = \"/var/lib/quitus\"";
const SMTP: &str = "add [smtp] with host, username and password: letters leave through it";
const MAILBOX: &str = "add [[mailbox]] with name, address and an imap table: replies arrive there";

/// Where the configuration lies.
fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// What a configuration names without a full path lies beside it, in `folder`.
fn beside<'a>(
    folder: &Path,
    mailboxes: &mut [(usize, MailboxSettings)],
    smtp: Option<&mut SmtpSettings<SecretSource>>,
    paths: impl Iterator<Item = &'a mut PathBuf>,
) {
    for (_, mailbox) in mailboxes {
        mailbox.resolve_in(folder);
    }
    if let Some(smtp) = smtp {
        if let Some(password) = &mut smtp.password {
            password.resolve_in(folder);
        }
        smtp.ca_file.iter_mut().for_each(|p| resolve(p, folder));
    }
    paths.for_each(|p| resolve(p, folder));
}

fn needed<T: serde::de::DeserializeOwned>(doc: &mut Document, key: &str, fix: &str) -> Option<T> {
    if !doc.has(&[key]) {
        doc.fault_of_file(format!("there is no [{key}]"), fix);
    }
    doc.take(key)
}

fn optional<T: serde::de::DeserializeOwned + Default>(doc: &mut Document, key: &str) -> T {
    doc.take(key).unwrap_or_default()
}

fn mailboxes(doc: &mut Document) -> Vec<(usize, MailboxSettings)> {
    if !doc.has(&["mailbox"]) {
        doc.fault_of_file("there is no [[mailbox]]", MAILBOX);
    }
    doc.take_all("mailbox")
}

/// The policy, in the controller's country and time zone; read and judged even if the controller is wrong.
fn policy(doc: &mut Document, file: &str, who: Option<&ControllerSettings>) -> Option<Policy> {
    for key in ["country", "timezone"] {
        let path = ["policy", key];
        if doc.has(&path) {
            let place = doc.place(&path);
            doc.fault(
                place,
                format!("the {key} is the controller's"),
                "move the line to [controller]",
            );
        }
    }
    let read: Option<PolicySettings> = match doc.has(&["policy"]) {
        true => doc.take("policy"),
        false => Some(PolicySettings::default()),
    };
    let mut settings = read?;
    if let Some(who) = who {
        settings.country.clone_from(&who.country);
        settings.timezone.clone_from(&who.timezone);
    }
    let zone = jiff::tz::TimeZone::get(&settings.timezone);
    if zone.is_err() {
        let place = doc.place(&["controller", "timezone"]);
        doc.fault(
            place,
            format!(
                "\"{}\" is not a time zone of this machine",
                settings.timezone
            ),
            "write an IANA name, as in Europe/Paris; if it is one, install the system's tzdata",
        );
    }
    match Policy::new(settings, zone.unwrap_or(jiff::tz::TimeZone::UTC), file) {
        Ok(policy) => Some(policy),
        Err(faults) => {
            for fault in faults {
                let place = cross::place_of_policy(doc, &fault.what);
                doc.fault(place, fault.what, fault.fix);
            }
            None
        }
    }
}

/// `[register]`, with `[[provider]]` and `[[origin]]` beside it.
fn register(doc: &mut Document) -> RegisterSettings {
    let mut register: RegisterSettings = optional(doc, "register");
    let providers = doc.take_all("provider").into_iter().map(|(_, p)| p);
    register.provider.extend(providers);
    let origins = doc.take_all("origin").into_iter().map(|(_, o)| o);
    register.origin.extend(origins);
    register
}

/// A path longer than this cannot be bound (`sun_path` of unix(7), with its final zero).
const LONGEST_SOCKET: usize = 107;

fn socket(doc: &mut Document, given: Option<PathBuf>, store: Option<&PathBuf>) -> PathBuf {
    let beside = || store.map(|s| s.join("control.sock"));
    let socket = given.or_else(beside).unwrap_or_default();
    if socket.as_os_str().len() > LONGEST_SOCKET {
        let place = doc.place(&["control", "socket"]);
        doc.fault(
            place,
            format!("the path of the control socket is longer than {LONGEST_SOCKET} bytes"),
            "add [control] with a short one: socket = \"/run/quitus/control.sock\"",
        );
    }
    socket
}
