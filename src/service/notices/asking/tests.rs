//! When a sender is told, and what: once, again if it did not help, and nothing weaker than what holds.

use super::*;
use crate::record::{
    Fingerprint, Frame, KeyId, LogPosition, MemoryTables, SuppressionReason, apply,
};

fn told(act: NoticeAct, ended: Option<i64>) -> Told {
    let at = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
    Told {
        sender: "crm".into(),
        act,
        asked: at(0),
        ended: ended.map(|h| (NoticeEnd::Obeyed, at(h), String::new())),
        next: None,
        attempts: 0,
        why: None,
        stuck: false,
        case: None,
        fresh: true,
        key: KeyId(1),
        position: LogPosition::default(),
    }
}

#[test]
fn a_sender_is_told_once_and_again_when_a_later_message_says_that_it_did_not_help() {
    let now = Timestamp::from_millis(100 * 3_600_000);
    let stop = NoticeAct::Suppress;
    assert!(needs_telling(None, stop, now));
    assert!(!needs_telling(None, NoticeAct::Lift, now));
    assert!(
        !needs_telling(Some(&told(stop, None)), stop, now),
        "under way"
    );
    assert!(
        !needs_telling(Some(&told(stop, Some(90))), stop, now),
        "today"
    );
    assert!(
        needs_telling(Some(&told(stop, Some(70))), stop, now),
        "long ago"
    );
    let paused = told(NoticeAct::Pause, Some(99));
    assert!(needs_telling(Some(&paused), stop, now), "more is asked");
    let stuck = Told {
        stuck: true,
        ..told(stop, None)
    };
    assert!(needs_telling(Some(&stuck), stop, now));
    let mut left = told(NoticeAct::Pause, Some(99));
    left.ended = Some((NoticeEnd::Left, now, String::new()));
    assert!(!needs_telling(Some(&left), NoticeAct::Lift, now));
    assert!(needs_telling(Some(&left), stop, now));
}

#[test]
fn a_pause_of_a_firm_that_is_suppressed_asks_the_senders_for_no_less_than_before() {
    use Suppression::{Paused, Suppressed};
    let domain = Fingerprint([7; 32]);
    let said = |suppression| Event::DomainSuppressed {
        domain,
        suppression,
        reason: SuppressionReason::ByHand,
        case: None,
    };
    for (held, new, wanted) in [
        (None, Paused, NoticeAct::Pause),
        (Some(Paused), Suppressed, NoticeAct::Suppress),
        (Some(Suppressed), Paused, NoticeAct::Suppress),
    ] {
        let mut tables = MemoryTables::default();
        let frame = Frame {
            number: 1,
            at: Timestamp::from_seconds(1),
            events: held.map(said).into_iter().collect(),
        };
        apply(&mut tables, LogPosition::default(), &frame).unwrap();
        let all = asked(&State(&tables), &[said(new)]).unwrap();
        let acts: Vec<NoticeAct> = all.values().map(|ask| ask.act).collect();
        assert_eq!(acts, [wanted], "{held:?}, then {new:?}");
    }
}
