//! Puts the sections of a configuration together, and collects what is wrong with any of them.
//!
//! A section that is broken or missing does not hide the mistakes of the others: every section is read before anybody is
//! told, and each is judged by its own room.

use super::canary::canary;
use super::closing::closing;
use super::outside::outside;
use super::pieces::Text;
use super::places::resolve;
use super::survey::{SecretPlace, Survey};
use super::{
    Config, ControlSettings, ControllerSettings, Document, FolderSettings, HouseSettings,
    LearningSettings, LogSettings, ProcessingSettings, RecipientSettings, RetentionSettings,
    ReviewSettings, SecretSource, StoreSettings, SystemSettings, cross, deputies, logins,
    recipients, sections, sense,
};
use crate::delivery::SmtpSettings;
use crate::mailbox::MailboxSettings;
use crate::record::Fault;
use crate::register::{RegisterSettings, SentLogSettings};
use crate::request::{Policy, PolicySettings};
use crate::sender::SenderSettings;
use std::path::{Path, PathBuf};

/// Reads the texts, judges them, and makes the configuration if nothing is wrong; what it leads to is told in any case.
/// `faults` are of texts that could not be read.
pub fn assemble(path: &Path, texts: &[Text], faults: Vec<Fault>) -> Survey {
    let ((mut doc, written), folder) = (Document::merged(texts, faults), folder_of(path));
    let (controller, mailboxes) = firm(&mut doc, folder);
    let ((store, at), (review, retention)) = (store(&mut doc, folder), review(&mut doc));
    let (processing, smtp) = (processing(&mut doc), smtp(&mut doc, folder));
    let (senders, systems) = (senders(&mut doc, folder), systems(&mut doc));
    let (secrets, sent_logs) = (secrets(&doc, folder), sent_logs(&mut doc, folder));
    let policy = policy(&mut doc, path, controller.as_ref());
    let (register, recipients) = people(&mut doc, folder, controller.as_ref(), &systems);
    let [templates, lexicon] = ["templates", "lexicon"].map(|s| own_files(&mut doc, s, folder));
    let (reader, (log, learning)) = (optional(&mut doc, "reader"), kept(&mut doc));
    let (house, out) = (house(&mut doc, &mailboxes), outside(&mut doc, folder));
    let canary = canary(&mut doc, folder, &mailboxes, &house);
    let own = [&templates, &lexicon];
    let mut survey = Survey::wrong(finished(doc), secrets, own, &at, written);
    let needed = (controller, store, smtp, policy, survey.is_flawless());
    let (Some(controller), Some(store), Some(smtp), Some(policy), true) = needed else {
        return survey;
    };
    survey.config = Ok(logins::owned(Config {
        file: path.to_owned(),
        controller,
        processing,
        store,
        mailboxes,
        smtp,
        senders,
        systems,
        recipients,
        sent_logs,
        policy,
        register,
        review,
        retention,
        templates,
        lexicon,
        reader,
        learning,
        log,
        house,
        control_socket: at,
        guard: out.guard,
        health: out.health,
        alerts: out.alerts,
        desk: out.desk,
        canary,
        connections: out.connections,
    }));
    survey
}

