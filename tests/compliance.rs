//! The papers for the firm's own file, as the command writes them: nothing is left empty, and what is missing is named.

use std::path::Path;
use std::process::{Command, Output};

const BARE: &str = "[controller]
name = 'Acme'
legal_name = 'Acme SAS'
address = '12 rue de la Paix, Paris'
privacy_email = 'privacy@acme.example'
[store]
path = 'store'
[smtp]
host = '127.0.0.1'
security = 'none'
[[mailbox]]
name = 'sales'
address = 'sales@acme.example'
imap = { host = '127.0.0.1', security = 'none', username = 'u', password = { env = 'P' } }
";
const PAPERS: [&str; 4] = ["record", "balancing", "staff", "figures"];

fn quitus(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quitus"))
        .args(["--config", "quitus.toml"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    let all = String::from_utf8(all).unwrap();
    assert_eq!(output.status.code(), Some(0), "{all}");
    all
}

fn firm(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("quitus.toml"), text).unwrap();
    folder
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("papers").join(name)).unwrap()
}

/// No field of a paper is empty: after a colon something stands, and no words of a template are left.
fn complete(paper: &str, text: &str) {
    // A long item goes on in lines that are moved in.
    let whole = text.replace("\n  ", " ");
    for line in whole.lines() {
        let said = line.trim_end();
        let empty = ["{{", "{%", "()", ": ;", " ,", "( "]
            .iter()
            .any(|bad| said.contains(bad));
        let open = said.starts_with("- ") && said.ends_with(':');
        assert!(!empty && !open, "{paper}: {line}");
    }
}

#[test]
fn a_firm_that_has_said_nothing_learns_in_every_paper_what_to_write_where() {
    let firm = firm(BARE);
    for (language, mark, phrase) in [
        (
            "fr",
            "PROJET pour votre conseil",
            "à compléter : [controller] dpo",
        ),
        (
            "en",
            "DRAFT for your counsel",
            "to complete: [controller] dpo",
        ),
    ] {
        let said = told(&quitus(
            firm.path(),
            &["compliance", "--output", "papers", "--language", language],
        ));
        assert!(
            said.contains("papers/record.html") && said.contains("left to complete"),
            "{said}"
        );
        for paper in PAPERS {
            let (text, page) = (
                read(firm.path(), &format!("{paper}.txt")),
                read(firm.path(), &format!("{paper}.html")),
            );
            complete(paper, &text);
            assert!(
                text.contains(mark) && page.contains(mark),
                "{paper}: {text}"
            );
            assert!(
                text.contains("- [processing] purpose\n"),
                "{paper} lists what is missing: {text}"
            );
            assert!(
                page.contains(&format!("<html lang=\"{language}\">"))
                    && page.contains("@media print")
            );
        }
        let record = read(firm.path(), "record.txt");
        assert!(
            record.contains(phrase) && record.contains("Acme SAS"),
            "{record}"
        );
        for setting in [
            "[controller] authority",
            "[processing] retention",
            "[processing] recipients",
            "[[provider]], [[origin]]",
            "[[sender]]",
        ] {
            assert!(record.contains(setting), "{setting}");
        }
        assert!(read(firm.path(), "figures.txt").contains("[store] path"));
    }
    assert!(!firm.path().join("store").exists(), "a look makes no store");
}

#[test]
fn what_the_configuration_says_stands_in_the_papers_in_their_language() {
    let firm = firm(&std::fs::read_to_string("config/quitus.toml").unwrap());
    told(&quitus(
        firm.path(),
        &["compliance", "--output", "papers", "--language", "en"],
    ));
    let record = read(firm.path(), "record.txt");
    let flat = record.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Purpose: business prospecting (Relais)",
        "Recipients: HubSpot and Dropcontact",
        "Categories of data: e-mail address, name, job title and",
        "Dropcontact (campaigns: relais-2026*)",
        "the CNIL (France)",
        "texts of messages 1095 days after the case is closed, proof 1825 days",
        "Transfers out of the European Economic Area: none",
    ] {
        assert!(flat.contains(said), "{said}\nis missing in\n{record}");
    }
    assert!(!flat.contains("to complete: [processing] purpose"));
    told(&quitus(
        firm.path(),
        &["compliance", "--output", "papers", "--language", "fr"],
    ));
    let record = read(firm.path(), "record.txt");
    assert!(
        record.contains("prospection commerciale auprès de professionnels"),
        "{record}"
    );
    let balancing = read(firm.path(), "balancing.txt");
    assert!(
        balancing.contains("FR") && !balancing.contains("AT"),
        "{balancing}"
    );
}

