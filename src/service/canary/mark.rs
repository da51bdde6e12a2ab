//! The mark by which a mail of the canary is known: only this store can make it, for one run, one request and one account.
//!
//! It exempts a mail from caps, figures, cases and suppression, so a stranger must not be able to write it: it is a keyed
//! MAC, and counts only in a mail that comes from the canary's own address. One that was used proves nothing to anybody
//! else, since whatever it exempts speaks for the canary alone.

use crate::config::CanarySettings;
use crate::mail::InboundMessage;
use crate::record::{Address, Fingerprinter, RequestKind, RunId, hex, unhex};

/// What travels.
pub(super) const BOTH: [RequestKind; 2] = [RequestKind::Stop, RequestKind::Access];
/// The field, as the reader names it.
const FIELD: &str = "x-quitus-canary";

fn mac(keys: &Fingerprinter, address: &Address, request: RequestKind, run: &RunId) -> String {
    let address = address.as_str().to_ascii_lowercase();
    let parts: [&[u8]; 3] = [address.as_bytes(), request.word().as_bytes(), run];
    hex(&keys.keyed("canary", &parts)[..16])
}

/// The mark of a run's mail.
pub(super) fn written(
    keys: &Fingerprinter,
    address: &Address,
    request: RequestKind,
    run: &RunId,
) -> String {
    let mac = mac(keys, address, request, run);
    format!("{}.{}.{mac}", request.word(), hex(run))
}

/// The run whose mail this is; nothing if its mark is not ours, or it comes from somebody else.
pub(super) fn read(
    keys: &Fingerprinter,
    settings: &CanarySettings,
    message: &InboundMessage,
) -> Option<(RequestKind, RunId)> {
    let text = message.signs.first(FIELD)?.trim();
    let address = &settings.address;
    let from = message.from.as_ref()?;
    if !from.as_str().eq_ignore_ascii_case(address.as_str()) {
        tracing::warn!(from = %from.masked(), "a mail carries the canary's mark and is not the canary's: read as any other");
        return None;
    }
    let known = BOTH.into_iter().find_map(|request| {
        let run = text.strip_prefix(request.word())?.strip_prefix('.')?;
        let run: RunId = unhex(run.split('.').next()?)?;
        let ours = written(keys, address, request, &run);
        // Compared whole, so that the time taken says nothing about how much was right.
        let differ = ours.len() ^ text.len();
        let differ =
            (ours.bytes().zip(text.bytes())).fold(differ, |all, (a, b)| all | usize::from(a ^ b));
        (differ == 0).then_some((request, run))
    });
    if known.is_none() {
        tracing::warn!("a mail carries a mark of the canary that is not ours: read as any other");
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail;

    fn message(from: &str, mark: &str) -> InboundMessage {
        let raw = format!(
            "From: {from}\r\nTo: sales@firm.example\r\nSubject: x\r\nX-Quitus-Canary: {mark}\r\n\r\nSTOP\r\n"
        );
        mail::read(raw.as_bytes(), &mail::Limits::default(), None, &()).unwrap()
    }

    #[test]
    fn a_mark_counts_only_whole_from_the_canary_and_of_this_store() {
        let settings: CanarySettings = toml::from_str(
            "address = 'canary@else.example'\n[smtp]\nhost = 'h'\n[imap]\nhost = 'h'\nusername = 'u'\npassword = { env = 'P' }\n",
        )
        .unwrap();
        let keys = |n| Fingerprinter::new(vec![[1; 32]], [n; 32]);
        let (ours, run) = (keys(1), [7; 16]);
        let mark = written(&ours, &settings.address, RequestKind::Stop, &run);
        let read = |from, mark: &str| read(&ours, &settings, &message(from, mark));
        let whole = Some((RequestKind::Stop, run));
        assert_eq!(read("canary@else.example", &mark), whole);
        assert_eq!(read("Canary@ELSE.example", &mark), whole);
        assert_eq!(read("stranger@else.example", &mark), None);
        let (other, last) = (mark.replacen("stop", "access", 1), mark.len() - 1);
        for forged in [&mark[..last], &other, "", "stop.", &format!("{mark}0")] {
            assert_eq!(read("canary@else.example", forged), None, "{forged}");
        }
        let foreign = written(&keys(3), &settings.address, RequestKind::Stop, &run);
        assert_eq!(read("canary@else.example", &foreign), None);
        let of_another = Address::parse("stranger@else.example").unwrap();
        let theirs = written(&ours, &of_another, RequestKind::Stop, &run);
        assert_eq!(read("canary@else.example", &theirs), None);
    }
}
