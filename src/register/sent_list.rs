//! Reads what a sending tool says it has sent: Message-ID, recipients, time; for firms whose tool keeps no Sent folder.
//!
//! A row is one mail, or one recipient of a mail. The columns may stand in any order and be named as tools name them;
//! a subject or campaign is read over, because nothing of it is kept (design.md, What was sent). Every mistake of the
//! header is told at once; a bad row is a [`Fault`] with its line, and the rest goes on.

use super::columns::{Column, bare};
use super::import::{ImportError, Opened, opened};
use crate::record::{Address, Fault, Timestamp};
use jiff::civil;
use std::io::Read;

/// A mail may have said to answer this many others.
const ANSWERS: usize = 20;
/// A Message-ID may have this many octets (RFC 5322, section 2.1.1: a line).
const LONGEST_ID: usize = 996;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    MessageId,
    To,
    Date,
    InReplyTo,
    Text,
    Other,
}

/// The columns that a list must have, and the name that we propose.
const NEEDED: [(Kind, &str, &str); 3] = [
    (Kind::MessageId, "message_id", "the Message-ID of the mail"),
    (Kind::To, "to", "the address that it was sent to"),
    (Kind::Date, "date", "the time at which it was sent"),
];

const HEADERS: &[(Kind, &str)] = &[
    (
        Kind::MessageId,
        "messageid msgid idmessage internetmessageid rfcmessageid emailmessageid smtpmessageid",
    ),
    (
        Kind::To,
        "to recipient recipients toemail recipientemail toaddress cc destinataire destinataires empfanger destinatario destinatarios destinatari ontvanger para an aan",
    ),
    (
        Kind::Date,
        "sentat sentdate datesent senton senttime sendtime sendat timestamp datetime dateenvoi datedenvoi envoyele sendedatum versanddatum gesendetam fechaenvio fechadeenvio datainvio datadiinvio verzonden verzondenop datadeenvio enviadoem",
    ),
    (Kind::InReplyTo, "inreplyto references"),
    (Kind::Text, "text plaintext textbody bodytext texte"),
];

impl Kind {
    fn of_header(header: &str) -> Self {
        let name = bare(header);
        let known = HEADERS
            .iter()
            .find(|(_, all)| all.split(' ').any(|h| h == name));
        match (known, Column::of_header(header)) {
            (Some((kind, _)), _) => *kind,
            (None, Column::Email) => Self::To,
            (None, Column::Date) => Self::Date,
            _ => Self::Other,
        }
    }
}

/// One row.
#[derive(Clone, PartialEq, Debug)]
pub struct SentLine {
    /// Without angle brackets.
    pub message_id: String,
    /// To and Cc; at least one.
    pub to: Vec<Address>,
    /// When it was sent.
    pub at: Timestamp,
    /// The Message-IDs that it answers.
    pub answers: Vec<String>,
    /// Its words, if the list has them.
    pub text: String,
}

/// How the times of a list are understood.
#[derive(Clone, Debug)]
pub struct Times {
    /// For times that name none: the controller's.
    pub zone: jiff::tz::TimeZone,
    /// A mail cannot have been sent later.
    pub latest: Timestamp,
}

/// Reads a list whole: what it holds, and each row that cannot be read, by its line.
///
/// # Errors
/// If the list cannot be read, or a column is missing or there twice: all of that at once.
pub fn read_sent(
    file: &str,
    source: impl Read,
    times: &Times,
) -> Result<(Vec<SentLine>, Vec<Fault>), ImportError> {
    let Opened { mut rows, .. } = opened(source)?;
    let header = rows.headers()?.clone();
    let kinds: Vec<Kind> = header.iter().map(Kind::of_header).collect();
    let wrong = header_faults(file, &header, &kinds);
    if !wrong.is_empty() {
        return Err(ImportError::Columns(wrong));
    }
    let (mut mails, mut faults) = (Vec::new(), Vec::new());
    let mut record = csv::StringRecord::new();
    loop {
        let (line, what, fix) = match rows.read_record(&mut record) {
            Ok(false) => return Ok((mails, faults)),
            Ok(true) => match line_of(&kinds, &record, times) {
                Ok(mail) => {
                    mails.push(mail);
                    continue;
                }
                Err((what, fix)) => (rows.get_ref().line(record.position()), what, fix),
            },
            Err(e) if matches!(e.kind(), csv::ErrorKind::Io(_)) => return Err(e.into()),
            Err(e) => {
                let line = rows.get_ref().line(e.position());
                let fault = fault(file, line, e.to_string(), "write it as a row");
                faults.push(fault);
                continue;
            }
        };
        faults.push(fault(file, line, what, fix));
    }
}

fn fault(file: &str, line: u64, what: String, fix: &str) -> Fault {
    let mut fault = Fault::of_file(file, what, fix);
    fault.line = usize::try_from(line).unwrap_or(0);
    fault
}

fn header_faults(file: &str, header: &csv::StringRecord, kinds: &[Kind]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut tell = |what: String, fix: String| {
        let mut fault = Fault::of_file(file, what, fix);
        fault.line = 1;
        faults.push(fault);
    };
    for (kind, name, meaning) in NEEDED {
        let same = kinds.iter().zip(header.iter()).filter(|(k, _)| **k == kind);
        let named: Vec<&str> = same.map(|(_, name)| name).collect();
        if named.is_empty() {
            tell(
                format!("no column holds {meaning}"),
                format!("export it too, or name its column {name}"),
            );
        }
        // Several columns of recipients are To and Cc.
        if named.len() > 1 && kind != Kind::To {
            tell(
                format!("{} may each be {meaning}", named.join(" and ")),
                format!("name the right one {name}, and take the other out"),
            );
        }
    }
    faults
}

