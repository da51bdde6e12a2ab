//! One case, as a reviewer must see it before deciding: who, in which words, until when, what was done, and every letter as it will leave.

use super::marks::{Piece, pieces};
use super::suppression::Holds;
use super::thread::{self, Line};
use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::users::Role;
use crate::web::visitor::Visitor;
use crate::web::when::When;
use crate::web::words::Words;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

/// Names things in the visitor's language and the controller's zone.
struct Teller<'a> {
    web: &'a Web,
    words: &'a Words,
    zone: TimeZone,
}

#[derive(Serialize)]
struct View {
    case: String,
    version: u64,
    asks: String,
    opened: Option<When>,
    closed: Option<When>,
    held: Option<String>,
    by_hand: String,
    vague: Option<Said>,
    legal_hold: bool,
    previous: Option<String>,
    language: Option<String>,
    mailbox: Option<String>,
    who: Who,
    clocks: Vec<Clock>,
    extended: Option<String>,
    extension_untold: bool,
    evidence: Vec<Evidence>,
    messages: Vec<Message>,
    thread: Vec<Line>,
    thread_earlier: u64,
    letters: Vec<Value>,
    proposals: Vec<Value>,
    systems: Vec<Value>,
    recipients: Vec<Value>,
    untold: bool,
    paper: Option<String>,
    timeline: Vec<Happened>,
    may: May,
}

#[derive(Serialize)]
struct Who {
    from: Option<String>,
    identity: Option<Said>,
    proved: Option<When>,
    code_until: Option<When>,
    person: Option<String>,
    contact: Value,
    relation: Option<String>,
    suppression: Option<String>,
    suppression_why: Option<String>,
    suppressed_since: Option<When>,
}

#[derive(Serialize)]
struct Clock {
    asks: String,
    state: String,
    received: Option<When>,
    target: Option<When>,
    due: Option<When>,
    late: bool,
    left: Option<String>,
    open: bool,
    extended: bool,
    reminders: u64,
}

#[derive(Serialize)]
struct Evidence {
    number: usize,
    asks: String,
    words: String,
    rule: String,
    sure: String,
}

#[derive(Serialize)]
struct Message {
    at: Option<When>,
    state: String,
    kept: bool,
    subject: String,
    from: String,
    pieces: Vec<Piece>,
    elided: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Happened {
    at: Option<When>,
    what: String,
    by: Option<String>,
    because: Option<String>,
}

/// What can be ordered now.
#[derive(Serialize)]
struct May {
    close: bool,
    extend: bool,
    identify: bool,
    tell: bool,
    lift: Option<String>,
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path(case): Path<String>,
) -> Result<Response, Trouble> {
    let data = web.ask(&format!("/requests/{case}")).await?.data;
    // Whoever may only look cannot see to it.
    if data["unseen"] == true && visitor.may(Role::Reviewer) {
        let path = format!("/requests/{case}/seen");
        if let Err(why) = web.order(&visitor, &path, json!({})).await {
            tracing::warn!(%case, %why, "that somebody looked at a complaint is not written down");
        }
    }
    let teller = Teller {
        web: &web,
        words: &visitor.words,
        zone: web.zone(),
    };
    let mut letters = Vec::new();
    for number in data["letters"].as_array().into_iter().flatten() {
        let number = number["letter"].as_u64().unwrap_or_default();
        let found = web
            .ask(&format!("/requests/{case}/letters/{number}"))
            .await?;
        letters.push(teller.letter(found.data));
    }
    letters.sort_by_key(|l| (l["state"] != "draft", l["letter"].as_u64()));
    let view = teller.view(&data, letters);
    web.page(&visitor, "cases", "case.html", &view)
}

impl Teller<'_> {
    fn view(&self, data: &Value, letters: Vec<Value>) -> View {
        let text = |key: &str| data[key].as_str().map(str::to_owned);
        let list = |key: &str| data[key].as_array().cloned().unwrap_or_default();
        let evidence = self.evidence(data);
        View {
            case: text("case").unwrap_or_default(),
            version: data["version"].as_u64().unwrap_or_default(),
            asks: self.kinds(&data["requests"], "request"),
            opened: self.when(&data["opened"]),
            closed: self.when(&data["closed"]),
            held: self.words.because(&data["held"]),
            by_hand: self.kinds(&data["by_hand"], ""),
            vague: (data["vague"].as_str()).map(|why| self.words.fact("vague", why)),
            legal_hold: data["legal_hold"] == true,
            previous: text("previous"),
            language: text("language"),
            mailbox: text("mailbox"),
            who: self.who(data),
            clocks: list("clocks").iter().map(|c| self.clock(c)).collect(),
            extended: text("extended"),
            extension_untold: data["closed"].is_null() && data["extension"] != "in_force",
            messages: list("messages")
                .iter()
                .map(|m| self.message(m, &evidence))
                .collect(),
            thread: thread::lines(self.web, self.words, &data["thread"]),
            thread_earlier: data["thread_earlier"].as_u64().unwrap_or_default(),
            evidence,
            proposals: self.proposals(list("proposals")),
            systems: self.named(list("systems")),
            untold: list("recipients").iter().any(|r| r["state"].is_null()),
            recipients: self.named(list("recipients")),
            paper: data["paper"].as_array().map(|lines| {
                let lines = lines.iter().filter_map(Value::as_str);
                lines.collect::<Vec<_>>().join(", ")
            }),
            timeline: list("timeline").iter().map(|t| self.happened(t)).collect(),
            may: self.may(data),
            letters,
        }
    }

