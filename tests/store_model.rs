//! Whatever happens in whatever order: replaying any part twice changes nothing, and sled says what the model says.

use proptest::prelude::*;
use quitus::record::*;
use quitus::store::{Options, Store, verify};

fn id(n: u8) -> [u8; 16] {
    [n; 16]
}

fn head(n: u8, automatic: bool) -> LetterHead {
    LetterHead {
        letter: LetterId {
            case: CaseId::from_bits(u64::from(n % 4)),
            step: n % 2,
            series: 0,
        },
        kind: LetterKind::Answer,
        answers: vec![RequestKind::Stop],
        person: Some(PersonId(id(n % 5))),
        domain: Some(Fingerprint([n % 3; 32])),
        message: None,
        automatic,
    }
}

/// One of the events that move counts, for small ids, so that they meet.
fn event() -> impl Strategy<Value = Event> {
    (0u8..16, any::<u8>()).prop_map(|(kind, n)| {
        let (person, message) = (PersonId(id(n % 5)), ContentKey(id(n % 6)));
        let (case, letter) = (CaseId::from_bits(u64::from(n % 4)), head(n, false).letter);
        let (rule, at) = (RuleId::of("A1"), Timestamp::from_seconds(i64::from(n)));
        let location = Location {
            folder: FolderId(1),
            uidvalidity: 1,
            uid: u32::from(n),
        };
        let reply = SmtpReply {
            phase: "final_dot".into(),
            text: "250".into(),
        };
        let by = String::from("auto");
        match kind {
            0 => Event::Received {
                message,
                location,
                mail: Some(MailIdHash(id(n))),
                received: at,
                written: at,
                person: Some(person),
                verdict: Verdict::Answer,
                reading: Reading::Obey,
                rule,
                kept: None,
            },
            1 | 2 => Event::Decided {
                message,
                state: MessageState::ALL[usize::from(n) % 5],
                rule,
                case: None,
            },
            3 => Event::Died {
                location,
                message,
                rule,
                why: String::new(),
            },
            4 => Event::Suppressed {
                person,
                suppression: Suppression::ALL[usize::from(n) % 2],
                reason: SuppressionReason::Unclear,
                case: None,
            },
            5 => Event::Lifted {
                person,
                by,
                note: None,
            },
            6 => Event::CaseOpened {
                case,
                person: Some(person),
                message: None,
                received: at,
                language: None,
                content_key: KeyId(1),
                proof_key: KeyId(2),
                proof: None,
                previous: None,
            },
            7 => Event::CaseClosed { case, by },
            8 => Event::CaseHeld { case, rule },
            9 => Event::LetterDrafted {
                head: head(n, true),
                rule,
            },
            10 => Event::LetterQueued {
                head: head(n, true),
                mail: MailIdHash(id(n)),
                not_before: at,
                expires: at,
                digest: [0; 32],
                by,
                frozen: Sealed {
                    key: KeyId(1),
                    bytes: vec![n],
                },
            },
            11 => Event::LetterSending { letter },
            12 => Event::LetterSent { letter, reply },
            13 => Event::LetterDeferred {
                letter,
                reply,
                next: at,
            },
            14 => Event::RequestOpened {
                case,
                request: RequestKind::Stop,
                received: at,
                target: at,
                due: at,
            },
            _ => Event::ContactErased { person, case: None },
        }
    })
}

/// The counts as a recount of the rows gives them.
fn recount(tables: &MemoryTables) -> Counts {
    let state = State(tables);
    let mut counts = Counts::default();
    for ((table, key), value) in &tables.0 {
        match table {
            Table::Message => {
                if let Some(s) = decode::<MessageRow>(value).unwrap().state {
                    counts.messages[s as usize] += 1;
                }
            }
            Table::Letter => {
                counts.letters[decode::<LetterRow>(value).unwrap().state as usize] += 1
            }
            Table::Person => {
                let person = PersonId(key.as_slice().try_into().unwrap());
                if let Some(s) = state.person(person).unwrap().suppression {
                    counts.suppressed[s.suppression as usize] += 1;
                }
            }
            Table::Case => {
                counts.open_cases += u64::from(decode::<CaseRow>(value).unwrap().closed.is_none())
            }
            _ => {}
        }
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_prefix_replayed_twice_gives_the_same_state(
        frames in prop::collection::vec(prop::collection::vec(event(), 1..5), 1..30), again in any::<prop::sample::Index>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_seconds(9);
        let options = Options { index_behind: 5, ballast: 0, floor: 0, ..Options::at(now) };
        let (mut store, _) = Store::open(dir.path(), &options).unwrap();
        for group in frames.chunks(3) {
            let mut open = store.group(now);
            for events in group {
                open.push(events.clone()).unwrap();
            }
            open.commit().unwrap();
        }
        let placed: Vec<_> = store.reader().frames(1).unwrap().map(Result::unwrap).collect();
        let mut model = MemoryTables::default();
        for p in &placed {
            apply(&mut model, p.place, &p.frame).unwrap();
        }
        let once = model.clone();
        for p in &placed[..again.index(placed.len())] {
            apply(&mut model, p.place, &p.frame).unwrap();
        }
        prop_assert_eq!(&model, &once);
        prop_assert_eq!(recount(&model), State(&model).counts().unwrap());
        drop(store);
        let report = verify(dir.path()).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report);
    }
}