/// What is wrong, and what to do.
type Wrong = (String, &'static str);

fn line_of(kinds: &[Kind], record: &csv::StringRecord, times: &Times) -> Result<SentLine, Wrong> {
    let (mut id, mut at) = (None, None);
    let (mut to, mut answers, mut text) = (Vec::new(), Vec::new(), String::new());
    for (kind, value) in kinds.iter().zip(record.iter()) {
        match kind {
            _ if value.is_empty() => {}
            Kind::MessageId => id = Some(message_id(value)?),
            Kind::To => addresses(value, &mut to)?,
            Kind::Date => at = Some(sent_at(value, times)?),
            Kind::InReplyTo => {
                let ids = value.split([' ', '\t', '\r', '\n', ',']);
                let ids = ids.filter_map(|id| message_id(id).ok());
                answers.extend(ids.take(ANSWERS));
            }
            Kind::Text => value.clone_into(&mut text),
            Kind::Other => {}
        }
    }
    let missing = |what: &str| {
        (
            format!("there is no {what}"),
            "fill it in, or remove the row",
        )
    };
    if to.is_empty() {
        return Err(missing("recipient"));
    }
    Ok(SentLine {
        message_id: id.ok_or_else(|| missing("Message-ID"))?,
        at: at.ok_or_else(|| missing("date"))?,
        to,
        answers,
        text,
    })
}

/// RFC 5322, section 3.6.4, as loosely as mail is written: something, an at sign, something.
fn message_id(value: &str) -> Result<String, Wrong> {
    let id = value.trim().trim_start_matches('<').trim_end_matches('>');
    let sides = id.split_once('@');
    let whole = sides.is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
    let visible = id.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if !whole || !visible || id.len() > LONGEST_ID || id.contains(['<', '>']) {
        return Err((
            format!("\"{}\" is no Message-ID", shown(value)),
            "export the header Message-ID of the mail, as in <1234@mail.example.org>; a tool's own number is not enough",
        ));
    }
    Ok(id.to_owned())
}

fn addresses(value: &str, to: &mut Vec<Address>) -> Result<(), Wrong> {
    for one in value.split([';', ',', ' ', '\t']).filter(|a| !a.is_empty()) {
        let address = Address::parse(one).map_err(|e| {
            let what = format!("\"{}\" is no address: {e}", shown(one));
            (
                what,
                "write addresses only, without names, apart by semicolons",
            )
        })?;
        if !to.contains(&address) {
            to.push(address);
        }
    }
    Ok(())
}

/// At most 40 characters of a value.
fn shown(value: &str) -> String {
    value.chars().take(40).collect()
}

fn sent_at(value: &str, times: &Times) -> Result<Timestamp, Wrong> {
    let Some(at) = moment(value, &times.zone) else {
        return Err((
            format!("\"{}\" cannot be read as a time", shown(value)),
            "write it as 2026-11-20T14:03:00+01:00, or 2026-11-20 14:03 or 20/11/2026 14:03 (day before month) in the controller's time zone",
        ));
    };
    if at > times.latest {
        return Err((
            format!("\"{}\" lies in the future", shown(value)),
            "correct it: was the day before the month, or the other way round?",
        ));
    }
    Ok(at)
}

/// A time as tools write it. One without a zone is in `zone`; a day without an hour is its first moment, so that a mail
/// of the morning is never taken for one after the STOP of the same day.
fn moment(value: &str, zone: &jiff::tz::TimeZone) -> Option<Timestamp> {
    let value = value.trim();
    if let Ok(at) = value.parse::<jiff::Timestamp>() {
        return Some(at.into());
    }
    if let Ok(at) = jiff::fmt::rfc2822::parse(value) {
        return Some(at.timestamp().into());
    }
    if value.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = value.parse().ok()?;
        return match value.len() {
            10 => Some(Timestamp::from_seconds(number)),
            13 => Some(Timestamp::from_millis(number)),
            _ => None,
        };
    }
    let (zone, local) = match value.strip_suffix(" UTC") {
        Some(local) => (&jiff::tz::TimeZone::UTC, local),
        None => (zone, value),
    };
    let (day, hour) = local.split_once([' ', 'T']).unwrap_or((local, "00:00"));
    let day = super::fields::day(day)?;
    let hour: civil::Time = hour.trim().parse().ok()?;
    let at = zone.to_timestamp(day.to_datetime(hour)).ok()?;
    Some(at.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_tools_write_them_and_nothing_is_guessed() {
        let paris = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let read = |value: &str| moment(value, &paris).map(|t| t.to_string());
        for value in [
            "2026-11-20T13:03:00Z",
            "2026-11-20T14:03:00+01:00",
            "2026-11-20 14:03:00+01:00",
            "2026-11-20 14:03",
            "2026-11-20T14:03:00",
            "20/11/2026 14:03",
            "20.11.2026 14:03:00",
            "2026-11-20 13:03:00 UTC",
            "Fri, 20 Nov 2026 14:03:00 +0100",
            "1795179780",
            "1795179780000",
        ] {
            assert_eq!(
                read(value).as_deref(),
                Some("2026-11-20T13:03:00Z"),
                "{value}"
            );
        }
        assert_eq!(read("2026-11-20").as_deref(), Some("2026-11-19T23:00:00Z"));
        for value in [
            "11/20/2026 2:03 PM",
            "20/11/26",
            "yesterday",
            "20261120",
            "",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