    fn when(&self, moment: &Value) -> Option<When> {
        When::read(moment.as_str()?, &self.zone, self.words)
    }

    fn word(&self, section: &str, value: &Value) -> String {
        let key = value.as_str().unwrap_or_default();
        self.words.of(section, key).to_owned()
    }

    /// Requests in words, in a list of them or of things that have one.
    fn kinds(&self, all: &Value, key: &str) -> String {
        let each = all.as_array().into_iter().flatten();
        let each = each.map(|one| if key.is_empty() { one } else { &one[key] });
        let each: Vec<String> = each.map(|k| self.word("kind", k)).collect();
        each.join(" + ")
    }

    fn who(&self, data: &Value) -> Who {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let contact = data["contact"].clone();
        let held = &data["suppression"];
        let relation = contact["relation"].as_str();
        Who {
            from: text(&data["proof"]["from"]),
            identity: (data["proof"]["identity"].as_str())
                .map(|said| self.words.fact("identity", said)),
            proved: self.when(&data["identity_proved"]),
            code_until: self.when(&data["code_until"]),
            person: text(&data["person"]),
            relation: relation.map(|r| self.words.of("relation", r).to_owned()),
            suppression: held["suppression"]
                .as_str()
                .map(|s| self.words.of("suppression", s).to_owned()),
            suppression_why: Holds::read(self.web, self.words, held).map(|h| h.reason),
            suppressed_since: self.when(&held["since"]),
            contact,
        }
    }

    fn clock(&self, clock: &Value) -> Clock {
        let days = self.web.days_until(clock["due"].as_str());
        let open = matches!(clock["state"].as_str(), Some("open" | "awaiting_identity"));
        Clock {
            asks: self.word("kind", &clock["request"]),
            state: self.word("request_state", &clock["state"]),
            received: self.when(&clock["received"]),
            target: self.when(&clock["target"]),
            due: self.when(&clock["due"]),
            late: open && days.is_some_and(|d| d < 0),
            left: days.filter(|_| open).map(|d| self.words.days(d)),
            open,
            extended: clock["extended"] == true,
            reminders: clock["reminders"].as_u64().unwrap_or_default(),
        }
    }

    fn evidence(&self, data: &Value) -> Vec<Evidence> {
        let all = data["evidence"].as_array().into_iter().flatten();
        all.enumerate()
            .map(|(n, e)| Evidence {
                number: n + 1,
                asks: self.word("kind", &e["request"]),
                words: e["words"].as_str().unwrap_or_default().to_owned(),
                rule: e["rule"].as_str().unwrap_or_default().to_owned(),
                sure: format!("{:.0} %", e["sure"].as_f64().unwrap_or_default() * 100.0),
            })
            .collect()
    }

