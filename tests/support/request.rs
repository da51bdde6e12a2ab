//! Makes a situation of a few words: everything not said is a plain prospect who answers in our thread, in live mode.

use quitus::intent::{Classification, Evidence, Found, Signal};
use quitus::mail::{Gate, InboundMessage};
use quitus::record::*;
use quitus::request::{self, *};
use serde::Deserialize;

#[path = "request_people.rs"]
mod people;

use people::{NOW, address, keys, open_case, prospect, someone};

/// One case as it stands in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Requests; `stop?` is one below its threshold.
    #[serde(default)]
    pub asks: Vec<String>,
    /// What is different from the plain case.
    #[serde(default)]
    pub facts: Vec<String>,
    /// Reasons of the reader for a human.
    #[serde(default)]
    pub human: Vec<String>,
    /// Verdict, reading, rule.
    #[serde(default = "open_gate")]
    pub gate: String,
    #[serde(default)]
    pub stance: Option<String>,
    #[serde(default)]
    pub unsure: bool,
    /// TOML of `[policy]`.
    #[serde(default)]
    pub set: String,
    pub expect: Expected,
}

fn open_gate() -> String {
    "answer obey A.ok".into()
}

/// How it must end. Words: `auto answer stop`, `held answer source`, `suppressed:person`, …
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    pub state: String,
    pub rule: String,
    pub letter: String,
    pub draft: String,
    /// `person`, `from`: how far each is suppressed.
    pub people: Vec<String>,
    /// `new`, `joined`, `` (none), with ` held`, ` closed`, ` legal_hold`.
    pub case: String,
    /// How many proposals.
    pub proposals: usize,
    pub alert: bool,
}

/// The decision, and the sender.
pub fn run(case: &Case) -> (Decision, Address) {
    let has = |f: &str| case.facts.iter().any(|x| x == f);
    let person = prospect(case, &has);
    let stranger = has("stranger");
    let sender = if stranger || has("assistant") {
        "autre@ailleurs.fr"
    } else {
        "jean@entreprise.com"
    };
    let from = if stranger || has("assistant") {
        someone(sender)
    } else {
        person.clone()
    };
    let mut who = Who {
        from: Some(from),
        ..Who::default()
    };
    if !stranger && !has("no_thread") && !has("token") {
        who.thread = vec![person.clone()];
    }
    who.token = (has("token") && !stranger).then(|| person.clone());
    (who.unsubscribe, who.dmarc_pass, who.one_of_us) =
        (has("unsubscribe"), has("dmarc"), has("us"));
    if has("named") {
        who.named = vec![(address("marie@entreprise.com"), "voyez avec".into())];
    }
    if has("forwarded") {
        who.forwarded = Some(Forwarded {
            from: Some(address("jean@entreprise.com")),
            known: Some(person.clone()),
            kinds: vec![RequestKind::Stop],
        });
    }
    if has("reported") || has("reported_soft") {
        let status = if has("reported") { "5.1.1" } else { "4.2.2" };
        who.reported = vec![Reported {
            known: person.clone(),
            letter: None,
            failed: true,
            status: status.into(),
        }];
    }
    let domain = address(sender).domain().to_owned();
    who.domain = Some(Domain {
        fingerprint: keys().of_domain(&domain),
        name: domain,
        freemail: has("freemail"),
        suppression: None,
        contacts: 12,
        not_prospects: 1,
    });
    let mut history = History {
        answered_by_hand: has("by_hand"),
        ..History::default()
    };
    let facts = |prefix: &'static str| {
        let all = case.facts.iter();
        all.filter_map(move |f| f.strip_prefix(prefix))
    };
    for (kind, id) in facts("open:").zip(7..) {
        let mut open = open_case(kind.parse().unwrap(), person.person, false);
        open.id = CaseId::from_bits(id);
        history.open.push(open);
    }
    // Answered in the first of them, or in the last, which are open for something else.
    for kind in facts("ended:") {
        if let Some(open) = history.open.first_mut() {
            let ended = people::ended(kind.parse().unwrap());
            open.row.requests.extend(ended);
        }
    }
    for kind in facts("ended_last:") {
        if let Some(open) = history.open.last_mut() {
            let ended = people::ended(kind.parse().unwrap());
            open.row.requests.extend(ended);
        }
    }
    if has("in_thread") {
        history.thread_case = history.open.first().cloned();
    }
    if has("closed") {
        history.thread_case = Some(open_case(RequestKind::Stop, person.person, true));
    }
    history.letters_this_hour = if has("hour_full") { 450 } else { 0 };
    history.domain_letters = if has("cap_domain") {
        vec![NOW; 10]
    } else {
        Vec::new()
    };
    let row = MessageRow {
        state: Some(MessageState::Answered),
        rule: request::rule::DONE,
        verdict: Verdict::Answer,
        received: NOW,
        decided: NOW,
        location: place(),
        mail: None,
        person: Some(person.person),
        case: None,
        position: LogPosition::default(),
        joined: 0,
    };
    history.same_content = has("same_content").then(|| row.clone());
    history.same_mail = has("same_mail").then_some(row);
    let decision = decided(case, &has, sender, who, history);
    (decision, address(sender))
}

