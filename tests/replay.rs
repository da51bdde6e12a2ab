//! A past that is told: what was missed, until when it was due, who was mailed after a STOP; and never a word that leaves its place.

use quitus::intent;
use quitus::mail::{self, Circumstances, House, Limits};
use quitus::record::{Address, RequestKind, Timestamp};
use quitus::replay::{self, Findings, Note, Report, Tongue};
use quitus::request::{Policy, PolicySettings};
use std::sync::LazyLock;

static READER: LazyLock<intent::Reader> = LazyLock::new(|| intent::builtin().unwrap());

/// Monday 2026-11-23 10:00 UTC.
const NOW: Timestamp = Timestamp::from_seconds(1_795_428_000);
const US: &str = "claire@vauban.example";

/// A past in the making.
struct Story {
    notes: Vec<Note>,
    policy: Policy,
}

impl Story {
    fn new() -> Self {
        let zone = jiff::tz::TimeZone::UTC;
        Self {
            notes: vec![Note::Folder {
                number: 0,
                mailbox: "sales".into(),
                name: "INBOX".into(),
                uidvalidity: 1,
            }],
            policy: Policy::new(PolicySettings::default(), zone, "test").unwrap(),
        }
    }

    fn house() -> House {
        let us: Address = US.parse().unwrap();
        House {
            known: true,
            own_domains: vec![us.domain().to_owned()],
            mailboxes: vec![us],
            ..House::unknown()
        }
    }

    fn place(&self) -> (u32, u32) {
        (0, u32::try_from(self.notes.len()).unwrap())
    }

    /// We wrote, so many days ago; `answers` is the id of theirs.
    fn sent(&mut self, days: i64, id: &str, to: &str, answers: Option<&str>) {
        let answers = answers.map(|id| format!("In-Reply-To: <{id}>\r\n"));
        let raw = format!(
            "From: {US}\r\nTo: {to}\r\nMessage-ID: <{id}>\r\n{}Subject: Le carnet\r\n\r\nBonjour, avez-vous une minute ?\r\n",
            answers.unwrap_or_default()
        );
        let message = mail::read(raw.as_bytes(), &Limits::default(), None, &()).unwrap();
        let at = NOW.plus_days(-days);
        let mail = replay::sent(&message, &Self::house(), self.place(), at, &());
        self.notes.push(Note::Sent(mail));
    }

    /// They wrote, so many days ago.
    fn wrote(&mut self, days: i64, id: &str, from: &str, fields: &str, words: &str) {
        let raw = format!(
            "From: {from}\r\nTo: {US}\r\nMessage-ID: <{id}>\r\n{fields}Subject: Re: Le carnet\r\n\r\n{words}\r\n"
        );
        let house = Self::house();
        let message = mail::read(raw.as_bytes(), &Limits::default(), Some(&house), &()).unwrap();
        let at = NOW.plus_days(-days);
        let circumstances = Circumstances {
            received: at,
            ..Circumstances::default()
        };
        let gate = mail::gate(&message, &house, &circumstances);
        let (gate, read) = intent::understand(&READER, &message, gate);
        let (place, when) = (self.place(), (at, false));
        let mail = replay::seen(&READER, &house, &message, (&gate, &read), place, when);
        self.notes.push(Note::Mail(Box::new(mail)));
    }

    fn told(&self) -> Findings {
        let circumstances = replay::Circumstances {
            policy: &self.policy,
            has_template: &|_, _, _| true,
            systems_delivered: true,
            now: NOW,
        };
        replay::tell(&self.notes, &circumstances).unwrap()
    }
}

const STOP: &str = "Merci de ne plus m'écrire.";
const ACCESS: &str = "Conformément à l'article 15 du RGPD, je vous demande une copie de toutes les données que vous détenez sur moi.";

#[test]
fn who_was_mailed_after_a_stop_is_counted_and_an_answer_to_them_is_not() {
    let mut story = Story::new();
    story.sent(60, "m1@us", "anna@client.example", None);
    // The order of the notes says nothing: a mailbox is read newest first.
    story.sent(10, "m3@us", "anna@client.example", None);
    story.sent(40, "m2@us", "anna@client.example", None);
    story.sent(49, "a1@us", "anna@client.example", Some("r1@client"));
    story.sent(55, "m0@us", "anna@client.example", None);
    let fields = "In-Reply-To: <m1@us>\r\n";
    story.wrote(50, "r1@client", "Anna <anna@client.example>", fields, STOP);
    let found = story.told();
    assert_eq!(found.objections.len(), 1, "{found:#?}");
    assert_eq!(found.objections[0].answered, Some(NOW.plus_days(-49)));
    assert!(
        found.objections[0].words.contains("ne plus m'écrire"),
        "{found:#?}"
    );
    let [after] = found.mailed_after.as_slice() else {
        panic!("{found:#?}")
    };
    assert_eq!(
        (after.who.as_str(), after.mails),
        ("anna@client.example", 2)
    );
    assert_eq!((after.last, after.days), (NOW.plus_days(-10), 40));
}