#[test]
fn the_figures_are_those_of_the_store_and_of_the_year() {
    let firm = firm(BARE);
    std::fs::write(
        firm.path().join("contacts.csv"),
        "email\nanne@dune.example\n",
    )
    .unwrap();
    told(&quitus(
        firm.path(),
        &["contacts", "import", "contacts.csv"],
    ));
    for (kind, address, received) in [
        ("access,stop", "anne@dune.example", "2026-10-20"),
        ("stop", "bert@dune.example", "2026-10-21"),
        ("access", "carl@dune.example", "2025-10-20"),
    ] {
        let new = [
            "requests",
            "new",
            "--kind",
            kind,
            "--address",
            address,
            "--received",
            received,
            "--channel",
            "phone",
            "--note",
            "called",
        ];
        told(&quitus(firm.path(), &new));
    }
    let figures = |year: &str| {
        told(&quitus(
            firm.path(),
            &[
                "compliance",
                "--output",
                "papers",
                "--language",
                "en",
                "--year",
                year,
            ],
        ));
        read(firm.path(), "figures.txt")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let this = figures("2026");
    for said in [
        "- objection to marketing: 2 received, of which 0 closed within the legal time",
        "- access to your data: 1 received, of which 0 closed within the legal time",
        "People who must not be written to: 2",
        "People paused: 1",
        "Contacts in the register: 1",
    ] {
        assert!(this.contains(said), "{said}\nis missing in\n{this}");
    }
    let before = figures("2025");
    assert!(
        before.contains(
            ": 1 received, of which 0 closed within the legal time, 0 later, 0 open, 1 overdue"
        ),
        "{before}"
    );
    assert!(figures("2024").contains("- none"));
    // Counted through the store that was opened for it; nobody is named.
    for paper in PAPERS {
        assert!(
            !read(firm.path(), &format!("{paper}.txt")).contains("dune.example"),
            "{paper}"
        );
    }
}

#[test]
fn the_writers_guide_names_every_variable_of_the_papers() {
    let guide = include_str!("../templates/README.md");
    let papers = guide
        .split("## The papers for the firm's own file")
        .nth(1)
        .unwrap();
    for name in quitus::answer::compliance_variables() {
        assert!(papers.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn a_firm_writes_its_own_papers_and_slips_of_the_pen_are_told() {
    let firm = firm(&format!("{BARE}[templates]\npath = 'templates'\n"));
    let own = firm.path().join("templates/fr/compliance");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(
        own.join("staff.txt"),
        "PROJET\n\nChez nous : {{ mailboxes | list }}.\n",
    )
    .unwrap();
    told(&quitus(
        firm.path(),
        &["compliance", "--output", "papers", "--language", "fr"],
    ));
    assert!(read(firm.path(), "staff.txt").contains("Chez nous : sales@acme.example."));
    for (file, text, wrong) in [
        ("staff.txt", "PROJET {{ mailboxs }}", "mailboxs"),
        ("staff.txt", "Chez nous", "does not say that it is a draft"),
        ("staf.txt", "PROJET", "no letter is made from"),
    ] {
        std::fs::write(own.join(file), text).unwrap();
        let refused = quitus(firm.path(), &["check"]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains(wrong) && said.contains(file), "{said}");
        std::fs::remove_file(own.join(file)).unwrap();
    }
}
