//! The servers: each step from the name to the log-in, and what is lost by what they cannot do. Nothing is sent or changed.

use super::border::border;
use super::certificate;
use super::finding::{Findings, Id};
use crate::cli::check;
use crate::config::{Config, SecretSource};
use crate::delivery::{self, Credentials, Phase, Problem, SmtpSettings, Trouble};
use crate::mailbox::{self, MailboxSettings, Probe, SessionError, Threads};
use crate::service::oauth_standings;
use jiff::{SignedDuration, Timestamp};

/// From so many days before its end a certificate should be on its way.
const SOON_DAYS: i64 = 14;
/// Who has sent nothing for so long sends elsewhere, or files elsewhere.
const LONG_AGO: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Of fewer replies no share is told.
const FEW: usize = 5;

/// The steps on the way to a server, in their order.
const STEPS: [(Id, &str); 4] = [
    (Id::Name, "its name is known"),
    (Id::Reach, "it can be reached"),
    (Id::Certificate, "TLS"),
    (Id::Login, "it takes the log-in"),
];

/// The steps before the one that failed went well.
fn until(all: &mut Findings, about: &str, failed: Id) {
    for (id, what) in STEPS.iter().take_while(|(id, _)| *id != failed) {
        all.good(*id, about, *what);
    }
}

/// The end of a certificate that was found good.
fn ends(all: &mut Findings, about: &str, certificate: Option<&[u8]>, now: Timestamp) {
    let Some(der) = certificate else {
        let what = "in clear text, which is allowed on this machine itself";
        return all.good(Id::Certificate, about, what);
    };
    let Some(end) = certificate::ends(der) else {
        let what = "its certificate is good; its end cannot be read";
        return all.good(Id::Certificate, about, what);
    };
    let days = end.duration_since(now).as_hours() / 24;
    let what = format!("its certificate is good for another {days} days");
    match days < SOON_DAYS {
        true => {
            let fix = "have it renewed, or find out why that does not happen by itself";
            all.warn(Id::Certificate, about, what, fix);
        }
        false => all.good(Id::Certificate, about, what),
    }
}

/// One mailbox. When the newest mail of each folder arrived is given back, for the clock.
pub async fn mailbox(
    settings: &MailboxSettings,
    authserv_id: Option<&str>,
    now: Timestamp,
    all: &mut Findings,
) -> Vec<Timestamp> {
    let about = &format!("mailbox {}", settings.name);
    let probe = match mailbox::probe(settings).await {
        Ok(probe) => probe,
        Err(e) => {
            refused(all, about, &e);
            return Vec::new();
        }
    };
    until(all, about, Id::Certificate);
    ends(all, about, probe.certificate.as_deref(), now);
    all.good(Id::Login, about, "it takes the log-in");
    capabilities(all, about, settings, &probe);
    folders(all, about, &probe);
    sent(all, about, settings, &probe, now);
    match mailbox::threads(settings).await {
        Ok(threads) => {
            matched(all, about, settings, &threads);
            border(all, about, authserv_id, &threads);
        }
        Err(e) => refused(all, about, &e),
    }
    let newest = probe.newest.iter().map(|(_, at)| at.to_jiff());
    newest.collect()
}

/// Where the way to an IMAP server ended, and what to do there.
fn refused(all: &mut Findings, about: &str, error: &SessionError) {
    let (id, fix) = match error {
        SessionError::Dns { .. } => (Id::Name, "correct `host`, or this machine's name server"),
        SessionError::Connect { .. } => (
            Id::Reach,
            "correct `host` and `port`; is a firewall in between?",
        ),
        SessionError::Tls { .. } => (
            Id::Certificate,
            "have the certificate renewed, or correct `host`, `security` or `ca_file`",
        ),
        SessionError::Oauth(error) if error.needs_a_person() => {
            (Id::Oauth, "quitus oauth status says what to do")
        }
        SessionError::Oauth(_) => (
            Id::Oauth,
            "look at the token server's name and the way to it; it is tried again by itself",
        ),
        SessionError::Auth { .. } => (
            Id::Login,
            "correct `username` or the password; many providers want a password made for one program, and IMAP switched on (for a log-in by token: for this mailbox too)",
        ),
        SessionError::Secret(_) => (
            Id::Login,
            "make the password readable for the user of the daemon",
        ),
        SessionError::Limit { .. } => (
            Id::Login,
            "close other programs that read this mailbox, or wait",
        ),
        _ => (Id::Reach, "look at the server, and try again"),
    };
    // A password that cannot be read: nobody knows yet how the server is.
    if !matches!(error, SessionError::Secret(_) | SessionError::Oauth(_)) {
        until(all, about, id);
    }
    all.wrong(id, about, error.to_string(), fix);
}

