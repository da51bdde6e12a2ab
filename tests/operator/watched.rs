//! On the real road, Dovecot and Postfix: a complaint at night is told within the hour, and the owner of a contact hears that
//! the answer left.

use crate::commands::EVERYBODY;
use crate::firm::{Firm, MAILBOX};
use crate::operator::ask;
use crate::postfix::Postfix;
use jiff::{Timestamp, ToSpan};
use quitus::config::Config;
use quitus::mail::{self, Limits};
use quitus::service::{Clock, Daemon, Extras};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const REVIEW: &str = "[review]\nreviewers = [{ address = \"dpo@cabinet.example\", deputy = \"lea@cabinet.example\" }]\n\
    deputies = [\"lea@cabinet.example\"]\n\n[smtp]";

/// Subjects and texts of what Postfix delivered to this address.
fn mails(postfix: &Postfix, to: &str) -> Vec<(String, String)> {
    let read = |raw: Vec<u8>| {
        let text = String::from_utf8_lossy(&raw).into_owned();
        let delivered = text.lines().any(|l| l == format!("Delivered-To: {to}"));
        let message = mail::read(&raw, &Limits::default(), None, &()).ok()?;
        delivered.then(|| (message.subject.clone(), message.fresh.text.clone()))
    };
    postfix.letters(0).into_iter().filter_map(read).collect()
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        let waited = began.elapsed();
        assert!(
            waited < Duration::from_secs(60),
            "waited in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The next three in the morning of a Saturday in Paris, from now on: nobody is in the office.
fn at_night() -> Timestamp {
    let paris = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
    let mut day = paris.to_datetime(Timestamp::now()).date();
    while day.weekday() != jiff::civil::Weekday::Saturday {
        day = day.checked_add(1.day()).unwrap();
    }
    let night = |day: jiff::civil::Date| paris.to_timestamp(day.at(3, 0, 0, 0)).unwrap();
    match night(day) > Timestamp::now() {
        true => night(day),
        false => night(day.checked_add(7.days()).unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_at_night_is_told_within_the_hour_and_an_owner_that_the_answer_left() {
    let postfix = Postfix::start(None, EVERYBODY);
    let firm = Firm::new(postfix.port());
    firm.change("[smtp]", REVIEW);
    firm.change("enabled = false", "enabled = true");
    let register = firm.register();
    let csv = std::fs::read_to_string(&register).unwrap();
    let owned = csv.lines().enumerate().map(|(n, line)| match n {
        0 => format!("{line},owner\n"),
        _ => format!("{line},{MAILBOX}\n"),
    });
    std::fs::write(&register, owned.collect::<String>()).unwrap();
    for words in [
        vec!["contacts", "import", register.to_str().unwrap()],
        vec!["activate", "live"],
    ] {
        let said = ask(&firm.file, &words);
        assert_eq!(said.code, Some(0), "{words:?}: {said:?}");
    }
    let night = at_night();
    let system = Clock::system();
    let ahead = Arc::new(AtomicI64::new(
        night.as_second() - Timestamp::now().as_second(),
    ));
    let hands = ahead.clone();
    let extras = Extras {
        clock: Some(Clock::of(move || {
            system.now().plus_seconds(hands.load(Ordering::Relaxed))
        })),
        floor: Some(1 << 20),
        ..Extras::default()
    };
    let daemon = Daemon::start(Config::load(&firm.file).unwrap(), extras)
        .await
        .unwrap();
    let now = || daemon.office.clock.now().to_jiff();
    let complaint = "Encore un courriel de votre part et je dépose une plainte auprès de la CNIL.";
    firm.replied_at(3, complaint, now());
    firm.replied_at(4, "STOP", now());
    let open = |n: u64| daemon.status().unwrap().open_cases == n;
    until("both are read", || open(2)).await;
    // 59 minutes are not over.
    ahead.fetch_add(90, Ordering::Relaxed);
    until("the reviewer is told", || {
        !mails(&postfix, "dpo@cabinet.example").is_empty()
    })
    .await;
    let told = mails(&postfix, "dpo@cabinet.example");
    assert!(told[0].0.contains("plainte"), "{told:?}");
    assert!(
        !told[0].1.contains("p3@") && told[0].1.contains("requests show"),
        "{told:?}"
    );
    assert!(
        mails(&postfix, "p4@client4.example").is_empty(),
        "no letter at night"
    );
    // The complaint is looked at by nobody, so the deputy hears of it.
    ahead.fetch_add(4 * 3600, Ordering::Relaxed);
    until("the deputy is told", || {
        !mails(&postfix, "lea@cabinet.example").is_empty()
    })
    .await;
    assert_eq!(mails(&postfix, "dpo@cabinet.example").len(), 1, "once");
    // On Monday the letter leaves, and then its owner is told.
    ahead.fetch_add(3 * 86_400, Ordering::Relaxed);
    until("the letter leaves", || {
        !mails(&postfix, "p4@client4.example").is_empty()
    })
    .await;
    until("the owner is told", || !mails(&postfix, MAILBOX).is_empty()).await;
    let told = mails(&postfix, MAILBOX);
    assert_eq!(told.len(), 1, "{told:?}");
    let text = told[0].1.replace('\n', " ");
    assert!(text.contains("p…@c…4.example"), "{text}");
    assert!(text.contains("ne plus lui écrire"), "{text}");
    // Postfix has it a moment before the log says so.
    let noted = || daemon.status().unwrap().owner_notices.ended.sent == 1;
    until("that is written down", noted).await;
    daemon.end().await;
}
