//! Letters as data: each folder of tests/cases/letters holds facts and the letter that they make, word for word.
//!
//! A folder is LANGUAGE-PART[+PART][-VARIANT]. `BLESS=1 cargo test --test answer` writes the letters anew, after somebody
//! changed a template on purpose; read the difference before committing it. A folder with only `facts.json` is blessed too.

use proptest::prelude::*;
use quitus::answer::*;
use quitus::record::{Address, Language, Timestamp};
use std::fs;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/letters");
    let mut all: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .collect();
    all.sort();
    assert!(!all.is_empty(), "no cases in tests/cases/letters");
    all
}

fn parts_of(case: &Path) -> Vec<Part> {
    let name = case.file_name().unwrap().to_str().unwrap();
    let parts = name.split('-').nth(1).unwrap();
    parts.split('+').map(|p| p.parse().unwrap()).collect()
}

fn templates() -> Templates {
    Templates::builtin().unwrap_or_else(|f| panic!("{f:#?}"))
}

#[test]
fn letters_read_word_for_word_as_they_were_blessed() {
    let (templates, bless) = (templates(), std::env::var_os("BLESS").is_some());
    let mut wrong = Vec::new();
    for case in cases() {
        let facts = fs::read_to_string(case.join("facts.json")).unwrap();
        let facts: LetterFacts = serde_json::from_str(&facts).unwrap();
        let parts = parts_of(&case);
        let letter = compose(&templates, &parts, &facts).unwrap();
        assert_eq!(lint(&letter, &facts, &parts), [], "{}", case.display());
        let subject = format!("{}\n", letter.subject);
        let files = [
            ("subject.txt", &subject),
            ("body.txt", &letter.text),
            ("body.html", &letter.html),
        ];
        for (file, written) in files {
            let path = case.join(file);
            if bless {
                fs::write(&path, written).unwrap();
            }
            let blessed = fs::read_to_string(&path).unwrap_or_default();
            if &blessed != written {
                let diff = similar::TextDiff::from_lines(&blessed, written);
                wrong.push(format!("{}\n{}", path.display(), diff.unified_diff()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nBLESS=1 writes them anew",
        wrong.join("\n")
    );
}

/// One template of a set, spoilt, and what a writer is told.
fn told(path: &str, text: &str) -> String {
    let source = Source {
        path: path.to_owned(),
        file: format!("my/{path}"),
        text: text.to_owned(),
    };
    let faults = Templates::compile(&[source]).err().unwrap_or_default();
    let all: Vec<_> = faults.iter().map(ToString::to_string).collect();
    all.join("\n")
}

#[test]
fn a_misspelt_variable_is_found_where_it_stands_even_in_a_branch() {
    assert_eq!(
        told(
            "fr/parts/greeting.txt",
            "Bonjour\n{% if person.salutaton %}x{% endif %},\n"
        ),
        "my/fr/parts/greeting.txt:2:7: there is no variable `person.salutaton`\n  → did you mean `person.salutation`?"
    );
    assert_eq!(
        told(
            "fr/parts/origins.txt",
            "{% for o in origins %}{{ o.dat }}{% endfor %}"
        ),
        "my/fr/parts/origins.txt:1:26: there is no variable `o.dat`\n  → did you mean `o.data`?"
    );
}

#[test]
fn a_missing_include_an_unknown_filter_and_a_slip_of_syntax_are_told_with_their_place() {
    assert_eq!(
        told(
            "fr/stop/body.txt",
            "Bonjour,\n{% include \"fr/parts/stopp.txt\" %}\n"
        ),
        "my/fr/stop/body.txt:2:12: Unknown template `fr/parts/stopp.txt`\n  → did you mean \"fr/parts/stop.txt\"?"
    );
    assert_eq!(
        told("fr/stop/body.txt", "{{ case.received_on | jour }}"),
        "my/fr/stop/body.txt:1:23: Unknown filter `jour`\n  → the filters of letters are date, list, either, words, reply, page"
    );
    let syntax = told("fr/stop/body.txt", "Bonjour,\n{{ person.address }\n");
    assert!(syntax.starts_with("my/fr/stop/body.txt:2:"), "{syntax}");
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        file: path.to_owned(),
        text: text.to_owned(),
    };
    let faults = Templates::compile(&[
        source("fr/parts/stop.txt", "{{ nme }} {{ case.refrence }}"),
        source("fr/parts/closing.txt", "{% if %}"),
        source("fr/stop/letter.txt", "x"),
        source("fr/notes.doc", "x"),
    ]);
    assert_eq!(faults.unwrap_err().len(), 5);
}

#[test]
fn a_template_that_claims_what_is_not_proved_does_not_load() {
    let told = told(
        "fr/parts/source.txt",
        "{% include \"fr/parts/origins.txt\" %}\n\n{{ processing.why }}. Dropcontact est conforme au RGPD. Vous ne recevrez plus de message.",
    );
    assert!(
        told.contains("claim (text): \"conforme au rgpd\""),
        "{told}"
    );
    assert!(
        told.contains("\"ne recevrez plus\" is said, but not proved"),
        "{told}"
    );
}

#[test]
fn a_mistake_is_told_once_and_of_the_file_that_the_firm_wrote() {
    for (path, text) in [
        (
            "fr/parts/stop.txt",
            "{{ controller.name }} ne vous enverra plus de prospection.\n",
        ),
        ("fr/stop/subject.txt", "\n"),
        ("fr/stop/body.html", "<p>Bonjour</p>\n"),
    ] {
        let told = told(path, text);
        let lines: Vec<&str> = told.lines().filter(|l| !l.starts_with("  →")).collect();
        assert!(!lines.is_empty(), "{path}");
        let mine = format!("my/{path}:");
        assert!(lines.iter().all(|l| l.starts_with(&mine)), "{told}");
        let once: std::collections::BTreeSet<&str> = lines.iter().copied().collect();
        assert_eq!(once.len(), lines.len(), "{told}");
        assert!(lines.len() < 4, "{told}");
    }
}

#[test]
fn a_template_without_end_or_counting_does_not_load() {
    assert!(
        !told(
            "fr/parts/stop.txt",
            "{% for i in range(end=9) %}x{% endfor %}"
        )
        .is_empty()
    );
    let long = told("fr/parts/stop.txt", &"x".repeat(600_000));
    assert!(long.contains("longer than 512 KiB"), "{long}");
}

fn rules(change: impl Fn(&mut Letter, &mut LetterFacts), part: Part) -> Vec<&'static str> {
    let mut facts = sample_facts(Language::Fr, part);
    let mut letter = compose(&templates(), &[part], &facts).unwrap();
    change(&mut letter, &mut facts);
    let mut rules: Vec<_> = lint(&letter, &facts, &[part])
        .iter()
        .map(|f| f.rule)
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn the_linter_finds_each_thing_that_must_not_be_sent() {
    let says =
        |text: &'static str| move |l: &mut Letter, _: &mut LetterFacts| l.text.push_str(text);
    assert!(rules(|_, _| {}, Part::Source).is_empty());
    assert_eq!(
        rules(says("\nService conforme\nau RGPD.\n"), Part::Source),
        ["claim"]
    );
    assert_eq!(
        rules(says("\nBonjour [Nom]\n"), Part::Source),
        ["placeholder"]
    );
    assert_eq!(
        rules(says("\nVoir calendly.com/moi\n"), Part::Source),
        ["calendar"]
    );
    assert_eq!(
        rules(
            |l, _| l.html.push_str("<img src='https://x.example/p.gif'>"),
            Part::Source
        ),
        ["remote"]
    );
    assert_eq!(
        rules(
            |l, f| {
                f.controller.signatory = None;
                l.text.push_str("\nJe reste là.\n")
            },
            Part::Source
        ),
        ["first_person"]
    );
    assert_eq!(rules(|_, f| f.suppression = None, Part::Stop), ["unproved"]);
    assert_eq!(
        rules(
            |l, _| l.text = l.text.replace("1er\u{a0}mars 2026", "mars"),
            Part::Source
        ),
        ["missing"]
    );
    assert_eq!(
        rules(
            |l, _| l.text = l
                .text
                .replacen("Madame Dupont", "Dupont", 1)
                .replace("Bonjour", "Bonjour entreprise"),
            Part::Stop
        ),
        Vec::<&str>::new()
    );
    assert_eq!(
        rules(
            |l, f| {
                f.person.salutation = None;
                f.person.address = "camille@x.example".into();
                l.text = l.text.replace("Bonjour Madame Dupont", "Bonjour Camille")
            },
            Part::Stop
        ),
        ["invented_name"]
    );
    assert_eq!(
        rules(
            |_, f| f.origins[0].provider = Some("un service d’enrichissement".into()),
            Part::Source
        ),
        ["missing", "vague_source"]
    );
    assert_eq!(
        rules(|l, _| l.attachments.clear(), Part::Access),
        ["missing"]
    );
    assert_eq!(
        rules(
            |l, _| l.text = l.text.replace(
                "C’est fait",
                "C’est fait, voulez-vous nous dire pourquoi ?\n\nC’est fait"
            ),
            Part::Stop
        ),
        ["too_long"]
    );
}

#[test]
fn a_letter_without_the_facts_that_the_law_asks_for_is_not_written() {
    let mut facts = sample_facts(Language::Fr, Part::Source);
    facts.origins[0].date = None;
    facts.processing.recipients = None;
    let error = compose(&templates(), &[Part::Source], &facts).unwrap_err();
    assert_eq!(
        error,
        ComposeError::Missing(vec!["origins.date", "processing.recipients"])
    );
}

#[test]
fn data_that_were_collected_on_several_days_are_told_with_the_first_and_the_last() {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for language in ["fr", "en", "de", "es", "it", "nl", "pt"] {
        let language: Language = language.parse().unwrap();
        let mut facts = sample_facts(language, Part::Source);
        let (first, last) = (
            jiff::civil::date(2026, 3, 1),
            jiff::civil::date(2026, 3, 12),
        );
        (facts.origins[0].date, facts.origins[0].until) = (Some(first), Some(last));
        let letter = compose(&templates(), &[Part::Source], &facts).unwrap();
        assert_eq!(lint(&letter, &facts, &[Part::Source]), [], "{language}");
        let text = plain(&letter.text);
        for day in [first, last] {
            let day = plain(&quitus::answer::date_in_words(language, day));
            assert!(text.contains(&day), "{day}: {text}");
        }
    }
    let first_only = "{% for o in origins %}\n– {{ o.data | words | list }} : {% if o.provider %}{{ o.provider }}{% endif %}\
        {% if o.date %}, le {{ o.date | date }}{% endif %}{% if o.from %}, {{ o.from }}{% endif %}.\n{% endfor %}\n";
    let told = told("fr/parts/origins.txt", first_only);
    assert!(told.contains("the last day of an origin"), "{told}");
}

#[test]
fn a_copy_of_values_of_any_length_is_whole_in_the_text_the_page_and_the_files() {
    let mut facts = sample_facts(Language::Fr, Part::Access);
    let long = format!("{}fin", "encore un mot, ".repeat(500));
    let copy = facts.copy.as_mut().unwrap();
    let field = |value: &str| Field {
        label: "note".into(),
        value: Line::whole(value),
    };
    copy.fields.push(field(&long));
    // So many data go as a text file, too.
    copy.fields.extend((0..40).map(|n| field(&n.to_string())));
    let letter = compose(&templates(), &[Part::Access], &facts).unwrap();
    assert_eq!(lint(&letter, &facts, &[Part::Access]), []);
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat(&letter.text).contains(&long), "{}", letter.text);
    assert!(flat(&letter.html).contains(&long), "{}", letter.html);
    assert_eq!(letter.attachments.len(), 2);
    for file in &letter.attachments {
        let text = String::from_utf8_lossy(&file.bytes);
        assert!(text.contains(&long), "{}: {text}", file.name);
    }
}

fn envelope(name: &str, loop_value: &str) -> Envelope {
    let id = |t: &str| MessageId::parse(t).unwrap();
    Envelope {
        from_name: Line::new(name),
        from: Address::parse("contact@relais.example").unwrap(),
        to: Address::parse("m.dupont@bücher.example").unwrap(),
        reply_to: None,
        message_id: id("<1.quitus@relais.example>"),
        in_reply_to: Some(id("<9@x.example>")),
        references: (0..60).map(|n| id(&format!("<{n}@x.example>"))).collect(),
        date: Timestamp::from_seconds(1_795_428_000),
        submitted: Submitted::Replied,
        loop_value: loop_value.to_owned(),
    }
}

#[test]
fn a_letter_is_frozen_to_the_same_bytes_with_the_headers_of_an_automatic_reply() {
    let facts = sample_facts(Language::Fr, Part::Access);
    let letter = compose(&templates(), &[Part::Access], &facts).unwrap();
    let once = mime(&envelope("Équipe Relais", "v1.abc"), &letter).unwrap();
    assert_eq!(
        once,
        mime(&envelope("Équipe Relais", "v1.abc"), &letter).unwrap()
    );
    let text = String::from_utf8(once.clone()).unwrap();
    assert!(
        text.split("\r\n")
            .all(|l| l.len() <= 998 && !l.contains(['\r', '\n']))
    );
    for header in [
        "Auto-Submitted: auto-replied\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        "X-Quitus-Loop: v1.abc\r\n",
        "In-Reply-To: <9@x.example>\r\n",
        "To: m.dupont@xn--bcher-kva.example\r\n",
        "Message-ID: <1.quitus@relais.example>\r\n",
    ] {
        assert!(text.contains(header), "{header}\n{text}");
    }
    let parsed = mail_parser::MessageParser::default().parse(&once).unwrap();
    assert_eq!(parsed.subject(), Some("Re: Relais"));
    assert_eq!(parsed.references().as_text_list().unwrap().len(), 20);
    assert_eq!(parsed.attachment_count(), 1);
    assert_eq!(
        parsed.body_text(0).unwrap().replace("\r\n", "\n"),
        letter.text
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// faults.md, "header injection": every text that a stranger can choose, through a whole letter.
    #[test]
    fn no_variable_can_add_a_header(evil in "[\\PC\\r\\n\\x00\u{2028}\u{202e}a:<>\",@ ]{0,80}") {
        let evil = format!("{evil}\r\nBcc: all@x.example\r\n\r\nbody");
        let mut facts = serde_json::to_value(sample_facts(Language::Fr, Part::Source)).unwrap();
        spoil(&mut facts, &evil);
        let facts: LetterFacts = serde_json::from_value(facts).unwrap();
        let letter = compose(&templates_once(), &[Part::Source], &facts).unwrap();
        let bytes = mime(&envelope(&evil, "v1.abc"), &letter).unwrap();
        let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
        prop_assert!(parsed.bcc().is_none());
        prop_assert_eq!(parsed.to().and_then(|t| t.as_list()).map(<[_]>::len), Some(1));
        let names: Vec<_> = parsed.headers().iter().map(|h| h.name().to_owned()).collect();
        prop_assert_eq!(names.len(), 12, "{:?}", names);
        let header = String::from_utf8_lossy(&bytes[..bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap()]).into_owned();
        prop_assert!(!header.contains('\0') && header.split("\r\n").all(|l| l.len() <= 998 && !l.contains(['\r', '\n'])));
    }
}

fn templates_once() -> Templates {
    static ONCE: std::sync::LazyLock<Templates> = std::sync::LazyLock::new(templates);
    ONCE.clone()
}

/// Appends the text to every string that is free text; the closed words and days stay.
fn spoil(value: &mut serde_json::Value, evil: &str) {
    match value {
        serde_json::Value::String(text) => {
            let closed = [
                "fr",
                "controller",
                "processor",
                "suppressed",
                "email",
                "phone",
                "linkedin",
                "source",
            ];
            if !closed.contains(&text.as_str()) && text.parse::<jiff::civil::Date>().is_err() {
                text.push_str(evil);
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|v| spoil(v, evil)),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|v| spoil(v, evil)),
        _ => {}
    }
}

#[test]
fn an_id_that_could_end_a_header_is_no_id() {
    for bad in [
        "",
        "<a@b\r\nBcc: x>",
        "<a b@c>",
        "<@c>",
        "<é@c>",
        "<a@b> <c@d>",
    ] {
        assert_eq!(MessageId::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn the_writers_guide_names_every_variable() {
    let guide = include_str!("../templates/README.md");
    let (letters, digest) = guide.split_once("## The digest").unwrap();
    let (letters, owner) = letters.split_once("## The notice to the owner").unwrap();
    for path in owner_variables() {
        assert!(
            owner.contains(&format!("`{path}`")),
            "templates/README.md does not explain `{path}` of the notice to the owner of a contact"
        );
    }
    let (letters, recipient) = letters.split_once("## The mail to a recipient").unwrap();
    let of_firm = |path: &&String| path.starts_with("controller.");
    for path in recipient_variables().iter().filter(|p| !of_firm(p)) {
        assert!(
            recipient.contains(&format!("`{path}`")),
            "templates/README.md does not explain `{path}` of the mail to a recipient"
        );
    }
    for path in digest_variables() {
        assert!(
            digest.contains(&format!("`{path}`")),
            "templates/README.md does not explain `{path}` of the digest"
        );
    }
    let guide = letters;
    for path in variables() {
        assert!(
            guide.contains(&format!("`{path}`")),
            "templates/README.md does not explain `{path}`"
        );
    }
}
