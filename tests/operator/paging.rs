//! Whoever follows the last line of each page has seen the whole list, with a daemon and without.

use crate::firm::Firm;
use crate::operator::{Running, ask};

/// The lines of all pages, following what each says.
fn followed(firm: &Firm, first: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = first.iter().map(|w| (*w).to_owned()).collect();
    let mut lines = Vec::new();
    loop {
        let said = ask(
            &firm.file,
            &words.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        assert_eq!(said.code, Some(0), "{said:?}");
        let (more, shown): (Vec<&str>, Vec<&str>) =
            said.out.lines().partition(|l| l.contains("--after"));
        lines.extend(shown.iter().map(|l| (*l).to_owned()));
        match more.first() {
            None => return lines,
            Some(more) => {
                let command = more.split("quitus ").nth(1).unwrap();
                words = command.split(' ').map(str::to_owned).collect();
            }
        }
    }
}

#[test]
fn the_last_line_of_a_page_is_the_command_for_the_next() {
    let firm = Firm::new(1);
    let list: String = (0..9).map(|n| format!("p{n}@client.example\n")).collect();
    let list = firm.write("stops.txt", &list);
    ask(
        &firm.file,
        &["suppression", "import", list.to_str().unwrap()],
    );
    let people = |lines: Vec<String>| {
        let mut all: Vec<String> = lines
            .into_iter()
            .filter(|l| l.starts_with("person"))
            .collect();
        let shown = all.len();
        all.dedup();
        (shown, all.len())
    };
    let command = ["suppression", "list", "--limit", "4"];
    assert_eq!(people(followed(&firm, &command)), (9, 9));
    let daemon = Running::start(&firm.file);
    assert_eq!(people(followed(&firm, &command)), (9, 9));
    let export = followed(&firm, &["suppression", "export", "--limit", "4"]);
    assert_eq!(export.iter().filter(|l| l.contains(",person,")).count(), 9);
    let log = followed(&firm, &["log", "--after", "0", "--limit", "1"]);
    let of = |word: &str| log.iter().filter(|l| l.contains(word)).count();
    assert_eq!(
        (of("is suppressed:"), of("began to write")),
        (9, 1),
        "{log:?}"
    );
    let zero = ask(&firm.file, &["requests", "list", "--limit", "0"]);
    assert_eq!(zero.code, Some(2), "{zero:?}");
    daemon.end();
}