fn place() -> Location {
    Location {
        folder: FolderId(1),
        uidvalidity: 1,
        uid: 9,
    }
}

fn decided(
    case: &Case,
    has: &dyn Fn(&str) -> bool,
    sender: &str,
    who: Who,
    history: History,
) -> Decision {
    let signal = |reason: &str| Signal {
        reason: reason.into(),
        rule: "t".into(),
        text: "x".into(),
    };
    let read = Classification {
        language: Some(Language::Fr),
        requests: case.asks.iter().map(|k| found(k, has("subject"))).collect(),
        stance: case.stance.as_ref().map(|s| s.parse().unwrap()),
        human: case.human.iter().map(|h| signal(h)).collect(),
        unsure: case.unsure.then(|| signal("unclear")),
        ..Classification::default()
    };
    let mut words = case.gate.split(' ');
    let mut word = || words.next().unwrap().to_owned();
    let gate = Gate {
        verdict: word().parse().unwrap(),
        reading: word().parse().unwrap(),
        rule: RuleId(word().into()),
        sign: String::new(),
    };
    let mut message = InboundMessage {
        from: Some(address(sender)),
        subject: "Re: offre".into(),
        ..InboundMessage::default()
    };
    message.reply_to = vec![address("elsewhere@evil.example")];
    message.fresh.text = if has("angry") {
        "STOP !! Assez !!".into()
    } else {
        "STOP".into()
    };
    if has("feedback") {
        message.report = Some(quitus::mail::Report::Feedback {
            recipient: None,
            original_id: None,
        });
    }
    let settings: PolicySettings = toml::from_str(&case.set).unwrap();
    let policy = Policy::new(settings, jiff::tz::TimeZone::UTC, "t").unwrap();
    let no_template = has("no_template");
    let situation = Situation {
        message: &message,
        gate: &gate,
        read: &read,
        arrival: Arrival {
            content: ContentKey([1; 16]),
            location: place(),
            mail: Some(MailIdHash([2; 16])),
            role: if has("junk") {
                FolderRole::Junk
            } else {
                FolderRole::Inbound
            },
            mailbox: None,
            received: NOW,
            written: if has("old") { NOW.plus_days(-90) } else { NOW },
            words: 99,
            reread: has("reread"),
        },
        house: House {
            mode: if has("shadow") {
                Mode::Shadow
            } else if has("review_mode") {
                Mode::Review
            } else {
                Mode::Live
            },
            activated: Some(NOW.plus_days(-30)),
            has_template: &move |_, _, _| !no_template,
            systems_delivered: !has("systems_wait"),
            sourced: !has("vague"),
        },
        who,
        history,
        ids: FreshIds {
            case: CaseId::from_bits(1),
            content_key: KeyId(10),
            proof_key: KeyId(11),
        },
    };
    decide(&situation, &policy, NOW)
}

fn found(word: &str, in_subject: bool) -> Found {
    let (kind, confidence) = word.strip_suffix('?').map_or((word, 0.95), |k| (k, 0.3));
    let evidence = Evidence {
        rule: "t".into(),
        text: "x".into(),
        start: (!in_subject).then_some(0),
    };
    Found {
        kind: kind.parse().unwrap(),
        confidence,
        evidence: vec![evidence],
    }
}

/// The decision in the words of a case.
pub fn summary(d: &Decision, _expected: &Expected) -> Expected {
    let letter = |l: &LetterPlan| {
        let free = if l.is_automatic() { "auto" } else { "held" };
        let kinds = l
            .answers
            .iter()
            .map(|k| k.word())
            .collect::<Vec<_>>()
            .join("+");
        let neutral = if l.neutral { " neutral" } else { "" };
        format!("{free} {} {kinds}{neutral}", l.kind)
            .trim_end()
            .to_owned()
    };
    let jean = keys().person(&address("jean@entreprise.com"));
    let people = d.suppressions.iter().map(|s| {
        let whom = if s.person == jean { "person" } else { "from" };
        format!("{}:{whom}", s.suppression)
    });
    let mut case = String::new();
    if let Some(plan) = &d.case {
        case.push_str(if plan.new { "new" } else { "joined" });
        for (on, word) in [
            (plan.held.is_some(), " held"),
            (plan.closed, " closed"),
            (plan.legal_hold, " legal_hold"),
        ] {
            case.push_str(if on { word } else { "" });
        }
    }
    Expected {
        state: d.state.to_string(),
        rule: d.rule.to_string(),
        letter: d.letter.as_ref().map(letter).unwrap_or_default(),
        draft: d.draft.as_ref().map(letter).unwrap_or_default(),
        people: people.collect(),
        case,
        proposals: d.proposals.len(),
        alert: d.alert,
    }
}
