//! What has the right shape and can be meant by nobody: a 0 that erases every proof, a port that speaks otherwise than the line
//! beside it says, a country that is none, letters that would say that nobody receives data.
//!
//! A daemon would run with each of these, and do harm in silence. What somebody may mean all the same is no mistake: `notes`.

use super::Document;
use std::collections::BTreeMap;
use std::ops::Range;

/// Settings that must not be 0: where they stand, what it would do, what to do.
const NEVER_ZERO: &[(&[&str], &str, &str)] = &[
    (
        &["retention", "content_days"],
        "after 0 days what people wrote is erased at the next round, before anybody could look at it again",
        "write for how many days it is kept, as in 1095",
    ),
    (
        &["retention", "proof_days"],
        "after 0 days every proof is erased at the next round, and nobody can show that a request was answered",
        "write for how many days proofs are kept, as in 1825",
    ),
    (&["policy", "caps", "person_kind_week"], HELD, RELEASE),
    (&["policy", "caps", "person_day"], HELD, RELEASE),
    (&["policy", "caps", "domain_day"], HELD, RELEASE),
    (&["policy", "caps", "case"], HELD, RELEASE),
    (&["policy", "thresholds", "stop"], SURE, DOUBT),
    (&["policy", "thresholds", "source"], SURE, DOUBT),
    (&["policy", "thresholds", "access"], SURE, DOUBT),
    (&["policy", "thresholds", "erasure"], SURE, DOUBT),
];

const HELD: &str = "with a cap of 0 every letter waits for a human";
const RELEASE: &str =
    "write at least 1; whoever wants to release each letter writes stop = \"review\" in [policy]";
const SURE: &str = "with a threshold of 0 a mere suspicion counts as certain";
const DOUBT: &str = "write a number such as 0.7";

/// A letter that leaves later than this is no prompt answer (Art. 12(3) GDPR leaves a month for all of it).
const LONGEST_DELAY: u64 = 7 * 24 * 60;

/// Every mistake of the kind, wherever the text has others.
pub fn judge(doc: &mut Document) {
    for (path, what, fix) in NEVER_ZERO {
        if doc.peek::<f64>(path) == Some(0.0) {
            doc.fault(doc.place(path), format!("{}: {what}", path.join(".")), fix);
        }
    }
    delay(doc);
    store(doc);
    ranges(doc);
    countries(doc);
    ports(doc);
    recipients(doc);
}

fn delay(doc: &mut Document) {
    let path = ["policy", "delay_minutes"];
    if let Some(minutes) = doc.peek(&path).filter(|m: &u64| *m > LONGEST_DELAY) {
        let days = minutes / (24 * 60);
        doc.fault(
            doc.place(&path),
            format!("letters would leave {days} days after the message came"),
            format!("write minutes, as in 15, at most {LONGEST_DELAY}"),
        );
    }
}

fn store(doc: &mut Document) {
    let path = ["store", "path"];
    if (doc.peek(&path)).is_some_and(|text: String| text.trim().is_empty()) {
        doc.fault(
            doc.place(&path),
            "the path is empty: log and keys would lie beside this file",
            "write path = \"/var/lib/quitus\"",
        );
    }
}

/// Numbers that no clock and no memory can follow: they would end a part of the daemon, or make a good index look damaged.
fn ranges(doc: &mut Document) {
    let own = |path: &[&str]| -> Vec<String> { path.iter().map(|s| (*s).to_owned()).collect() };
    let mut all: Vec<(Vec<String>, u64, u64)> = vec![
        (own(&["store", "index_cache_mib"]), 1, 1 << 20),
        (own(&["store", "ballast_mib"]), 0, 1 << 20),
        (own(&["store", "free_space_floor_mib"]), 0, 1 << 30),
        (own(&["canary", "imap", "timeout_seconds"]), 0, 3600),
    ];
    let numbers = (0..).map(|n: usize| n.to_string());
    for n in numbers.take_while(|n| doc.has(&["mailbox", n.as_str()])) {
        all.push((own(&["mailbox", &n, "poll_seconds"]), 0, 24 * 3600));
        all.push((own(&["mailbox", &n, "imap", "timeout_seconds"]), 0, 3600));
    }
    for (path, least, most) in all {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let number = doc.peek::<u64>(&path);
        let Some(number) = number.filter(|n| !(least..=most).contains(n)) else {
            continue;
        };
        let name = path.last().copied().unwrap_or_default();
        doc.fault(
            doc.place(&path),
            format!("{name}: nobody can mean {number}"),
            format!("write a number from {least} to {most}, or leave it out"),
        );
    }
}

/// The countries of ISO 3166-1, and Kosovo, which uses XK.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF \
    GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW \
    KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL \
    NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST \
    SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Whose rules apply to a country, by its code; what stands behind them is the policy's.
