//! Log-ins by token: kept fresh while the daemon runs, and seen in its status.
//!
//! A mailbox asks for a token when it connects, which may be hours away, and a provider forgets a log-in that nobody uses. So
//! each is looked at every minute: a token is renewed ahead of its end, and a log-in that has ended is seen before mail waits for it.

use super::house::Office;
use super::needs::{Need, Why};
use crate::config::Config;
use crate::oauth::{Account, OauthSettings, Standing};
use crate::record::Timestamp;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(60);

/// The accounts of a configuration, each once, though a mailbox and `[smtp]` may share one.
pub fn accounts(config: &Config) -> Vec<Account> {
    each(config.oauth())
}

/// The same without those of mailboxes whose last day is over.
fn used(config: &Config, now: Timestamp) -> Vec<Account> {
    each(config.oauth_at(now))
}

fn each<'s>(settings: impl Iterator<Item = &'s OauthSettings>) -> Vec<Account> {
    let mut all: Vec<Account> = Vec::new();
    for account in settings.map(Account::of) {
        if !all.iter().any(|one| one.is_same(&account)) {
            all.push(account);
        }
    }
    all
}

/// How each is that is still used.
pub fn standings(config: &Config, now: Timestamp) -> Vec<Standing> {
    used(config, now).iter().map(Account::standing).collect()
}

/// What a human must do about one.
pub(super) fn need(login: &Standing) -> Option<Need> {
    let fix = login.fix.as_deref()?;
    let need = Need::of(Why::Oauth, fix).about(&login.name);
    let since = login.why.as_ref().map(|(since, _)| since.clone());
    Some(Need { since, ..need })
}

/// Keeps every one fresh until the daemon ends. What goes wrong is told once by the account, and stands in the status.
pub(super) async fn run(office: Office, mut stop: watch::Receiver<bool>) {
    let for_ever = async {
        loop {
            let all = used(&office.house.load().config, office.clock.now());
            // A provider that does not answer delays no other.
            let looks = all.iter().map(async |account| drop(account.access().await));
            futures::future::join_all(looks).await;
            sleep(EVERY).await;
        }
    };
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => {}
        () = for_ever => {}
    }
}
