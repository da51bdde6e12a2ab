//! What was sent: a mail of ours after a STOP is an incident that somebody must look at; orders by hand keep who and why.

use crate::firm::{self, Firm};
use crate::operator::{Running, ask, until};
use jiff::{SignedDuration, Timestamp};

#[test]
fn a_mail_in_sent_after_a_stop_is_one_incident_until_somebody_has_looked() {
    let firm = Firm::new(1);
    let file = &firm.file;
    let register = firm.register();
    ask(file, &["contacts", "import", register.to_str().unwrap()]);
    let whom = "p1@client1.example";
    let why = "asked by telephone on Monday";
    let added = ask(file, &["suppression", "add", whom, "--reason", why]);
    assert_eq!(added.code, Some(0), "{added:?}");
    let checked = ask(file, &["suppression", "check", whom]);
    assert!(checked.out.contains(why), "{checked:?}");

    let daemon = Running::start(file);
    let at = Timestamp::now() + SignedDuration::from_secs(2);
    let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let mail = format!(
        "Date: {date}\r\nFrom: {0}\r\nTo: {whom}\r\nSubject: Le carnet\r\nMessage-ID: <again@ateliervauban.example>\r\n\r\n\
         Bonjour, avez-vous une minute ?\r\n",
        firm::MAILBOX
    );
    firm.deliver(".Sent", &mail, at);
    // A second copy of the same mail is the same incident.
    firm.deliver(".Sent", &mail, at);
    until(file, "both copies are read", |s| {
        s["mails_after_stop"] == 1 && s["sent_mails"] == 1
    });
    let told = ask(file, &["status"]);
    assert!(
        told.code == Some(1)
            && told.out.contains("INCIDENT")
            && told.out.contains("→ quitus incidents list"),
        "{told:?}"
    );
    let list = ask(file, &["incidents", "list", "--json"]);
    assert_eq!(list.code, Some(1), "{list:?}");
    let data: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    assert_eq!(data.as_array().unwrap().len(), 1, "{list:?}");
    let id = data[0]["id"].as_str().unwrap();
    let found = "the sequencer was told";
    let empty = ask(file, &["incidents", "seen", id, "--reason", " "]);
    assert_eq!(empty.code, Some(2), "{empty:?}");
    let seen = ask(file, &["incidents", "seen", id, "--reason", found]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let list = ask(file, &["incidents", "list"]);
    assert!(list.code == Some(0) && list.out.contains(found), "{list:?}");
    // The same mail in the sending tool's export is the same mail.
    let export = file.with_file_name("export.csv");
    let row = format!("<again@ateliervauban.example>,{whom},{at}");
    std::fs::write(&export, format!("message_id,to,date\n{row}\n")).unwrap();
    let known = ask(file, &["sent", "import", export.to_str().unwrap()]);
    let said = "0 mails stored, 1 known already; 0 rows refused";
    assert!(
        known.code == Some(0) && known.out.contains(said),
        "{known:?}"
    );
    // What somebody has looked at waits for nobody.
    let after = ask(file, &["status"]);
    assert!(!after.out.contains("INCIDENT"), "{after:?}");
    daemon.end();
}