type Rules = BTreeMap<String, serde::de::IgnoredAny>;

/// Holidays and rules of a country that is none are those of nobody. What is no two capital letters is told by the policy.
fn countries(doc: &mut Document) {
    if let Some(code) = doc.peek::<String>(&["controller", "country"]) {
        let place = doc.place(&["controller", "country"]);
        country(doc, place, &code);
    }
    let rules: Option<Rules> = doc.peek(&["policy", "countries"]);
    for code in rules.unwrap_or_default().keys() {
        let place = doc.place(&["policy", "countries", code]);
        country(doc, place, code);
    }
}

fn country(doc: &mut Document, place: Range<usize>, code: &str) {
    let shaped = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    if !shaped || COUNTRIES.split_ascii_whitespace().any(|c| c == code) {
        return;
    }
    let fix = match code {
        "UK" => "write GB: that is the United Kingdom in ISO 3166-1",
        "EL" => "write GR: that is Greece in ISO 3166-1",
        _ => "write its two capital letters (ISO 3166-1), as in FR",
    };
    doc.fault(place, format!("\"{code}\" is no country"), fix);
}

/// Ports on which TLS is spoken from the first octet (RFC 8314), and those that begin in clear text, with the other of each.
const TLS_PORTS: [(u64, u64); 2] = [(465, 587), (993, 143)];

/// A well-known port says how its server begins.
fn ports(doc: &mut Document) {
    let mut places: Vec<Vec<String>> = (0..)
        .map(|n: usize| vec!["mailbox".to_owned(), n.to_string(), "imap".to_owned()])
        .take_while(|path| doc.has(&[path[0].as_str(), path[1].as_str()]))
        .collect();
    for path in [&["smtp"][..], &["canary", "imap"], &["canary", "smtp"]] {
        places.push(path.iter().map(|s| (*s).to_owned()).collect());
    }
    for section in places {
        let of = |key| {
            let steps = section.iter().map(String::as_str);
            steps.chain([key]).collect::<Vec<&str>>()
        };
        let Some(port) = doc.peek::<u64>(&of("port")) else {
            continue;
        };
        let security: Option<String> = doc.peek(&of("security"));
        let begins_with_tls = match security.as_deref() {
            None | Some("tls") => true,
            Some("starttls") => false,
            _ => continue,
        };
        let place = doc.place(&of("port"));
        for (tls, clear) in TLS_PORTS {
            if begins_with_tls && port == clear {
                doc.fault(
                    place.clone(),
                    format!("port {clear} begins in clear text, and security = \"tls\" does not"),
                    format!("write security = \"starttls\", or port = {tls}"),
                );
            } else if !begins_with_tls && port == tls {
                doc.fault(
                    place.clone(),
                    format!("port {tls} begins with TLS, and security = \"starttls\" does not"),
                    format!("write security = \"tls\", or port = {clear}"),
                );
            }
        }
    }
}

/// Letters that say "recipients: none" beside blocks that name some are untrue (Art. 15(1)(c) GDPR, CJEU C-154/21).
fn recipients(doc: &mut Document) {
    let path = ["processing", "recipients"];
    if doc.peek::<Vec<String>>(&path).is_none_or(|r| !r.is_empty()) {
        return;
    }
    let mut named: Vec<String> = all(doc, "recipient", |_, _| true);
    named.extend(all(doc, "sender", is_elsewhere));
    // Who follows our instructions got data to work on; a fair or a page that they were taken from got none.
    named.extend(all(doc, "provider", |doc, n| {
        doc.peek::<String>(&["provider", n, "role"]).as_deref() == Some("processor")
    }));
    if !named.is_empty() {
        doc.fault(
            doc.place(&path),
            format!(
                "letters would say that nobody receives data, and these do: {}",
                named.join(", ")
            ),
            "name them as letters shall, or remove the line: then letters that must name them wait for a human",
        );
    }
}

/// The names of an array of tables, as far as they are meant.
fn all(doc: &Document, array: &str, meant: impl Fn(&Document, &str) -> bool) -> Vec<String> {
    let numbers = (0..).map(|n: usize| n.to_string());
    let there = numbers.take_while(|n| doc.has(&[array, n]));
    there
        .filter(|n| meant(doc, n))
        .filter_map(|n| doc.peek(&[array, &n, "name"]))
        .collect()
}

/// Whether a tool that sends is somebody else's: a program, a file and clear text stay on this machine.
fn is_elsewhere(doc: &Document, n: &str) -> bool {
    let url = |path: &[&str]| doc.peek::<String>(path);
    let base = url(&["sender", n, "base"]).or_else(|| url(&["sender", n, "webhook", "url"]));
    let local = ["command", "drop"];
    let here = local.iter().any(|key| doc.has(&["sender", n, key]));
    !here && base.is_none_or(|url| !url.starts_with("http://"))
}
