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
    (0u8..21, any::<u8>()).prop_map(|(kind, n)| {
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
            15 => Event::Recognised {
                person,
                fingerprints: vec![Fingerprint([n % 7; 32])],
            },
            16 => Event::ContactStored {
                person,
                import: 1,
                facts: ContactFacts {
                    relation: Relation::Unknown,
                    freemail: false,
                    sourced: false,
                    campaign: None,
                    owner: None,
                    digest: [n; 16],
                },
                contact: Sealed {
                    key: KeyId(1),
                    bytes: Vec::new(),
                },
            },
            17..=19 => Event::Grouped(grouping(kind, n)),
            _ => Event::ContactErased { person, case: None },
        }
    })
}

/// Persons who become one, and part again.
fn grouping(kind: u8, n: u8) -> Grouping {
    let (one, other) = (PersonId(id(n % 5)), PersonId(id(n / 5 % 5)));
    match kind {
        17 => Grouping::Phones {
            person: one,
            phones: vec![Fingerprint([n % 2; 32])],
        },
        18 => Grouping::Merged {
            into: one,
            from: other,
            by: "odile".into(),
            why: None,
        },
        _ => Grouping::Split {
            from: one,
            person: other,
            fingerprints: vec![Fingerprint([n % 7; 32])],
            by: "odile".into(),
            why: None,
        },
    }
}

/// Whoever is somebody else now has no row of their own, and stands for somebody who is not.
fn groups_are_sound(tables: &MemoryTables) {
    let state = State(tables);
    for ((table, key), value) in &tables.0 {
        if *table != Table::Group {
            continue;
        }
        let person = PersonId(key.as_slice().try_into().unwrap());
        let row: GroupRow = decode(value).unwrap();
        let Some(into) = row.into else { continue };
        assert_eq!(state.standing(into).unwrap(), into, "one step leads there");
        assert!(state.group(into).unwrap().members.contains(&person));
        for own in [Table::Person, Table::Contact, Table::Mailed] {
            assert_eq!(tables.get(own, &person.0).unwrap(), None, "{own:?}");
        }
    }
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
            Table::Contact => counts.contacts += 1,
            Table::Case => {
                counts.open_cases += u64::from(decode::<CaseRow>(value).unwrap().closed.is_none())
            }
            _ => {}
        }
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_prefix_replayed_twice_gives_the_same_state(
        frames in prop::collection::vec(prop::collection::vec(event(), 1..5), 1..30), again in any::<prop::sample::Index>(),
        looks in prop::collection::vec((any::<prop::sample::Index>(), 1usize..9), 0..20),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_seconds(9);
        let options = Options { segment_octets: 600, index_behind: 5, ballast: 0, floor: 0, ..Options::at(now) };
        let (mut store, _) = Store::open(dir.path(), &options).unwrap();
        for group in frames.chunks(3) {
            let mut open = store.group(now);
            for events in group {
                open.push(events.clone()).unwrap();
            }
            open.commit().unwrap();
        }
        let placed: Vec<_> = store.reader().frames(1).unwrap().map(Result::unwrap).collect();
        // Whoever looks from anywhere, after whatever looks before, sees the same frames.
        let number = |p: &quitus::store::Placed| (p.link.number, p.place);
        for (from, many) in looks {
            let from = from.index(placed.len());
            let seen = store.reader().frames(placed[from].link.number).unwrap().take(many);
            let seen: Vec<_> = seen.map(|p| number(&p.unwrap())).collect();
            let should: Vec<_> = placed[from..].iter().take(many).map(number).collect();
            prop_assert_eq!(seen, should);
        }
        let mut model = MemoryTables::default();
        for p in &placed {
            apply(&mut model, p.place, &p.frame).unwrap();
        }
        let once = model.clone();
        for p in &placed[..again.index(placed.len())] {
            apply(&mut model, p.place, &p.frame).unwrap();
        }
        prop_assert_eq!(&model, &once);
        groups_are_sound(&model);
        prop_assert_eq!(recount(&model), State(&model).counts().unwrap());
        drop(store);
        let report = verify(dir.path()).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report);
    }
}
