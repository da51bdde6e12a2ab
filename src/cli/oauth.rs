//! `quitus oauth`: log in once at the mail provider, see how the log-ins are, end one. 1 if something is wrong.
//!
//! No browser is opened and none is needed on this machine: the link can be opened anywhere, and what comes back can be pasted.
//! The daemon is not asked: tokens are in a file of their own, which it reads at its next try.

mod login;

use super::check::{self, Seen};
use super::edge::{self, DONE, End, WRONG};
use super::output::{self, BAD, CARE, FAINT, GOOD, painted};
use crate::config::Config;
use crate::oauth::{Account, OauthError, Standing};
use crate::service::oauth_accounts;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// `quitus oauth …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Log in at the provider, keep the tokens, try them; sends nothing
    Login(login::Arguments),
    /// How each log-in is; 1 if somebody must log in
    Status {
        /// A mailbox as the configuration names it, or smtp [default: all]
        name: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Forget the tokens here, and tell the provider where it can be told
    Logout {
        /// A mailbox as the configuration names it, or smtp
        name: String,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let config = edge::config(named)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match &arguments.command {
        Command::Login(a) => runtime.block_on(login::run(a, &config)),
        Command::Status { name, json } => status(&config, name.as_deref(), *json),
        Command::Logout { name } => {
            let account = account(&config, Some(name))?;
            runtime.block_on(logout(&config, &account))
        }
    }
}

/// The account of a name; without one, the only one that there is.
fn account(config: &Config, name: Option<&str>) -> Result<Account, End> {
    let all: Vec<Account> = config.oauth().map(Account::of).collect();
    let names: Vec<&str> = all.iter().map(Account::name).collect();
    let of = |name: &str| all.iter().find(|a| a.name() == name).cloned();
    let words = match name {
        Some(name) => match of(name) {
            Some(account) => return Ok(account),
            None => format!("\"{name}\" logs in by no token"),
        },
        None => match oauth_accounts(config).as_slice() {
            [only] => return Ok(only.clone()),
            _ => "say whose log-in".to_owned(),
        },
    };
    let fix = match names.as_slice() {
        [] => "nothing in the configuration does: add oauth = { … } to [mailbox.imap] or [smtp]"
            .to_owned(),
        names => format!("name one of {}", names.join(", ")),
    };
    Err(End::Usage(format!("{words}\n  → {fix}")))
}

/// Files that this user makes would be closed to the daemon: said before anything is asked.
fn as_owner(config: &Config) -> Result<(), End> {
    let store = &config.store.path;
    let me = rustix::process::geteuid().as_raw();
    match std::fs::metadata(store) {
        Ok(there) if there.uid() != me => Err(End::Usage(format!(
            "{} belongs to another user, who could not read the tokens\n  → run it as that user: sudo -u '#{}' quitus oauth …",
            store.display(),
            there.uid()
        ))),
        _ => Ok(()),
    }
}

fn status(config: &Config, name: Option<&str>, json: bool) -> Result<u8, End> {
    let all: Vec<Standing> = match name {
        Some(name) => vec![account(config, Some(name))?.standing()],
        None => oauth_accounts(config)
            .iter()
            .map(Account::standing)
            .collect(),
    };
    let wrong = all.iter().any(|s| s.state != "good");
    if json {
        let mut out = output::programs();
        let object = serde_json::json!({"ok": !wrong, "logins": all});
        output::json_line(&mut out, &object)?;
        out.flush()?;
    } else {
        let mut out = output::people();
        for one in &all {
            let style = match one.state {
                "good" => GOOD,
                "trouble" => CARE,
                _ => BAD,
            };
            writeln!(out, "{}", painted(style, &one.to_string()))?;
            let until = one.until.as_ref();
            let until = until.map(|u| format!("access token until {u}, renewed ahead of it"));
            let scope = Some(&one.scope).filter(|s| !s.is_empty());
            let scope = scope.map(|s| format!("for {s}"));
            let fix = one.fix.as_ref().map(|f| format!("→ {f}"));
            for line in [until, scope, fix].into_iter().flatten() {
                writeln!(out, "    {}", painted(FAINT, &line))?;
            }
        }
        if all.is_empty() {
            writeln!(out, "nothing in the configuration logs in by a token")?;
        }
        out.flush()?;
    }
    Ok(if wrong { WRONG } else { DONE })
}

async fn logout(config: &Config, account: &Account) -> Result<u8, End> {
    as_owner(config)?;
    let told = account.forget().await.map_err(failed)?;
    let mut out = output::people();
    let name = account.name();
    writeln!(out, "the tokens of {name} are forgotten here")?;
    match told {
        Some(Ok(())) => writeln!(out, "the provider was told, and takes them no more")?,
        Some(Err(why)) => writeln!(
            out,
            "the provider could not be told ({why}): remove the application in its account settings"
        )?,
        None => writeln!(
            out,
            "the provider has no place where it is told: remove the application in its account settings"
        )?,
    }
    out.flush()?;
    Ok(DONE)
}

/// What went wrong, for a person; nothing of it is usage.
fn failed(error: OauthError) -> End {
    End::Io(std::io::Error::other(error.to_string()))
}

/// Tries the tokens at every server that they are for.
async fn tried(config: &Config, account: &Account) -> Vec<Seen> {
    let mut seen = Vec::new();
    let ours = |oauth: &Option<crate::oauth::OauthSettings>| {
        oauth
            .as_ref()
            .is_some_and(|o| Account::of(o).is_same(account))
    };
    for settings in config.mailboxes.iter().filter(|m| ours(&m.imap.oauth)) {
        seen.push(check::mailbox(settings).await);
    }
    if ours(&config.smtp.oauth) {
        seen.extend(check::smtp(config).await);
    }
    seen
}
