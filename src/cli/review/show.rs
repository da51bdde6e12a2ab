//! A case on the screen: who asks what until when, why it waits, what they wrote with the words that decided it, and the
//! letter as it will leave. Beside each other where there is room.

use super::{Desk, text_of};
use crate::cli::ask::Ask;
use crate::cli::edge::End;
use crate::cli::output::{BAD, CARE, FAINT, STRONG, painted};
use crate::cli::screen::{Screen, folded, marked, plain};
use crate::record::RuleId;
use crate::request::rule;
use serde_json::{Value, json};

/// From so many columns on, message and letter stand beside each other.
const BESIDE: usize = 150;
/// A line of text is read no further than this.
const READABLE: usize = 100;
/// Lines of what was written beside a case, and their label.
const BEFORE: usize = 8;
const BESIDES: &str = "besides";
/// Columns of a label.
const LABEL: usize = 11;
/// What stands before a deadline that has passed.
const LATE: &str = "OVERDUE";

/// A draft as it would leave now.
pub struct Draft {
    /// What approves it; nothing, if it cannot be written or is printed.
    pub hash: Option<String>,
    /// Answer, acknowledgement, …
    pub kind: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// A case with what the register says of who asks.
pub struct File {
    /// Its reference.
    pub id: String,
    /// Whoever asked, if an address is known.
    pub from: Option<String>,
    /// As the API told it.
    pub data: Value,
    /// As `quitus contacts show` does.
    person: Value,
}

impl File {
    /// With the person asked for.
    pub fn of(desk: &Desk, data: Value) -> Result<Self, End> {
        let from = data["proof"]["from"].as_str().map(str::to_owned);
        let person = match &from {
            Some(address) => {
                let whom = json!({"address": address});
                let shown = desk.house.ask(Ask::Post("/contacts/show".into(), whom));
                shown.map_or(Value::Null, |answer| answer.data)
            }
            None => Value::Null,
        };
        let id = text_of(&data["case"]).to_owned();
        Ok(Self {
            id,
            from,
            data,
            person,
        })
    }

    /// What waits to be released.
    pub fn drafts(&self) -> Vec<Draft> {
        let drafts = list(&self.data["letters"]).filter(|l| l["state"] == "draft");
        drafts
            .map(|letter| Draft {
                hash: (letter["on_paper"] != true)
                    .then(|| letter["hash"].as_str().map(str::to_owned))
                    .flatten(),
                kind: text_of(&letter["kind"]).to_owned(),
                subject: text_of(&letter["subject"]).to_owned(),
                text: text_of(&letter["text"]).to_owned(),
            })
            .collect()
    }

    /// What holds for the person, in a word; nothing, if they may be written to.
    pub fn suppression(&self) -> Option<&str> {
        self.person["suppression"]["suppression"].as_str()
    }

    /// Proposals that nobody has decided: number and words.
    pub fn proposals(&self) -> Vec<(u64, String)> {
        let open = list(&self.data["proposals"]).filter(|p| p["state"] == "proposed");
        open.filter_map(|p| Some((p["number"].as_u64()?, plain(text_of(&p["text"])))))
            .collect()
    }

    /// Everything, line by line.
    pub fn lines(&self, desk: &Desk) -> Vec<String> {
        let screen = desk.screen;
        let mut lines = vec![String::new(), self.head(desk), String::new()];
        let mut fact = |label: &str, text: &str| {
            let line = format!("{label:<LABEL$}{text}");
            let folded = folded(&line, screen.width.min(READABLE + LABEL), LABEL);
            lines.extend(folded.iter().map(|l| labelled(l, label)));
        };
        for request in list(&self.data["requests"]) {
            let due = due(desk, text_of(&request["due"]));
            let (what, state) = (text_of(&request["request"]), text_of(&request["state"]));
            fact("asks", &format!("{what} ({state}), {due}"));
        }
        self.who(&mut fact);
        if let Some(id) = self.data["held"].as_str() {
            let why = rule::explain(&RuleId(id.to_owned().into())).unwrap_or("see the rules");
            fact("held", &format!("{why} [{id}]"));
        }
        for (number, words) in self.proposals() {
            fact("proposed", &format!("{number}. {words}"));
        }
        let width = match screen.width >= BESIDE {
            true => ((screen.width - 3) / 2).min(READABLE),
            false => screen.width.min(READABLE),
        };
        let (left, right) = (self.messages(desk, width), self.letters(width));
        lines.extend(self.before(desk));
        lines.push(String::new());
        match screen.width >= BESIDE {
            true => lines.extend(Screen::beside(&left, &right, width)),
            false => {
                lines.extend(left);
                lines.push(String::new());
                lines.extend(right);
            }
        }
        lines.push(String::new());
        let mark = CARE.bold().underline();
        lines.iter().map(|l| screen.lit(l, mark)).collect()
    }