    fn message(&self, message: &Value, evidence: &[Evidence]) -> Message {
        let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        let marks: Vec<(usize, &str)> = evidence
            .iter()
            .map(|e| (e.number, e.words.as_str()))
            .collect();
        let elided = message["elided"].as_array().into_iter().flatten();
        let from = match (message["from_name"].as_str(), message["from"].as_str()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (_, address) => address.unwrap_or_default().to_owned(),
        };
        Message {
            at: self.when(&message["received"]),
            state: self.word("message_state", &message["state"]),
            kept: message["fresh"].is_string(),
            subject: text("subject"),
            from,
            pieces: pieces(&text("fresh"), &marks),
            elided: elided
                .map(|e| {
                    (
                        self.word("elided", &e[0]),
                        e[1].as_str().unwrap_or_default().to_owned(),
                    )
                })
                .collect(),
        }
    }

    /// A letter with the words of its kind, its state and what follows.
    fn letter(&self, mut letter: Value) -> Value {
        letter["kind_word"] = json!(self.word("letter_kind", &letter["kind"]));
        letter["state_word"] = json!(self.word("letter_state", &letter["state"]));
        letter["answers_word"] = json!(self.kinds(&letter["answers"], ""));
        letter["when"] = json!(self.when(&letter["changed"]));
        letter["next_when"] = json!(self.when(&letter["next"]));
        let state = letter["state"].as_str().unwrap_or_default().to_owned();
        letter["cancellable"] =
            json!(["queued", "deferred", "rejected", "bounced"].contains(&state.as_str()));
        letter["is_draft"] = json!(state == "draft");
        letter["has_html"] = json!(letter["html"].is_string());
        letter["html"] = Value::Null;
        letter["because"] = json!(self.words.because(&letter["rule"]));
        self.words.tell_what_is_in_the_way(&mut letter);
        letter
    }

    fn proposals(&self, mut all: Vec<Value>) -> Vec<Value> {
        for one in &mut all {
            let said = one["text"].as_str().map(|t| self.words.fact("proposal", t));
            one["text"] = json!(said);
        }
        all
    }

    fn named(&self, mut all: Vec<Value>) -> Vec<Value> {
        for one in &mut all {
            one["asks"] = json!(self.word("kind", &one["request"]));
            // A state with a reason is an object of one key.
            let with_reason = one["state"].as_object().and_then(|o| o.keys().next());
            let state = one["state"].as_str().or(with_reason.map(String::as_str));
            one["state_word"] = json!(state.map(|s| self.words.of("recipient_state", s)));
            one["told_when"] = json!(self.when(&one["told"]));
        }
        all
    }

    fn happened(&self, told: &Value) -> Happened {
        let text = |key: &str| told[key].as_str().map(str::to_owned);
        let state = match told["what"].as_str() {
            Some("letter") => self.word("letter_state", &told["state"]),
            Some("decided") => self.word("message_state", &told["state"]),
            _ => String::new(),
        };
        let about = text("subject").unwrap_or_else(|| self.word("letter_kind", &told["kind"]));
        let key = text("what").unwrap_or_default();
        Happened {
            at: self.when(&told["at"]),
            what: self
                .words
                .fill("timeline", &key, &[("state", &state), ("about", &about)]),
            by: text("by").filter(|b| !b.is_empty()),
            because: self.words.because(&told["rule"]),
        }
    }

    fn may(&self, data: &Value) -> May {
        let open = data["closed"].is_null();
        let clocks = data["clocks"].as_array().into_iter().flatten();
        let any = |wanted: &[&str]| {
            clocks
                .clone()
                .any(|c| wanted.contains(&c["state"].as_str().unwrap_or_default()))
        };
        let running = open && any(&["open", "awaiting_identity"]);
        let proof = |c: &Value| {
            [
                "access",
                "erasure",
                "rectification",
                "restriction",
                "portability",
            ]
            .contains(&c["request"].as_str().unwrap_or_default())
        };
        let told = data["recipients"].as_array().into_iter().flatten();
        let address = data["contact"]["addresses"][0].as_str();
        let address = address.or(data["proof"]["from"].as_str());
        May {
            close: open,
            extend: running && data["extension"] == "none",
            identify: running && data["identity_proved"].is_null() && clocks.clone().any(proof),
            tell: running && told.clone().any(|r| r["state"].is_null()),
            lift: address
                .filter(|_| !data["suppression"].is_null())
                .map(str::to_owned),
        }
    }
}