#[test]
fn a_request_is_due_after_a_calendar_month_and_overdue_unless_a_human_answered() {
    let mut story = Story::new();
    for (n, days) in [(1, 60), (2, 60), (3, 5)] {
        let (id, who) = (format!("m{n}@us"), format!("p{n}@client{n}.example"));
        story.sent(days + 5, &id, &who, None);
        let fields = format!("In-Reply-To: <m{n}@us>\r\n");
        story.wrote(days, &format!("r{n}@client"), &who, &fields, ACCESS);
    }
    story.sent(50, "a2@us", "p2@client2.example", Some("r2@client"));
    let found = story.told();
    let rows: Vec<_> = found
        .requests
        .iter()
        .map(|r| {
            (
                r.who.as_str(),
                r.kind,
                r.overdue.is_some(),
                r.answered.is_some(),
            )
        })
        .collect();
    let access = RequestKind::Access;
    assert_eq!(
        rows,
        [
            ("p1@client1.example", access, true, false),
            ("p3@client3.example", access, false, false),
            ("p2@client2.example", access, false, true),
        ]
    );
    // Received on Thursday 24 September: due on Saturday 24 October, and so on Monday 26.
    assert_eq!(found.requests[0].due.to_string(), "2026-10-26T23:59:59Z");
    assert_eq!(found.requests[0].overdue, Some(27));
    assert_eq!(found.overdue().count(), 1);
}

#[test]
fn an_answer_to_the_reminder_answers_the_request() {
    let mut story = Story::new();
    story.sent(70, "m1@us", "anna@client.example", None);
    let fields = "In-Reply-To: <m1@us>\r\n";
    story.wrote(60, "r1@client", "anna@client.example", fields, ACCESS);
    let again = format!("Je vous relance. {ACCESS}");
    story.wrote(45, "r2@client", "anna@client.example", fields, &again);
    assert_eq!(story.told().overdue().count(), 1, "one case, one clock");
    story.sent(44, "a2@us", "anna@client.example", Some("r2@client"));
    let found = story.told();
    assert_eq!(found.overdue().count(), 0, "{found:#?}");
    assert_eq!(found.requests[0].answered, Some(NOW.plus_days(-44)));
}

#[test]
fn a_reply_from_another_address_names_the_one_that_was_written_to() {
    let mut story = Story::new();
    story.sent(20, "m1@us", "info@client.example", None);
    let fields = "In-Reply-To: <m1@us>\r\n";
    story.wrote(19, "r1@x", "boss@private.example", fields, STOP);
    story.sent(3, "m2@us", "info@client.example", None);
    let found = story.told();
    assert_eq!(
        found.objections[0].also.as_deref(),
        Some("info@client.example")
    );
    let stops: Vec<&str> = found.stops().into_iter().map(|(who, _)| who).collect();
    assert_eq!(stops, ["boss@private.example", "info@client.example"]);
    assert_eq!(found.mailed_after[0].who, "info@client.example");
}

#[test]
fn an_absence_that_quotes_our_stop_line_is_no_objection() {
    let mut story = Story::new();
    story.sent(20, "m1@us", "anna@client.example", None);
    let fields = "In-Reply-To: <m1@us>\r\nAuto-Submitted: auto-replied\r\n";
    let words = "Je suis absente jusqu'au 3.\r\n\r\nLe 3 novembre, Claire a écrit :\r\n> Répondez STOP pour ne plus recevoir de mails.";
    story.wrote(19, "r1@client", "anna@client.example", fields, words);
    let found = story.told();
    assert!(
        found.objections.is_empty() && found.doubtful.is_empty(),
        "{found:#?}"
    );
    assert_eq!(found.absent, 1);
    assert!(!found.is_grave());
}