/// Everything that is wrong, in the order of the texts.
fn finished(mut doc: Document) -> Vec<Fault> {
    sense::judge(&mut doc);
    doc.finish(&sections::names())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Who answers, and the mailboxes that receive replies.
fn firm(doc: &mut Document, folder: &Path) -> (Option<ControllerSettings>, Vec<MailboxSettings>) {
    let controller = controller(doc);
    let mailboxes = mailboxes(doc, folder, controller.as_ref());
    (controller, mailboxes)
}

/// Who answers.
fn controller(doc: &mut Document) -> Option<ControllerSettings> {
    let controller = needed(doc, "controller", CONTROLLER);
    cross::controller(doc, controller.as_ref());
    controller
}

/// What is written down beside the log: lines for the operator, and corrected replies.
fn kept(doc: &mut Document) -> (LogSettings, LearningSettings) {
    (optional(doc, "log"), optional(doc, "learning"))
}

/// Why and how data are used.
fn processing(doc: &mut Document) -> ProcessingSettings {
    let processing = optional(doc, "processing");
    cross::processing(doc, &processing);
    processing
}

/// Where the log is, and the daemon's socket, which is beside it unless somebody says otherwise.
fn store(doc: &mut Document, folder: &Path) -> (Option<StoreSettings>, PathBuf) {
    let mut store: Option<StoreSettings> = needed(doc, "store", STORE);
    store.iter_mut().for_each(|s| resolve(&mut s.path, folder));
    let at = socket(doc, folder, &store);
    (store, at)
}

fn house(doc: &mut Document, mailboxes: &[MailboxSettings]) -> HouseSettings {
    let mut house = optional(doc, "house");
    cross::house(doc, &mut house, mailboxes);
    house
}

/// Who decides what was held, and how long it can be read afterwards.
fn review(doc: &mut Document) -> (ReviewSettings, RetentionSettings) {
    let review = optional(doc, "review");
    cross::review(doc, &review);
    deputies::judge(doc, &review);
    (review, optional(doc, "retention"))
}

const CONTROLLER: &str =
    "add [controller] with name, legal_name, address and privacy_email: letters say who answers";
const STORE: &str = "add [store] with path = \"/var/lib/quitus\"";
const SMTP: &str = "add [smtp] with host, username and password: letters leave through it";
const MAILBOX: &str = "add [[mailbox]] with name, address and an imap table: replies arrive there";

fn needed<T: serde::de::DeserializeOwned>(doc: &mut Document, key: &str, fix: &str) -> Option<T> {
    if !doc.has(&[key]) {
        doc.fault_of_file(format!("there is no [{key}]"), fix);
    }
    doc.take(key)
}

pub(super) fn optional<T: serde::de::DeserializeOwned + Default>(
    doc: &mut Document,
    key: &str,
) -> T {
    doc.take(key).unwrap_or_default()
}

fn mailboxes(
    doc: &mut Document,
    folder: &Path,
    controller: Option<&ControllerSettings>,
) -> Vec<MailboxSettings> {
    if !doc.has(&["mailbox"]) {
        doc.fault_of_file("there is no [[mailbox]]", MAILBOX);
    }
    let read = doc.take_all("mailbox");
    cross::mailboxes(doc, &read);
    closing(doc, &read, controller);
    let mut mailboxes: Vec<MailboxSettings> = read.into_iter().map(|(_, m)| m).collect();
    mailboxes.iter_mut().for_each(|m| m.resolve_in(folder));
    mailboxes
}

fn smtp(doc: &mut Document, folder: &Path) -> Option<SmtpSettings<SecretSource>> {
    let mut smtp: SmtpSettings<SecretSource> = needed(doc, "smtp", SMTP)?;
    cross::smtp(doc, &smtp);
    if let Some(password) = &mut smtp.password {
        password.resolve_in(folder);
    }
    if let Some(oauth) = &mut smtp.oauth {
        oauth.resolve_in(folder);
    }
    smtp.ca_file.iter_mut().for_each(|p| resolve(p, folder));
    Some(smtp)
}

/// The tools that must obey; none is none.
fn senders(doc: &mut Document, folder: &Path) -> Vec<SenderSettings> {
    let mut read: Vec<(usize, SenderSettings)> = doc.take_all("sender");
    read.iter_mut().for_each(|(_, s)| s.resolve_in(folder));
    cross::senders(doc, &read);
    read.into_iter().map(|(_, s)| s).collect()
}

/// Where else data lie; none is none.
fn systems(doc: &mut Document) -> Vec<SystemSettings> {
    let read: Vec<(usize, SystemSettings)> = doc.take_all("system");
    cross::systems(doc, &read);
    read.into_iter().map(|(_, s)| s).collect()
}

/// Where data come from, and whom they were passed on to.
fn people(
    doc: &mut Document,
    folder: &Path,
    controller: Option<&ControllerSettings>,
    systems: &[SystemSettings],
) -> (RegisterSettings, Vec<RecipientSettings>) {
    let register = register(doc, controller);
    let recipients = recipients(doc, folder, systems, &register);
    (register, recipients)
}

/// Who is told of what becomes of data (Art. 19); none is none.
fn recipients(
    doc: &mut Document,
    folder: &Path,
    systems: &[SystemSettings],
    register: &RegisterSettings,
) -> Vec<RecipientSettings> {
    let mut read: Vec<(usize, RecipientSettings)> = doc.take_all("recipient");
    read.iter_mut().for_each(|(_, r)| r.resolve_in(folder));
    recipients::judge(doc, &read, systems, register);
    read.into_iter().map(|(_, r)| r).collect()
}

/// Logs of mail servers; none is none.
fn sent_logs(doc: &mut Document, folder: &Path) -> Vec<SentLogSettings> {
    let mut read: Vec<(usize, SentLogSettings)> = doc.take_all("sent_log");
    read.iter_mut().for_each(|(_, s)| s.resolve_in(folder));
    cross::sent_logs(doc, &read);
    read.into_iter().map(|(_, s)| s).collect()
}

/// Where the secret of an application that asks for tokens is said to be.
const APPLICATION: [&str; 3] = ["imap", "oauth", "client_secret"];

/// Where passwords are said to be, also in a section with a mistake elsewhere.
fn secrets(doc: &Document, folder: &Path) -> Vec<SecretPlace> {
    let smtp = ("smtp".to_owned(), vec!["smtp".into(), "password".into()]);
    let client = ["smtp", "oauth", "client_secret"].map(str::to_owned);
    let client = ("the application of smtp".to_owned(), client.to_vec());
    let alerts = ("alerts".to_owned(), vec!["alerts".into(), "secret".into()]);
    let desk = (
        "desk".to_owned(),
        vec!["desk".into(), "proxy_secret".into()],
    );
    let asker = ["guard", "http", "client"];
    let all = named(doc, "mailbox", &["mailbox"], &["imap", "password"])
        .into_iter()
        .chain(named(
            doc,
            "the application of mailbox",
            &["mailbox"],
            &APPLICATION,
        ))
        .chain([smtp, client])
        .chain(named(doc, "sender", &["sender"], &["secret"]))
        .chain(named(doc, "recipient", &["recipient"], &["secret"]))
        .chain(named(doc, "client", &asker, &["token"]))
        .chain([alerts, desk])
        .chain(of_canary());
    all.filter_map(|(of, path)| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let mut source: SecretSource = doc.peek(&path)?;
        source.resolve_in(folder);
        let nowhere = doc.fault_at(&path);
        Some(SecretPlace {
            of,
            source,
            nowhere,
        })
    })
    .collect()
}