/// What the server cannot do, and what is lost by it.
fn capabilities(all: &mut Findings, about: &str, settings: &MailboxSettings, probe: &Probe) {
    let can = |word: &str| probe.capabilities.iter().any(|c| c == word);
    let poll = settings.poll_seconds;
    if !can("IDLE") {
        let what = format!("no IDLE: a reply is seen at the next look, after up to {poll} s");
        let fix = "nothing is lost; a smaller poll_seconds makes it quicker";
        all.warn(Id::Capability, about, what, fix);
    }
    if !can("MOVE") && !can("UIDPLUS") && settings.filing.move_to.is_some() {
        let what = "neither MOVE nor UIDPLUS: messages cannot be moved without touching what others marked";
        let fix = "take move_to out of [mailbox.filing]; a keyword works";
        all.wrong(Id::Capability, about, what, fix);
    }
    if !can("SPECIAL-USE") && probe.folders.iter().all(|f| f.uses.is_empty()) {
        let what = "no SPECIAL-USE: Sent, Junk and Drafts are found by their usual names";
        let fix = "if a folder is not found below, write its name";
        all.warn(Id::Capability, about, what, fix);
    }
    let known = ["IDLE", "UIDPLUS", "MOVE", "SPECIAL-USE", "CONDSTORE"];
    let (has, lacks): (Vec<&str>, Vec<&str>) = known.into_iter().partition(|word| can(word));
    let mut what = format!("it has {}", has.join(", "));
    if !lacks.is_empty() {
        what += &format!("; not {}", lacks.join(", "));
    }
    // CONDSTORE would only spare a look at flags, and is not used.
    all.good(Id::Capability, about, what);
}

fn folders(all: &mut Findings, about: &str, probe: &Probe) {
    let selectable = probe.folders.iter().filter(|f| f.selectable);
    let names: Vec<&str> = selectable.map(|f| f.name.as_str()).take(20).collect();
    for (meant, opened) in &probe.named {
        match opened {
            Ok(o) => {
                let (name, uses) = (&o.folder.name, o.folder.uses.join(" "));
                let what = format!("{meant} is {name} {uses}: {} messages", o.exists);
                all.good(Id::Folder, about, what);
            }
            Err(e) => {
                let fix = format!("write the name of one that is there: {}", names.join(", "));
                all.wrong(Id::Folder, about, format!("{meant}: {e}"), fix);
            }
        }
    }
}

/// When something was last sent, as far as Sent tells.
fn sent(
    all: &mut Findings,
    about: &str,
    settings: &MailboxSettings,
    probe: &Probe,
    now: Timestamp,
) {
    let fix = "have the sending tool file its mails in Sent, name the folder with `sent`, or give its export to `quitus sent import`";
    if settings.sent.is_empty() {
        let what =
            "no Sent folder is looked at: whose reply is whose is known by tokens and imports only";
        return all.warn(Id::Sent, about, what, fix);
    }
    let found = probe.named.iter().find(|(m, _)| *m == settings.sent);
    if !matches!(found, Some((_, Ok(_)))) {
        // It was told among the folders.
        return;
    }
    let newest = probe.newest.iter().find(|(m, _)| *m == settings.sent);
    let Some((_, at)) = newest else {
        return all.warn(Id::Sent, about, "nothing lies in Sent", fix);
    };
    let age = now.duration_since(at.to_jiff());
    let what = format!("last sent mail {} ago", ago(age));
    match age > LONG_AGO {
        true => all.warn(Id::Sent, about, what, fix),
        false => all.good(Id::Sent, about, what),
    }
}

