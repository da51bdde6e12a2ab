//! Reads the log of a mail server: which mail of whom was delivered to whom, and when (Postfix, syslog(3) and RFC 3339 times).
//!
//! Postfix tells of a mail in several lines that share its queue id: the Message-ID, the envelope sender, then a line for each
//! recipient. They are put together here; nothing is judged. A line that is none of Postfix', or is damaged, says nothing.

use crate::record::{Address, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::{HashMap, VecDeque};

/// Mails under way that are remembered; a queue holds fewer unless something is wrong with it.
const UNDER_WAY: usize = 100_000;
/// The log's clock may be so many hours ahead of ours before a day without a year is one of last year.
const AHEAD: i64 = 24;

/// A mail that a server says it has delivered.
#[derive(Clone, PartialEq, Debug)]
pub struct Delivered {
    /// Its queue id.
    pub queue: String,
    /// To whom; both names, if an alias was followed.
    pub to: Vec<Address>,
    /// When.
    pub at: Timestamp,
    /// Its Message-ID without brackets, if it was told.
    pub message_id: Option<String>,
    /// The envelope sender, if it was told; empty for the null sender.
    pub from: Option<String>,
}

#[derive(Default)]
struct Mail {
    message_id: Option<String>,
    from: Option<String>,
}

/// What was read so far.
pub struct MtaLog {
    mails: HashMap<String, Mail>,
    order: VecDeque<String>,
    zone: TimeZone,
}

impl MtaLog {
    /// Nothing yet. Times that name no zone are of this one.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            mails: HashMap::new(),
            order: VecDeque::new(),
            zone,
        }
    }

    /// One line; what was delivered, if it says so. `now` tells the year of a time without one.
    pub fn line(&mut self, line: &str, now: Timestamp) -> Option<Delivered> {
        let (at, rest) = self.time(line, now)?;
        let (_, rest) = rest.trim_start().split_once(' ')?;
        let (program, rest) = rest.split_once("]: ")?;
        if !program.starts_with("postfix") {
            return None;
        }
        let (queue, said) = rest.split_once(": ")?;
        if queue.is_empty() || !queue.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        if said.trim_end() == "removed" {
            self.mails.remove(queue);
            return None;
        }
        if let Some(id) = field(said, "message-id=") {
            self.of(queue).message_id = Some(id.to_owned()).filter(|id| !id.is_empty());
        } else if said.starts_with("from=<") {
            self.of(queue).from = field(said, "from=").map(str::to_owned);
        } else if said.starts_with("to=<") && is_sent(said) {
            return self.delivered(queue, said, at);
        }
        None
    }

    fn delivered(&self, queue: &str, said: &str, at: Timestamp) -> Option<Delivered> {
        let named = [field(said, "to="), field(said, ", orig_to=")];
        let mut to: Vec<Address> = Vec::new();
        for address in named.into_iter().flatten() {
            match Address::parse(address) {
                Ok(address) if !to.contains(&address) => to.push(address),
                _ => {}
            }
        }
        let mail = self.mails.get(queue);
        (!to.is_empty()).then(|| Delivered {
            queue: queue.to_owned(),
            to,
            at,
            message_id: mail.and_then(|m| m.message_id.clone()),
            from: mail.and_then(|m| m.from.clone()),
        })
    }

    fn of(&mut self, queue: &str) -> &mut Mail {
        if !self.mails.contains_key(queue) {
            self.order.push_back(queue.to_owned());
            while self.order.len() > UNDER_WAY {
                let oldest = self.order.pop_front();
                oldest.map(|q| self.mails.remove(&q));
            }
        }
        self.mails.entry(queue.to_owned()).or_default()
    }

    /// The time at the head of a line, and what follows it.
    fn time<'l>(&self, line: &'l str, now: Timestamp) -> Option<(Timestamp, &'l str)> {
        if line.starts_with(|c: char| c.is_ascii_digit()) {
            let (time, rest) = line.split_once(' ')?;
            let at: jiff::Timestamp = time.parse().ok()?;
            return Some((at.into(), rest));
        }
        let (head, rest) = (line.get(..15)?, line.get(15..)?);
        let year = self.zone.to_datetime(now.to_jiff()).year();
        let of = |year: i16| {
            let text = format!("{year} {head}");
            let civil = DateTime::strptime("%Y %b %e %H:%M:%S", text).ok()?;
            let at = self.zone.to_timestamp(civil).ok()?;
            Some(Timestamp::from(at))
        };
        let ahead = |at: &Timestamp| at.millis_since(now) > AHEAD * 3_600_000;
        let at = of(year).filter(|at| !ahead(at)).or_else(|| of(year - 1))?;
        Some((at, rest))
    }
}

/// Whether it was taken. What the other server said comes behind this word, and may say anything.
fn is_sent(said: &str) -> bool {
    let status = said.split_once(", status=");
    status.is_some_and(|(_, status)| status.starts_with("sent "))
}