    fn head(&self, desk: &Desk) -> String {
        let asked: Vec<&str> = list(&self.data["requests"])
            .map(|r| text_of(&r["request"]))
            .collect();
        let asked = match asked.is_empty() {
            true => "nothing certain".to_owned(),
            false => asked.join(" + "),
        };
        let dues = list(&self.data["requests"]).map(|r| text_of(&r["due"]));
        let until = dues.min().map(|d| due(desk, d)).unwrap_or_default();
        overdue(&desk.screen.rule(&format!("{}  {asked}", self.id), &until))
    }

    fn who(&self, fact: &mut impl FnMut(&str, &str)) {
        let contact = &self.person["register"]["contact"];
        let name = ["civility", "first_name", "last_name"].map(|k| text_of(&contact[k]));
        let name: Vec<&str> = name.into_iter().filter(|n| !n.is_empty()).collect();
        let address = self.from.as_deref().unwrap_or("nobody known");
        let who = match name.is_empty() {
            true => address.to_owned(),
            false => format!("{} <{address}>", name.join(" ")),
        };
        let identity = text_of(&self.data["proof"]["identity"]);
        let sure = match identity.is_empty() {
            true => String::new(),
            false => format!(" ({identity})"),
        };
        fact("from", &plain(&format!("{who}{sure}")));
        let of = ["role", "firm", "country", "relation", "campaign"];
        let of: Vec<&str> = (of.into_iter().map(|k| text_of(&contact[k])))
            .filter(|v| !v.is_empty())
            .collect();
        let owner = contact["owner"].as_str();
        let owner = owner.map(|o| format!(", of {o}")).unwrap_or_default();
        let register = match (contact.is_null(), &self.person["register"]["vague"]) {
            (true, _) => "not in it".to_owned(),
            (_, Value::String(why)) => format!("{}{owner}; source vague: {why}", of.join(", ")),
            _ => format!("{}{owner}", of.join(", ")),
        };
        fact("register", &plain(&register));
        let holds = &self.person["suppression"];
        if let Some(word) = holds["suppression"].as_str() {
            fact(
                "person",
                &format!("{word} since {}", text_of(&holds["since"])),
            );
        }
    }

    /// Who wrote what to whom beside this case: the last lines of it.
    fn before(&self, desk: &Desk) -> Vec<String> {
        let beside = |t: &&Value| t["here"] != true;
        let all: Vec<&Value> = list(&self.data["thread"]).filter(beside).collect();
        let last = all.iter().skip(all.len().saturating_sub(BEFORE));
        let width = desk.screen.width.min(READABLE + LABEL);
        let mut lines = Vec::new();
        for one in last {
            let label = if lines.is_empty() { BESIDES } else { "" };
            let at = day(desk, text_of(&one["at"]));
            let said = format!("{label:<LABEL$}{at}  {}", plain(&wrote(one)));
            let folded = folded(&said, width, LABEL);
            lines.extend(folded.iter().map(|line| match label {
                "" => line.clone(),
                label => labelled(line, label),
            }));
        }
        lines
    }

