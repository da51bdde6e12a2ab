//! `quitus oauth login`: the link, the browser that comes back or the person who pastes, the tokens, and one try of them.

use super::{account, as_owner, failed, tried};
use crate::cli::check;
use crate::cli::edge::{DONE, End, WRONG};
use crate::cli::output::{self, FAINT, STRONG, painted};
use crate::config::{Config, Secret};
use crate::oauth::{Account, Consent, DeviceCode, NoCode, redirect};
use std::io::{BufRead as _, Write as _};
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// `quitus oauth login …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// A mailbox as the configuration names it, or smtp [default: the only one]
    name: Option<String>,
    /// A short code to type in on another machine, where the provider has that (Microsoft)
    #[arg(long)]
    device: bool,
    /// The port of this machine to which the browser comes back, for a tunnel [default: a free one]
    #[arg(
        long,
        default_value_t = 0,
        hide_default_value = true,
        conflicts_with = "device"
    )]
    port: u16,
    /// Do not try the tokens at the mail servers
    #[arg(long)]
    untried: bool,
}

/// Runs it. 1 if no tokens were given, or a server does not take them.
pub async fn run(arguments: &Arguments, config: &Config) -> Result<u8, End> {
    as_owner(config)?;
    let account = account(config, arguments.name.as_deref())?;
    if !account.wants_a_person() {
        account.begin_alone().await.map_err(failed)?;
    } else if arguments.device {
        by_device(&account).await?;
    } else {
        by_browser(&account, arguments.port).await?;
    }
    let mut out = output::people();
    writeln!(
        out,
        "{}: tokens are kept, and renewed by themselves",
        account.name()
    )?;
    out.flush()?;
    if arguments.untried {
        return Ok(DONE);
    }
    let seen = tried(config, &account).await;
    check::tell(&mut out, &seen)?;
    out.flush()?;
    Ok(if seen.iter().all(|s| s.ok) {
        DONE
    } else {
        WRONG
    })
}

async fn by_device(account: &Account) -> Result<(), End> {
    let code = DeviceCode::ask(account).await.map_err(failed)?;
    let mut out = output::people();
    writeln!(
        out,
        "Open {} and type in {}",
        code.page,
        painted(STRONG, &code.code)
    )?;
    writeln!(
        out,
        "{}",
        painted(FAINT, "waiting; Ctrl-C leaves nothing behind")
    )?;
    out.flush()?;
    drop(out);
    code.wait().await.map_err(failed)
}

async fn by_browser(account: &Account, port: u16) -> Result<(), End> {
    let (listener, port) = redirect::listen(port).await?;
    let consent = Consent::new(account, port).map_err(failed)?;
    tell(&consent, account, port)?;
    let code = timeout(PATIENCE, code(&listener, &consent)).await;
    let code = code.map_err(|_| {
        End::Io(std::io::Error::other(
            "nobody has logged in within 15 minutes",
        ))
    })?;
    let code = code.map_err(|e| End::Io(std::io::Error::other(e.to_string())))?;
    consent.finish(&code).await.map_err(failed)
}

fn tell(consent: &Consent, account: &Account, port: u16) -> std::io::Result<()> {
    let mut out = output::people();
    writeln!(
        out,
        "Open this link in a browser, and log in as the owner of {}:",
        account.name()
    )?;
    writeln!(out, "\n{}\n", consent.link)?;
    let here = format!(
        "A browser on this machine comes back by itself. Any other ends on a page that cannot be reached: paste its whole address \
         here and press Enter (or lead it here: ssh -L {port}:127.0.0.1:{port} …). Ctrl-C leaves nothing behind."
    );
    writeln!(out, "{}", painted(FAINT, &here))?;
    out.flush()
}

/// The code, from the browser or from whoever pastes, whoever is first.
async fn code(listener: &TcpListener, consent: &Consent) -> Result<Secret, NoCode> {
    let mut lines = pasted();
    let mut reading = true;
    let mut heard = pin!(redirect::hear(listener, consent));
    loop {
        tokio::select! {
            heard = &mut heard => return heard,
            line = lines.recv(), if reading => match line.as_ref().map(|l| consent.code(l.expose())) {
                None => reading = false,
                Some(Err(NoCode::Nothing)) if line.is_some_and(|l| l.expose().trim().is_empty()) => {}
                Some(Err(again @ (NoCode::Nothing | NoCode::Elsewhere))) => anstream::eprintln!("{again}"),
                Some(code) => return code,
            },
        }
    }
}

/// Lines of standard input. The thread that reads them ends with the process: nothing can call it back from there.
fn pasted() -> Receiver<Secret> {
    let (tell, lines) = channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if tell.blocking_send(Secret::new(line)).is_err() {
                return;
            }
        }
    });
    lines
}