/// A length of time as people say it.
fn ago(age: SignedDuration) -> String {
    let minutes = age.as_mins().max(0);
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// Which share of recent replies answers something that lies in Sent.
fn matched(all: &mut Findings, about: &str, settings: &MailboxSettings, threads: &Threads) {
    let Threads {
        replies, matched, ..
    } = threads;
    if settings.sent.is_empty() {
        return;
    }
    if *replies < FEW {
        let what =
            format!("{matched} of {replies} replies answer a mail in Sent: too few to say more");
        return all.good(Id::Matched, about, what);
    }
    let what = format!(
        "{matched} of the last {replies} replies answer a mail in Sent ({} %)",
        matched * 100 / replies
    );
    match matched * 2 < *replies {
        true => {
            let fix = "without what was sent nobody knows whom an unproved STOP is from: file sent mails in Sent, or `quitus sent import`";
            all.warn(Id::Matched, about, what, fix);
        }
        false => all.good(Id::Matched, about, what),
    }
}

/// Our clock, against that of the servers: no mail can have arrived later than now.
pub fn clock(newest: &[Timestamp], now: Timestamp, all: &mut Findings) {
    let Some(last) = newest.iter().max() else {
        let what = "no mail tells how late it is (`--letter` measures it)";
        return all.good(Id::Clock, "", what);
    };
    let behind = last.duration_since(now).as_secs();
    let fix = "let systemd-timesyncd or chrony set the clock: TLS and deadlines depend on it";
    let what = format!("a mail arrived {behind} s from now: this machine's clock is behind");
    match behind {
        300.. => all.wrong(Id::Clock, "", what, fix),
        30.. => all.warn(Id::Clock, "", what, fix),
        _ => all.good(Id::Clock, "", "it is not behind the mail servers'"),
    }
}

/// How each log-in by token is.
pub fn logins(config: &Config, all: &mut Findings) {
    for login in oauth_standings(config, Timestamp::now().into()) {
        let (about, what) = (format!("log-in {}", login.name), login.to_string());
        match (login.state, login.fix) {
            ("good", _) => all.good(Id::Oauth, &about, what),
            ("trouble", _) => {
                let fix = "it is tried again by itself; look at the way to the token server, and at its name and certificate";
                all.warn(Id::Oauth, &about, what, fix);
            }
            (_, fix) => all.wrong(Id::Oauth, &about, what, fix.unwrap_or_default()),
        }
    }
}

/// The server that takes letters.
pub async fn smtp(config: &Config, now: Timestamp, all: &mut Findings) {
    let about = "smtp";
    let settings = &config.smtp;
    let login = match login(settings) {
        Ok(login) => login,
        Err(why) => {
            let fix = "make the password readable for the user of the daemon";
            return all.wrong(Id::Login, about, why, fix);
        }
    };
    let probe = match delivery::probe(settings, login.as_ref()).await {
        Ok(probe) => probe,
        Err(problem) => return smtp_refused(all, about, settings.oauth.is_some(), &problem),
    };
    until(all, about, Id::Certificate);
    ends(all, about, probe.certificate.as_deref(), now);
    match login {
        Some(_) => all.good(Id::Login, about, "it takes the log-in"),
        None => all.good(Id::Login, about, "no log-in is asked for"),
    }
    offers(all, about, &probe.capabilities);
}

/// What the server offers, and what is lost by what it does not.
fn offers(all: &mut Findings, about: &str, capabilities: &[String]) {
    let offers = |word: &str| {
        let mut lines = capabilities.iter();
        lines.find(|l| {
            l.split(' ')
                .next()
                .is_some_and(|w| w.eq_ignore_ascii_case(word))
        })
    };
    if offers("8BITMIME").is_none() {
        let what = "no 8BITMIME: a letter that is not plain ASCII on the wire is refused";
        let fix = "use another server for letters";
        all.warn(Id::Offers, about, what, fix);
    }
    let size = offers("SIZE")
        .and_then(|l| l.split(' ').nth(1))
        .and_then(|n| n.parse::<u64>().ok());
    match size.filter(|n| *n > 0) {
        Some(size) if size < 1 << 20 => {
            let what = format!(
                "it takes letters of {} KiB at most: a copy of somebody's data may be larger",
                size >> 10
            );
            all.warn(Id::Offers, about, what, "raise the limit at the server");
        }
        Some(size) => {
            let what = format!(
                "it takes letters of {} MiB, and offers {}",
                size >> 20,
                capabilities.join(", ")
            );
            all.good(Id::Offers, about, what);
        }
        None => all.good(
            Id::Offers,
            about,
            format!("it offers {}", capabilities.join(", ")),
        ),
    }
}

/// Name and password of the SMTP server, if it wants some; one that cannot be read is told apart from one that is refused.
pub fn login(settings: &SmtpSettings<SecretSource>) -> Result<Option<Credentials>, String> {
    if let Some(password) = &settings.password {
        password.read().map_err(|e| e.to_string())?;
    }
    Ok(Credentials::of(settings))
}

fn smtp_refused(all: &mut Findings, about: &str, by_token: bool, problem: &Problem) {
    let (id, fix) = match (problem.phase, problem.trouble) {
        (_, Trouble::Tls) | (Phase::Tls, _) => (
            Id::Certificate,
            "have the certificate renewed, or correct `host`, `security` or `ca_file`",
        ),
        (Phase::Dns, _) => (Id::Name, "correct `host`, or this machine's name server"),
        (Phase::Auth, _) if by_token => (
            Id::Oauth,
            "quitus oauth status; if that is good, SMTP with a log-in is switched off for this mailbox or the whole directory",
        ),
        (Phase::Auth, _) => (
            Id::Login,
            "correct `username` or the password; many providers want a password made for one program",
        ),
        (Phase::Connect, _) => (
            Id::Reach,
            "correct `host` and `port`; many networks block port 25, so use 465 or 587",
        ),
        _ => (Id::Reach, "look at the server, and try again"),
    };
    until(all, about, id);
    all.wrong(id, about, check::trouble(problem), fix);
}
