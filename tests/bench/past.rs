//! Two years of a firm's replies, written through the store as the daemon writes them: every row comes out of `record::apply`.
//!
//! Each person has a row of the register, two mails in Sent, a message, a case and a letter, sealed under keys of their own. The
//! last twentieth of the cases is open: drafts, held ones, some that wait for an identity, some past their end.

use quitus::record::*;
use quitus::store::{Reader, Store};

/// Cases of one commit.
const GROUP: u64 = 200;
/// Two years.
const SPAN: i64 = 730 * 86_400;

/// Person `n`.
pub fn address(n: u64) -> Address {
    Address::parse(&format!("first.last{n}@client{}.example", n % 50_011)).unwrap()
}

/// The reference of case `n`, spread evenly, as keyed ids are.
pub fn case(n: u64) -> CaseId {
    CaseId::from_bits((n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20)
}

/// What case `n` asks.
pub fn asks(n: u64) -> RequestKind {
    // Half of what is asked is a stop.
    match n % 2 {
        0 => RequestKind::Stop,
        _ => RequestKind::ALL[(n / 2 % 8) as usize],
    }
}

/// What is in the store now.
#[derive(Default)]
pub struct Written {
    pub events: u64,
    pub frames: u64,
    pub open: u64,
}

/// Writes everything.
pub fn write(store: &mut Store, cases: u64, now: Timestamp) -> Written {
    let mut told = Written::default();
    let mut past = Past {
        reader: store.reader(),
        cases,
        now,
    };
    store.commit(past.at(0), past.folders()).unwrap();
    for first in (0..cases).step_by(GROUP as usize) {
        let all = first..cases.min(first + GROUP);
        let mut group = store.group(past.at(first));
        let mut frames = past.sent_and_register(all.clone());
        for n in all {
            told.open += u64::from(past.is_open(n));
            frames.extend(past.story(n));
        }
        for events in frames {
            told.events += events.len() as u64;
            told.frames += 1;
            group.push(events).unwrap();
        }
        group.commit().unwrap();
    }
    told
}

/// What comes in on top: the commits of these cases, in their order.
pub fn more(reader: &Reader, cases: std::ops::Range<u64>, now: Timestamp) -> Vec<Vec<Event>> {
    let past = Past {
        reader: reader.clone(),
        cases: cases.end,
        now,
    };
    cases.flat_map(|n| past.story(n)).collect()
}

struct Past {
    reader: Reader,
    cases: u64,
    now: Timestamp,
}

impl Past {
    fn at(&self, n: u64) -> Timestamp {
        let ago = SPAN as i128 * i128::from(self.cases - n) / i128::from(self.cases.max(1));
        self.now.plus_seconds(-(ago as i64))
    }

    /// The last twentieth.
    fn is_open(&self, n: u64) -> bool {
        n >= self.cases - self.cases / 20
    }

    fn person(&self, n: u64) -> PersonId {
        self.reader.fingerprinter().person(&address(n))
    }

    fn folders(&self) -> Vec<Event> {
        let mode = Event::ModeSet {
            mode: Mode::Review,
            since: self.at(0),
            by: "odile".into(),
        };
        let folder = |folder, name: &str, role| Event::FolderOpened {
            folder: FolderId(folder),
            mailbox: "sales".into(),
            name: name.into(),
            role,
            uidvalidity: 1,
        };
        vec![
            mode,
            folder(1, "INBOX", FolderRole::Inbound),
            folder(2, "Sent", FolderRole::Sent),
        ]
    }

    /// The rows of the register, and two mails to each, hundreds in a frame as imports and the reading of Sent write them.
    fn sent_and_register(&mut self, all: std::ops::Range<u64>) -> Vec<Vec<Event>> {
        let stored = all.clone().map(|n| self.contact(n)).collect();
        let mails = |n: u64| [self.mail(n, 0), self.mail(n, 1)];
        vec![stored, all.flat_map(mails).collect()]
    }

    fn contact(&self, n: u64) -> Event {
        let key = self.reader.allocate(KeyKind::Contact).unwrap();
        let origin = Origin {
            data: vec!["all".into()],
            provider: Some("Dropcontact".into()),
            from: Some(format!("team page of client{}.example", n % 50_011)),
            date: Some("2025-02-03".into()),
            public: Some(true),
        };
        let contact = Contact {
            addresses: vec![address(n)],
            civility: Some("Madame".into()),
            first_name: Some("Jeanne".into()),
            last_name: Some(format!("Dupont{n}")),
            role: Some("Directrice marketing".into()),
            firm: Some(format!("Client {}", n % 50_011)),
            country: Some("FR".into()),
            language: Some(Language::Fr),
            relation: Some(Relation::Prospect),
            why: Some("vous dirigez un atelier".into()),
            origins: vec![origin],
            ..Contact::default()
        };
        let facts = ContactFacts {
            relation: Relation::Prospect,
            freemail: false,
            sourced: true,
            campaign: Some(Fingerprint([(n % 40) as u8; 32])),
            owner: None,
            digest: [n as u8; 16],
        };
        let contact = self.reader.seal(key, &contact).unwrap();
        let (person, import) = (self.person(n), 1);
        Event::ContactStored {
            person,
            import,
            facts,
            contact,
        }
    }

    fn mail(&self, n: u64, which: u64) -> Event {
        let uid = (2 * n + which + 1) as u32;
        Event::SentSeen {
            location: Some(Location {
                folder: FolderId(2),
                uidvalidity: 1,
                uid,
            }),
            mail: self
                .reader
                .fingerprinter()
                .mail_id(&format!("sent.{n}.{which}@us.example")),
            to: vec![self.person(n)],
            at: self.at(n).plus_days(-3 - which as i64),
            answers: Vec::new(),
            // Mails of a campaign share their lines.
            lines: (0..8).map(|l| (n % 500 * 8 + l) as u32).collect(),
        }
    }

    /// A message, what it began, and how it ended: a frame for each commit that the daemon makes.
    fn story(&self, n: u64) -> Vec<Vec<Event>> {
        let first = self.asked(n);
        if self.is_open(n) {
            return vec![first];
        }
        let letter = LetterId {
            case: case(n),
            step: 0,
            series: 0,
        };
        let reply = SmtpReply {
            phase: "final_dot".into(),
            text: "250 2.0.0 Ok".into(),
        };
        let (case, by) = (case(n), "auto".to_owned());
        let moved = Event::RequestMoved {
            case,
            request: asks(n),
            state: RequestState::Answered,
            by: by.clone(),
        };
        vec![
            first,
            vec![Event::LetterSending { letter }],
            vec![
                Event::LetterSent { letter, reply },
                moved,
                Event::CaseClosed { case, by },
            ],
        ]
    }

    fn asked(&self, n: u64) -> Vec<Event> {
        let (reader, keys) = (&self.reader, self.reader.fingerprinter());
        let content_key = reader.allocate(KeyKind::Content).unwrap();
        let proof_key = reader.allocate(KeyKind::Proof).unwrap();
        let (at, from, person) = (self.at(n), address(n), self.person(n));
        let mail = format!("reply.{n}@client.example");
        let fresh = "Bonjour,\n\nmerci de ne plus me relancer. Jamais.\n\nCordialement";
        let message = keys.content(from.as_str(), &mail, fresh);
        let kept = KeptMessage {
            from: Some(from.clone()),
            to: Address::parse("ventes@ateliervauban.example").ok(),
            subject: "Re: votre atelier".into(),
            message_id: Some(mail.clone()),
            references: vec![format!("sent.{n}.0@us.example")],
            date: Some(at),
            fresh: fresh.into(),
            elided: vec![("quoted".into(), "> Avez-vous dix minutes ?\n".repeat(12))],
            ..KeptMessage::default()
        };
        let evidence = ProofOfRequest {
            kind: asks(n),
            confidence: 0.98,
            words: vec![("L-fr-1".into(), "ne plus me relancer".into())],
        };
        let proof = Proof {
            from: Some(from),
            evidence: vec![evidence],
            identity: "B1".into(),
        };
        let rule = RuleId::of("B1");
        let suppressed = Event::Suppressed {
            person,
            suppression: Suppression::Suppressed,
            reason: SuppressionReason::Request(asks(n)),
            case: Some(case(n)),
        };
        let mut events = vec![
            Event::Received {
                message,
                location: Location {
                    folder: FolderId(1),
                    uidvalidity: 1,
                    uid: n as u32 + 1,
                },
                mail: Some(keys.mail_id(&mail)),
                received: at,
                written: at,
                person: Some(person),
                verdict: Verdict::Answer,
                reading: Reading::Obey,
                rule: RuleId::of("A0"),
                kept: reader.seal(content_key, &kept).ok(),
            },
            Event::Recognised {
                person,
                fingerprints: keys.of_address(&address(n)),
            },
            suppressed,
            Event::CaseOpened {
                case: case(n),
                person: Some(person),
                message: Some(message),
                received: at,
                language: Some(Language::ALL[(n % 7) as usize]),
                content_key,
                proof_key,
                proof: reader.seal(proof_key, &proof).ok(),
                previous: None,
            },
            Event::RequestOpened {
                case: case(n),
                request: asks(n),
                received: at,
                target: at.plus_days(28),
                due: at.plus_days(31),
            },
        ];
        let decided = |state| Event::Decided {
            message,
            state,
            rule: rule.clone(),
            case: Some(case(n)),
        };
        let head = self.head(n, message, person);
        events.extend(match (self.is_open(n), n % 5) {
            (false, _) => vec![
                self.queued(head, proof_key),
                decided(MessageState::Answered),
            ],
            (true, 0) => vec![
                Event::CaseHeld {
                    case: case(n),
                    rule: RuleId::of("A7"),
                },
                decided(MessageState::Held),
            ],
            (true, 1) => vec![
                Event::RequestMoved {
                    case: case(n),
                    request: asks(n),
                    state: RequestState::AwaitingIdentity,
                    by: "auto".into(),
                },
                decided(MessageState::Acted),
            ],
            (true, _) => {
                let rule = RuleId::of("A8");
                vec![
                    Event::LetterDrafted { head, rule },
                    decided(MessageState::Acted),
                ]
            }
        });
        events
    }

    fn head(&self, n: u64, message: ContentKey, person: PersonId) -> LetterHead {
        LetterHead {
            letter: LetterId {
                case: case(n),
                step: 0,
                series: 0,
            },
            kind: LetterKind::Answer,
            answers: vec![asks(n)],
            person: Some(person),
            domain: Some(self.reader.fingerprinter().of_domain(address(n).domain())),
            message: Some(message),
            automatic: true,
        }
    }

    fn queued(&self, head: LetterHead, proof_key: KeyId) -> Event {
        let keys = self.reader.fingerprinter();
        let message_id = head.letter.message_id(keys, "us.example");
        let text = "You asked us to stop. We have.\r\n".repeat(25);
        let frozen = FrozenLetter {
            mail_from: "ventes@ateliervauban.example".into(),
            rcpt_to: "somebody@client.example".into(),
            message_id: message_id.clone(),
            subject: "Re: votre atelier".into(),
            bytes: format!("Subject: Re: votre atelier\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}")
                .into_bytes(),
            replies_to: None,
        };
        Event::LetterQueued {
            head,
            mail: keys.mail_id(&message_id),
            not_before: self.now.plus_days(-800),
            expires: self.now.plus_days(10),
            frozen: self.reader.seal(proof_key, &frozen).unwrap(),
            digest: [7; 32],
            by: "auto".into(),
        }
    }
}