/// The canary's account has two log-ins.
fn of_canary() -> impl Iterator<Item = (String, Vec<String>)> {
    let places: [&[&str]; 4] = [
        &["canary", "smtp", "password"],
        &["canary", "imap", "password"],
        &["canary", "smtp", "oauth", "client_secret"],
        &["canary", "imap", "oauth", "client_secret"],
    ];
    let owned = |path: &[&str]| path.iter().map(|s| (*s).to_owned()).collect();
    places
        .into_iter()
        .map(move |path| ("canary".to_owned(), owned(path)))
}

/// Whose secret and where it stands, for each table of an array: `mailbox sales`.
fn named(
    doc: &Document,
    what: &str,
    array: &[&str],
    secret: &[&str],
) -> Vec<(String, Vec<String>)> {
    let numbers = (0..).map(|n: usize| n.to_string());
    let tables = numbers.map_while(|n| {
        let path = [array, &[&n]].concat();
        doc.has(&path).then(|| {
            let name: Option<String> = doc.peek(&[&path[..], &["name"]].concat());
            let path = path.iter().chain(secret).map(|s| (*s).to_owned()).collect();
            (format!("{what} {}", name.unwrap_or_default()), path)
        })
    });
    tables.collect()
}

/// A folder of the firm's own files, which must be there.
fn own_files(doc: &mut Document, section: &str, folder: &Path) -> FolderSettings {
    let mut settings: FolderSettings = optional(doc, section);
    settings.path.iter_mut().for_each(|p| resolve(p, folder));
    cross::own_files(doc, section, &settings);
    settings
}

/// The policy, in the controller's country and time zone; read and judged even if the controller is wrong.
fn policy(doc: &mut Document, path: &Path, who: Option<&ControllerSettings>) -> Option<Policy> {
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
    let file = path.display().to_string();
    match Policy::new(settings, zone.unwrap_or(jiff::tz::TimeZone::UTC), &file) {
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
fn register(doc: &mut Document, who: Option<&ControllerSettings>) -> RegisterSettings {
    let mut register: RegisterSettings = optional(doc, "register");
    register.home = who.map(|w| w.country.clone()).unwrap_or_default();
    let providers = doc.take_all("provider").into_iter().map(|(_, p)| p);
    register.provider.extend(providers);
    let origins = doc.take_all("origin").into_iter().map(|(_, o)| o);
    register.origin.extend(origins);
    cross::register(doc, &register);
    register
}

/// A path longer than this cannot be bound (`sun_path` of unix(7), with its final zero).
const LONGEST_SOCKET: usize = 107;

fn socket(doc: &mut Document, folder: &Path, store: &Option<StoreSettings>) -> PathBuf {
    let mut control: ControlSettings = optional(doc, "control");
    control.socket.iter_mut().for_each(|p| resolve(p, folder));
    let beside = || store.as_ref().map(|s| s.path.join("control.sock"));
    let socket = control.socket.or_else(beside).unwrap_or_default();
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