#[test]
fn letters_would_leave_once_and_not_where_a_colleague_was_faster() {
    let mut story = Story::new();
    for n in 1..=3 {
        let (id, who) = (format!("m{n}@us"), format!("p{n}@client{n}.example"));
        story.sent(30, &id, &who, None);
        let fields = format!("In-Reply-To: <m{n}@us>\r\n");
        story.wrote(27, &format!("r{n}@client"), &who, &fields, STOP);
    }
    // Claire answers the third within the hour of their mail: the letter waits longer, for office hours.
    let note = Story::told(&story);
    let letters: u64 = note.letters.iter().map(|l| l.times).sum();
    assert_eq!(letters, 3, "{note:#?}");
    story.sent(27, "a3@us", "p3@client3.example", Some("r3@client"));
    let found = story.told();
    let letters: u64 = found.letters.iter().map(|l| l.times).sum();
    assert_eq!(letters, 2, "{found:#?}");
    assert!(found.held.iter().any(|h| h.rule == "A9"), "{found:#?}");
}

#[test]
fn marks_that_repeat_among_strangers_are_proposed_and_our_own_campaign_is_not() {
    let mut story = Story::new();
    for n in 0..6 {
        let from = format!("s{n}@firm{n}.example");
        story.wrote(
            9,
            &format!("w{n}@x"),
            &from,
            "",
            "Parfait, à bientôt !\r\n7XK2Q9P",
        );
        let who = format!("p{n}@client{n}.example");
        story.sent(20, &format!("m{n}@us"), &who, None);
        let fields = format!("In-Reply-To: <m{n}@us>\r\n");
        story.wrote(
            8,
            &format!("r{n}@x"),
            &who,
            &fields,
            "Merci, offre AB12CD34 bien reçue.",
        );
    }
    let found = story.told();
    assert_eq!(
        found.warm_up.tags,
        [("7XK2Q9P".to_owned(), 6)],
        "{found:#?}"
    );
    let report = Report::of(&found, Tongue::Fr, &story.policy.calendar);
    let code: Vec<&String> = report.sections.iter().flat_map(|s| &s.code).collect();
    assert_eq!(code, ["[house.warm_up]", "tags = [\"7XK2Q9P\"]"]);
}

#[test]
fn a_masked_report_names_nobody_in_any_form() {
    let mut story = Story::new();
    story.sent(70, "m1@us", "anna@client.example", None);
    let fields = "In-Reply-To: <m1@us>\r\n";
    let words = "Please remove anna@client.example from your mailing list.";
    story.wrote(60, "r1@client", "anna@client.example", fields, words);
    story.wrote(59, "r2@client", "anna@client.example", fields, ACCESS);
    story.sent(3, "m2@us", "anna@client.example", None);
    let found = story.told();
    let heard = found.objections.iter().chain(&found.doubtful);
    assert!(
        heard.into_iter().any(|h| h.words.contains("anna@")),
        "{found:#?}"
    );
    let calendar = &story.policy.calendar;
    let shown = |found: &Findings| {
        let report = Report::of(found, Tongue::En, calendar);
        let table = replay::csv::table(found, calendar).unwrap();
        [
            replay::html::page(&report, Tongue::En),
            format!("{report:?}"),
            String::from_utf8(table).unwrap(),
            serde_json::to_string(found).unwrap(),
        ]
    };
    for text in shown(&found) {
        assert!(text.contains("anna@client.example"), "{text}");
    }
    for text in shown(&found.masked()) {
        assert!(!text.contains("anna@"), "{text}");
    }
}

#[test]
fn every_sentence_of_the_report_is_there_in_both_languages() {
    let mut story = Story::new();
    story.sent(70, "m1@us", "anna@client.example", None);
    let fields = "In-Reply-To: <m1@us>\r\n";
    story.wrote(60, "r1@client", "anna@client.example", fields, STOP);
    story.wrote(60, "r3@client", "bob@stranger.example", "", ACCESS);
    story.sent(3, "m2@us", "anna@client.example", None);
    let found = story.told();
    let report = |tongue| Report::of(&found, tongue, &story.policy.calendar);
    let (en, fr) = (report(Tongue::En), report(Tongue::Fr));
    assert_eq!(en.sections.len(), fr.sections.len());
    for (en, fr) in en.sections.iter().zip(&fr.sections) {
        let bare = |title: &str| title.split(':').next().map(str::trim).map(str::to_owned);
        assert_ne!(bare(&en.title), bare(&fr.title));
        assert!(en.lead != fr.lead || en.lead.is_empty(), "{}", en.lead);
        assert_eq!(en.columns.len(), fr.columns.len());
        let whole = |s: &replay::Section| s.rows.iter().all(|r| r.cells.len() == s.columns.len());
        assert!(whole(en) && whole(fr), "{}", en.title);
    }
}