    /// What they wrote, the words that decided marked.
    fn messages(&self, desk: &Desk, width: usize) -> Vec<String> {
        let evidence = list(&self.data["proof"]["evidence"]).flat_map(|e| list(&e["words"]));
        let words: Vec<String> = evidence.map(|w| plain(text_of(&w[1]))).collect();
        let mut lines = Vec::new();
        for message in list(&self.data["messages"]) {
            let at = day(desk, text_of(&message["received"]));
            let subject = plain(text_of(&message["subject"]));
            lines.extend(folded(&format!("They wrote on {at}: {subject}"), width, 2));
            let Some(fresh) = message["fresh"].as_str() else {
                lines.push("  its text is not kept".to_owned());
                continue;
            };
            lines.push(String::new());
            let fresh: Vec<String> = fresh.lines().map(plain).collect();
            for line in marked(&fresh.join("\n"), &words).lines() {
                lines.extend(folded(&format!("  {line}"), width, 2));
            }
        }
        lines
    }

    /// The letters: what became of each, and drafts in full.
    fn letters(&self, width: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for letter in list(&self.data["letters"]) {
            let (kind, state) = (text_of(&letter["kind"]), text_of(&letter["state"]));
            if state != "draft" {
                lines.extend(folded(&format!("Letter ({kind}): {state}"), width, 2));
                continue;
            }
            if let Some(why) = letter["unwritten"].as_str() {
                let said = format!(
                    "No letter yet ({kind}): {} → {}",
                    plain(why),
                    text_of(&letter["fix"])
                );
                lines.extend(folded(&said, width, 2));
                continue;
            }
            let way = match letter["on_paper"] == true {
                true => "on paper",
                false => "as it will leave",
            };
            lines.extend(folded(&format!("The letter {way} ({kind}):"), width, 2));
            lines.push(String::new());
            let to = format!("  To: {}", plain(text_of(&letter["to"])));
            let subject = format!("  Subject: {}", plain(text_of(&letter["subject"])));
            lines.extend(folded(&to, width, 6));
            lines.extend(folded(&subject, width, 11));
            lines.push(String::new());
            for line in text_of(&letter["text"]).lines() {
                lines.extend(folded(&format!("  {}", plain(line)), width, 2));
            }
            for file in list(&letter["attachments"]) {
                let (name, octets) = (plain(text_of(&file["name"])), &file["octets"]);
                lines.push(format!("  + {name} ({octets} octets)"));
            }
        }
        if lines.is_empty() {
            lines.push("No letter: answer by hand if one is due".to_owned());
        }
        lines
    }
}

/// Who wrote to whom, and of what is known.
fn wrote(one: &Value) -> String {
    let (about, state) = (text_of(&one["subject"]), text_of(&one["state"]));
    let about = match about.is_empty() {
        true => String::new(),
        false => format!(": {about}"),
    };
    match (text_of(&one["what"]), text_of(&one["mailbox"])) {
        ("mail", "") => format!("a mail to them{about}"),
        ("mail", mailbox) => format!("a mail to them from {mailbox}{about}"),
        ("message", _) => format!("they wrote ({state}){about}"),
        _ => format!("our letter, {} ({state}){about}", text_of(&one["kind"])),
    }
}

/// The first line of a fact, its label faint.
fn labelled(line: &str, label: &str) -> String {
    let style = match label {
        "held" => CARE,
        "proposed" => STRONG,
        _ => FAINT,
    };
    match line.strip_prefix(label) {
        Some(rest) => painted(style, label) + &overdue(rest),
        None => overdue(line),
    }
}

/// What is late is red.
fn overdue(line: &str) -> String {
    line.replace(LATE, &painted(BAD, LATE))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn local(desk: &Desk, text: &str) -> Option<jiff::civil::Date> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(desk.zone.to_datetime(at).date())
}

/// A moment as a day where the controller is.
fn day(desk: &Desk, text: &str) -> String {
    local(desk, text).map_or_else(|| text.to_owned(), |d| d.strftime("%-d %B %Y").to_string())
}

/// A deadline, and how far it is away.
fn due(desk: &Desk, text: &str) -> String {
    let today = desk.zone.to_datetime(jiff::Timestamp::now()).date();
    let Some(due) = local(desk, text) else {
        return String::new();
    };
    let left = (due - today).get_days();
    let words = match left {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        2.. => format!("in {left} days"),
        -1 => format!("{LATE} since yesterday"),
        _ => format!("{LATE} by {} days", -left),
    };
    format!("due {}, {words}", due.strftime("%-d %B %Y"))
}
