//! Whether our own border judges what arrives: only its Authentication-Results are believed, and only under the name in `[house]`.

use super::finding::{Findings, Id};
use crate::mailbox::Threads;

/// Of fewer mails nothing is said.
const FEW: usize = 5;

/// What recent mail carries, beside what the settings say.
pub fn border(all: &mut Findings, about: &str, ours: Option<&str>, threads: &Threads) {
    let Threads {
        looked, borders, ..
    } = threads;
    let mut names: Vec<&str> = borders.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let carried = names.join(", ");
    let ours = ours.map(str::to_lowercase);
    let own = borders.iter().filter(|b| Some(*b) == ours.as_ref()).count();
    let none = "have the receiving server write Authentication-Results: without it no sender is proved, and a STOP of somebody unknown stays a guess";
    match &ours {
        Some(ours) if own > 0 => {
            let what = format!("{own} of the last {looked} mails carry the results of {ours}");
            all.good(Id::Border, about, what);
        }
        _ if *looked < FEW => {
            let what = format!("{looked} mails are too few to say who judges them");
            all.good(Id::Border, about, what);
        }
        Some(ours) => {
            let what = format!("none of the last {looked} mails carries the results of {ours}");
            let fix = match names.is_empty() {
                true => none.to_owned(),
                false => format!("correct authserv_id in [house]: they carry {carried}"),
            };
            all.warn(Id::Border, about, what, fix);
        }
        None if names.is_empty() => {
            let what = format!("none of the last {looked} mails carries Authentication-Results");
            all.warn(Id::Border, about, what, none);
        }
        None => {
            let what = format!(
                "[house] names no authserv_id, so no results are believed; the last {looked} mails carry {carried}"
            );
            let fix = "write authserv_id with the name of your own receiving server among them, if it removes forged ones";
            all.warn(Id::Border, about, what, fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn only_our_own_border_is_good_and_its_name_is_offered() {
        let told = |ours: Option<&str>, borders: &[&str], looked| {
            let mut all = Findings::default();
            let threads = Threads {
                looked,
                borders: borders.iter().map(|b| (*b).to_owned()).collect(),
                ..Threads::default()
            };
            border(&mut all, "mailbox sales", ours, &threads);
            let finding = all.0.remove(0);
            (finding.state, finding.what + &finding.fix)
        };
        let mx = ["mx.acme.example"; 3];
        assert_eq!(told(Some("MX.acme.example"), &mx, 30).0, State::Good);
        let (state, words) = told(Some("mx.other.example"), &mx, 30);
        assert!(
            state == State::Warning && words.contains("they carry mx.acme.example"),
            "{words}"
        );
        let (state, words) = told(None, &mx, 30);
        assert!(
            state == State::Warning && words.contains("write authserv_id"),
            "{words}"
        );
        assert_eq!(told(None, &[], 30).0, State::Warning);
        assert_eq!(told(None, &[], 2).0, State::Good);
    }
}
