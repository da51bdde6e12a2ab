//! What DNS says of the domains that we write from: whether answers can come (MX), and what proves our letters (SPF, DMARC).
//!
//! Deliberately absent: whether SPF names the server in `[smtp]`, and DKIM. Both need a resolver that follows includes and knows
//! selectors; `--letter` shows more, since the receiving server judges the letter.

use super::finding::{Findings, Id};
use crate::cli::dns::{self, Kind, NoAnswer};
use crate::config::Config;
use crate::record::is_freemail_domain;

/// Every domain of a mailbox, but those of freemail providers.
pub async fn look(config: &Config, all: &mut Findings) {
    let of = |m: &crate::mailbox::MailboxSettings| m.address.domain().to_owned();
    let mut domains: Vec<String> = config.mailboxes.iter().map(of).collect();
    domains.retain(|d| !is_freemail_domain(d));
    domains.sort();
    domains.dedup();
    let asked = domains.iter().map(|domain| async move {
        let dmarc = format!("_dmarc.{domain}");
        tokio::join!(
            dns::ask(domain, Kind::Mx),
            dns::ask(domain, Kind::Txt),
            dns::ask(&dmarc, Kind::Txt)
        )
    });
    let answers = futures::future::join_all(asked).await;
    for (domain, (mx, txt, dmarc)) in domains.iter().zip(answers) {
        told(domain, mx, txt, dmarc, all);
    }
}

type Answer = Result<Vec<String>, NoAnswer>;

fn told(domain: &str, mx: Answer, txt: Answer, dmarc: Answer, all: &mut Findings) {
    match mx {
        Err(NoAnswer::Silent) => {
            let what = "no name server answered: MX, SPF and DMARC are not known";
            let fix = "look at /etc/resolv.conf; a firewall may stop UDP to port 53";
            return all.warn(Id::Domain, domain, what, fix);
        }
        Err(NoAnswer::NoName) => {
            let what = "the domain does not exist in DNS: nobody can answer to it";
            return all.warn(
                Id::Domain,
                domain,
                what,
                "correct `address`, or register the domain",
            );
        }
        Ok(servers) if servers.is_empty() => {
            let what = "it has no MX: answers may not arrive";
            return all.warn(Id::Domain, domain, what, "add an MX record");
        }
        Ok(servers) => {
            let what = format!("mail goes to {}", servers.join(", "));
            all.good(Id::Domain, domain, what);
        }
    }
    proofs(domain, &txt, &dmarc, all);
}

/// What proves our letters.
fn proofs(domain: &str, txt: &Answer, dmarc: &Answer, all: &mut Findings) {
    let has = |answer: &Answer, tag: &str| {
        let texts = answer.as_deref().unwrap_or_default();
        let is = |t: &&String| t.to_ascii_lowercase().starts_with(tag);
        texts.iter().find(is).cloned()
    };
    match has(txt, "v=spf1") {
        Some(text) => all.good(Id::Domain, domain, format!("SPF: {text}")),
        None => {
            let fix = "add the TXT record that the provider of [smtp] gives";
            all.warn(
                Id::Domain,
                domain,
                "it has no SPF: letters may end among spam",
                fix,
            );
        }
    }
    match has(dmarc, "v=dmarc1") {
        Some(text) => all.good(Id::Domain, domain, format!("DMARC: {text}")),
        None => {
            let what = "it has no DMARC: large providers refuse or bury mail without it";
            let fix = format!("add the TXT record _dmarc.{domain}, at first \"v=DMARC1; p=none\"");
            all.warn(Id::Domain, domain, what, fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    fn states(mx: Answer, txt: Answer, dmarc: Answer) -> Vec<State> {
        let mut all = Findings::default();
        told("acme.example", mx, txt, dmarc, &mut all);
        all.0.iter().map(|f| f.state).collect()
    }

    #[test]
    fn what_is_missing_is_told_and_silence_is_not_taken_for_missing() {
        use State::{Good, Warning};
        let some = |text: &str| Ok(vec!["x".to_owned(), text.to_owned()]);
        let none = || Ok(Vec::new());
        let all = states(some("mx"), some("v=spf1 -all"), some("v=DMARC1; p=none"));
        assert_eq!(all, [Good; 3]);
        assert_eq!(states(some("mx"), none(), none()), [Good, Warning, Warning]);
        assert_eq!(states(none(), none(), none()), [Warning]);
        let silent = || Err(NoAnswer::Silent);
        assert_eq!(states(silent(), silent(), silent()), [Warning]);
    }
}