/// What stands in angle brackets behind this name.
fn field<'l>(said: &'l str, name: &str) -> Option<&'l str> {
    let place = match name.starts_with(',') {
        true => said.find(name)?,
        false => said.starts_with(name).then_some(0)?,
    };
    let rest = said.get(place + name.len()..)?.strip_prefix('<')?;
    // An address may hold a quoted '>', a Message-ID none; what follows is a comma, or nothing.
    let end = rest.find(">,").or_else(|| rest.rfind('>'))?;
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn read(text: &str, now: &str) -> Vec<Delivered> {
        let mut log = MtaLog::new(TimeZone::get("Europe/Paris").unwrap());
        let lines = text.lines();
        lines.filter_map(|l| log.line(l, at(now))).collect()
    }

    const LOG: &str = "Nov 28 22:44:25 mx postfix/smtpd[11]: 4cB05k1Zz9: client=localhost[127.0.0.1]
Nov 28 22:44:25 mx postfix/cleanup[12]: 4cB05k1Zz9: message-id=<step-3.anne@acme.example>
Nov 28 22:44:25 mx postfix/qmgr[13]: 4cB05k1Zz9: from=<claire@acme.example>, size=512, nrcpt=2 (queue active)
Nov 28 22:44:26 mx postfix/smtp[14]: 4cB05k1Zz9: to=<a@dune.example>, orig_to=<anne@dune.example>, relay=mx.dune.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)
Nov 28 22:44:27 mx postfix/smtp[14]: 4cB05k1Zz9: to=<bob@cliff.example>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (connect: status=sent is no word of ours)
Nov 28 22:44:27 mx dovecot[1]: lda: 4cB05k1Zz9: to=<bob@cliff.example>, status=sent (x)
Nov 28 22:45:27 mx postfix/smtp[14]: 4cB05k1Zz9: to=<bob@cliff.example>, relay=x, status=sent (250 Ok)
Nov 28 22:45:27 mx postfix/qmgr[13]: 4cB05k1Zz9: removed
Nov 28 22:45:28 mx postfix/smtp[14]: 4cB05k1Zz9: to=<carl@fels.example>, relay=x, status=sent (250 Ok)
";

    #[test]
    fn a_mail_is_put_together_by_its_queue_id() {
        let all = read(LOG, "2026-11-28T23:00:00Z");
        assert_eq!(all.len(), 3, "{all:?}");
        let first = &all[0];
        let to: Vec<&str> = first.to.iter().map(Address::as_str).collect();
        assert_eq!(to, ["a@dune.example", "anne@dune.example"]);
        assert_eq!(
            first.message_id.as_deref(),
            Some("step-3.anne@acme.example")
        );
        assert_eq!(first.from.as_deref(), Some("claire@acme.example"));
        assert_eq!(
            first.at,
            at("2026-11-28T21:44:26Z"),
            "in the zone of the machine"
        );
        assert_eq!(all[1].to[0].as_str(), "bob@cliff.example");
        // A queue id is used again after its mail is gone: nothing of the mail before belongs to it.
        assert_eq!((&all[2].message_id, &all[2].from), (&None, &None));
    }

    #[test]
    fn a_time_without_a_year_is_the_last_one_and_one_with_everything_is_taken_as_it_is() {
        let line = |time: &str| {
            format!(
                "{time} mx postfix/smtp[1]: A1: to=<a@b.example>, relay=x, status=sent (250 Ok)"
            )
        };
        let one = |time: &str, now: &str| read(&line(time), now).first().map(|d| d.at);
        let new_year = one("Dec 31 23:59:59", "2027-01-01T08:00:00Z");
        assert_eq!(new_year, Some(at("2026-12-31T22:59:59Z")));
        assert_eq!(
            one("Jan  1 00:00:01", "2027-01-01T08:00:00Z"),
            Some(at("2026-12-31T23:00:01Z"))
        );
        let full = one("2026-03-01T10:00:00.123456+02:00", "2027-01-01T08:00:00Z");
        assert_eq!(full, Some(at("2026-03-01T08:00:00.123456Z")));
        assert_eq!(one("Foo 31 23:59:59", "2027-01-01T08:00:00Z"), None);
        assert_eq!(read("", "2027-01-01T08:00:00Z"), []);
    }

    #[test]
    fn no_line_ends_the_reading() {
        let mut log = MtaLog::new(TimeZone::UTC);
        for end in 0..LOG.len() {
            if let Some(part) = LOG.get(end..) {
                let _ = log.line(part, at("2026-11-28T23:00:00Z"));
            }
        }
        for odd in [
            "Nov 28 22:44:25 é",
            "é",
            "]: : ",
            "Nov 28 22:44:26 mx postfix/smtp[1]: A: to=<>, status=sent (x)",
        ] {
            assert_eq!(log.line(odd, at("2026-11-28T23:00:00Z")), None, "{odd}");
        }
    }
}
