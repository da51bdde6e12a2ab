//! A letter that came by post: handed in as a scan, answered on paper, from and to files.

use crate::firm::Firm;
use crate::operator::{Said, ask};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const SCAN: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0 a photograph of a letter";

fn case(told: &Said) -> String {
    assert_eq!(told.code, Some(0), "{told:?}");
    let data: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    data["case"].as_str().unwrap().to_owned()
}

#[test]
fn a_scan_and_a_printed_letter_go_through_files_that_nobody_else_can_read() {
    let firm = Firm::new(9);
    let (file, register) = (&firm.file, firm.register());
    let import = ask(file, &["contacts", "import", register.to_str().unwrap()]);
    assert_eq!(import.code, Some(0), "{import:?}");
    assert_eq!(ask(file, &["activate", "review"]).code, Some(0));
    let scan = firm.path("letter.jpg");
    std::fs::write(&scan, SCAN).unwrap();
    let words = "requests new --kind stop --address p1@client1.example --received 2026-11-20 --channel letter --json";
    let mut new: Vec<&str> = words.split(' ').collect();
    new.extend(["--scan", scan.to_str().unwrap()]);
    for line in ["Mme Paule Numéro1", "12 rue des Lilas", "75011 Paris"] {
        new.extend(["--postal", line]);
    }
    let case = case(&ask(file, &new));

    let (back, page) = (firm.path("back.jpg"), firm.path("letter.html"));
    let to = |path: &Path| path.to_str().unwrap().to_owned();
    let given = ask(file, &["requests", "scan", &case, "--output", &to(&back)]);
    assert_eq!(given.code, Some(0), "{given:?}");
    assert_eq!(std::fs::read(&back).unwrap(), SCAN);
    let over = ask(file, &["requests", "scan", &case, "--output", &to(&back)]);
    assert!(
        over.code == Some(2) && over.err.contains("there already"),
        "{over:?}"
    );
    let missing = firm.path("missing.jpg");
    let second = ask(
        file,
        &[
            "requests",
            "scan",
            &case,
            "--number",
            "2",
            "--output",
            &to(&missing),
        ],
    );
    assert!(second.code != Some(0) && !missing.exists(), "{second:?}");

    let printed = ask(file, &["requests", "print", &case, "--output", &to(&page)]);
    assert!(
        printed.code == Some(0) && printed.out.contains("requests posted"),
        "{printed:?}"
    );
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(
        html.contains("Mme Paule Numéro1<br>") && html.contains(&case),
        "{html}"
    );
    for path in [&back, &page] {
        assert_eq!(
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let on = jiff::Timestamp::now()
        .in_tz("Europe/Paris")
        .unwrap()
        .date()
        .to_string();
    let posted = ask(file, &["requests", "posted", &case, "--on", &on]);
    assert!(
        posted.code == Some(0) && posted.out.contains("and closed"),
        "{posted:?}"
    );
}
