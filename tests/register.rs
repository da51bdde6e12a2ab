//! Lists of contacts as spreadsheets and CRMs write them, and what an import makes of them.

use quitus::record::{
    Contact, Event, Fingerprinter, Frame, KeyId, LogPosition, MemoryTables, Relation, Sealed,
    State, Timestamp, apply,
};
use quitus::register::{
    By, Column, ContactPlan, ImportError, Matched, Preview, Reader, RegisterSettings, contradicts,
    find, matched, phones, plan_row,
};
use std::collections::BTreeMap;

const FRENCH: &str = "E-mail;Prénom;Nom;Société;Pays;Date;Couleur\n\
    jean@entreprise.com;Jean;Dupont;Entreprise;France;07/10/2026;bleu\n\
    pas une adresse;X;Y;Z;;;\n\
    anna@gmail.com;Anna;Müller;;DE;2026-10-07;\n";

fn read(
    bytes: &[u8],
) -> (
    Preview,
    Vec<quitus::record::Contact>,
    Vec<quitus::record::Fault>,
) {
    let mut reader = Reader::open("list.csv", bytes, &BTreeMap::new()).unwrap();
    let (preview, mut rows, mut faults) = (reader.preview().clone(), Vec::new(), Vec::new());
    while let Some(chunk) = reader.chunk().unwrap() {
        assert!(chunk.rows.len() + chunk.faults.len() <= 1_000);
        rows.extend(chunk.rows.into_iter().map(|(_, c)| c));
        faults.extend(chunk.faults);
    }
    (preview, rows, faults)
}

fn keys() -> Fingerprinter {
    Fingerprinter::new(vec![[1; 32]], [2; 32])
}

fn planned(state: &State<'_>, row: &quitus::record::Contact) -> Option<ContactPlan> {
    let who = matched(state, &keys(), row).unwrap().unwrap();
    let settings = RegisterSettings::default();
    plan_row(state, &keys(), &settings, who.person, (2, row.clone())).unwrap()
}

#[test]
fn a_list_is_read_in_every_encoding_and_bad_rows_are_told_by_line() {
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(FRENCH.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(FRENCH);
    let with_mark = format!("\u{feff}{FRENCH}");
    let of_windows = FRENCH.replace('\n', "\r\n");
    let all: [&[u8]; 5] = [
        FRENCH.as_bytes(),
        with_mark.as_bytes(),
        of_windows.as_bytes(),
        &utf16,
        &latin,
    ];
    for bytes in all {
        let (preview, rows, faults) = read(bytes);
        assert_eq!(
            (preview.delimiter, rows.len()),
            (';', 2),
            "{}",
            preview.encoding
        );
        assert_eq!(preview.columns[0].1, Column::Email);
        assert_eq!(rows[0].first_name.as_deref(), Some("Jean"));
        assert_eq!(rows[0].country.as_deref(), Some("FR"));
        assert_eq!(rows[0].origins[0].date.as_deref(), Some("2026-10-07"));
        assert_eq!(rows[0].extra, [("Couleur".to_owned(), "bleu".to_owned())]);
        assert_eq!(rows[1].last_name.as_deref(), Some("Müller"));
        assert_eq!((faults.len(), faults[0].line), (1, 3));
    }
}

#[test]
fn the_delimiter_is_recognised_and_a_header_may_be_overridden() {
    for (delimiter, list) in [
        (',', "email,nom\na@x.fr,B\n"),
        ('\t', "email\tnom\na@x.fr\tB\n"),
        ('|', "email|nom\na@x.fr|B\n"),
    ] {
        assert_eq!(read(list.as_bytes()).0.delimiter, delimiter);
    }
    let overrides = BTreeMap::from([("Kontakt".to_owned(), Column::Email)]);
    let list = "Kontakt,nom\na@x.fr,B\n".as_bytes();
    assert!(Reader::open("l.csv", list, &overrides).is_ok());
    assert!(matches!(
        Reader::open("l.csv", list, &BTreeMap::new()),
        Err(ImportError::NoAddress(_))
    ));
}

#[test]
fn a_hundred_thousand_rows_come_in_chunks() {
    let mut list = "email,nom\n".to_owned();
    (0..100_000).for_each(|i| list.push_str(&format!("a{i}@x.fr,N{i}\n")));
    assert_eq!(read(list.as_bytes()).1.len(), 100_000);
}

#[test]
fn a_second_import_changes_nothing_and_revives_nobody() {
    let (_, rows, _) = read("email,relation\njean@entreprise.com,client\n".as_bytes());
    let mut tables = MemoryTables::default();
    let plan = planned(&State(&tables), &rows[0]).unwrap();
    assert_eq!(plan.facts.relation, Relation::Customer);
    let suppressed = Event::Suppressed {
        person: plan.person,
        suppression: quitus::record::Suppression::Suppressed,
        reason: quitus::record::SuppressionReason::ByHand,
        case: None,
    };
    let stored = Event::ContactStored {
        person: plan.person,
        import: 1,
        facts: plan.facts,
        contact: Sealed {
            key: KeyId(1),
            bytes: Vec::new(),
        },
    };
    let recognised = Event::Recognised {
        person: plan.person,
        fingerprints: plan.fingerprints,
    };
    let frame = Frame {
        number: 1,
        at: Timestamp::from_seconds(1),
        events: vec![suppressed, recognised, stored],
    };
    apply(&mut tables, LogPosition::default(), &frame).unwrap();
    let state = State(&tables);
    assert_eq!(planned(&state, &rows[0]), None);
    let found = find(&state, &keys(), &rows[0].addresses[0]).unwrap();
    assert!(found.suppression.is_some() && found.contact.is_some());
}

#[test]
fn a_row_is_matched_by_address_then_profile_then_id_and_never_by_telephone() {
    let (_, rows, _) = read(
        "email,linkedin,crmid,phone,country\n\
         anna@old.example,https://www.linkedin.com/in/Anna/,C-1,01 23 45 67 89,FR\n\
         bruno@old.example,,C-2,01 23 45 67 89,FR\n\
         anna@new.example,fr.linkedin.com/in/anna?x=1,,,\n\
         bruno@new.example,,C-2,,\n\
         carl@new.example,,,+33 1 23 45 67 89,\n\
         anna@old.example,,C-2,,\n"
            .as_bytes(),
    );
    let mut tables = MemoryTables::default();
    for (row, number) in rows[..2].iter().zip(1..) {
        let plan = planned(&State(&tables), row).unwrap();
        assert_eq!(plan.phones.len(), 1);
        let events = vec![Event::Recognised {
            person: plan.person,
            fingerprints: plan.fingerprints,
        }];
        let at = Timestamp::from_seconds(number);
        let number = u64::try_from(number).unwrap();
        let frame = Frame { number, at, events };
        apply(&mut tables, LogPosition::default(), &frame).unwrap();
    }
    let who = |row: usize| -> Matched {
        let found = matched(&State(&tables), &keys(), &rows[row]).unwrap();
        found.unwrap()
    };
    let (anna, bruno) = (who(0).person, who(1).person);
    assert_ne!(anna, bruno, "a switchboard makes nobody one");
    assert_eq!((who(2).person, who(2).by), (anna, Some(By::Profile)));
    assert_eq!((who(3).person, who(3).by), (bruno, Some(By::CrmId)));
    assert_eq!((who(4).by, who(4).others), (None, vec![]));
    assert_eq!(who(5).person, anna);
    assert_eq!(who(5).others, [(By::CrmId, bruno)]);
    let alone = who(3).by_address_alone(&keys(), &rows[3]);
    assert_eq!(alone.person, keys().person(&rows[3].addresses[0]));
    assert_eq!(phones(&rows[0], "DE"), phones(&rows[4], ""));
}

#[test]
fn an_id_alone_names_nobody_whom_the_row_contradicts() {
    let person = |last: &str, first: &str, firm: &str| {
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Contact {
            last_name: said(last),
            first_name: said(first),
            firm: said(firm),
            ..Contact::default()
        }
    };
    let anna = person("Dupont", "Anna", "X");
    for (last, first, firm, another) in [
        ("Roux", "Anna", "X", true),
        ("Roux", "", "", true),
        ("Dupont", "Paul", "X", true),
        ("", "Paul", "", true),
        ("", "", "Y", true),
        ("", "Anna", "Y", true),
        ("Dupont", "", "Y", true),
        ("Dupont", "A.", "Y", true),
        ("Dupont", "P.", "X", true),
        ("Dupont", "Anna", "Y", false),
        ("DUPONT", " anna", "y", false),
        ("Dupont", "A.", "x", false),
        ("", "Anna", "X", false),
        ("Dupont", "", "", false),
        ("", "", "", false),
    ] {
        let row = person(last, first, firm);
        assert_eq!(contradicts(&row, &anna), another, "{row:?}");
        assert!(!contradicts(&row, &Contact::default()), "{row:?}");
    }
}

#[test]
fn nobody_is_greeted_by_their_job() {
    let list = "email;Title;Nom;Fonction\n\
        a@x.example;VP Sales;Smith;\n\
        b@x.example;mr.;Smith;buyer\n\
        c@x.example;VP Sales;Smith;Head of Sales\n";
    let (_, rows, _) = read(list.as_bytes());
    assert_eq!(rows[0].role.as_deref(), Some("VP Sales"));
    assert_eq!((&rows[0].civility, rows[0].formal_name()), (&None, None));
    assert_eq!(rows[1].formal_name().as_deref(), Some("mr. Smith"));
    assert_eq!(rows[1].role.as_deref(), Some("buyer"));
    assert_eq!(rows[2].role.as_deref(), Some("Head of Sales"));
    assert_eq!(rows[2].extra, [("Title".to_owned(), "VP Sales".to_owned())]);
    let (_, rows, _) = read("email;Anrede\nd@x.example;Sehr geehrte Frau\n".as_bytes());
    assert_eq!((&rows[0].civility, &rows[0].role), (&None, &None));
    assert_eq!(rows[0].extra[0].1, "Sehr geehrte Frau");
    // A list that an older version took in.
    let old = Contact {
        civility: Some("VP Sales".to_owned()),
        last_name: Some("Smith".to_owned()),
        ..Contact::default()
    };
    assert_eq!(old.formal_name(), None);
}

#[test]
fn of_two_columns_that_mean_the_same_no_value_is_lost() {
    let list = "email;Téléphone;Mobile;Nom;Name;Notes;Notes;Pays\n\
        a@x.example;01 23 45 67 89;06 12 34 56 78;Dupont;Durand;un;deux;France\n\
        b@x.example;01 23 45 67 89;01 23 45 67 89;;Durand;;;France\n";
    let (preview, rows, _) = read(list.as_bytes());
    let both = "01 23 45 67 89; 06 12 34 56 78";
    assert_eq!(rows[0].phone.as_deref(), Some(both));
    assert_eq!(phones(&rows[0], "").len(), 2, "the landline too");
    assert_eq!(rows[1].phone.as_deref(), Some("01 23 45 67 89"));
    assert_eq!(rows[0].last_name.as_deref(), Some("Dupont"));
    assert_eq!(rows[1].last_name.as_deref(), Some("Durand"));
    let kept = [("Name", "Durand"), ("Notes", "un"), ("Notes (2)", "deux")];
    assert_eq!(
        rows[0].extra,
        kept.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let said: Vec<(&str, String)> = preview.in_words().collect();
    assert_eq!(said[1], ("Téléphone", "telephone".to_owned()));
    assert_eq!(said[2].1, "telephone");
    let second = "last name where \"Nom\" says none, else kept as it is";
    assert_eq!(said[4], ("Name", second.to_owned()));
    assert_eq!(said[6].1, "kept as it is");
}

/// The rows, what is refused, what is unclear, and the doubt at the end, on a certain day.
fn read_on(list: &str, day: &str) -> (Vec<Contact>, [Vec<quitus::record::Fault>; 3]) {
    let reader = Reader::open("list.csv", list.as_bytes(), &BTreeMap::new()).unwrap();
    let mut reader = reader.read_on(day.parse().unwrap());
    let (mut rows, mut faults, mut unclear) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(chunk) = reader.chunk().unwrap() {
        rows.extend(chunk.rows.into_iter().map(|(_, c)| c));
        faults.extend(chunk.faults);
        unclear.extend(chunk.unclear);
    }
    let doubt = reader.doubt().into_iter().collect();
    (rows, [faults, unclear, doubt])
}

#[test]
fn a_row_that_is_longer_than_the_header_is_refused_by_its_line() {
    let list = "nom,email,société\nDupont, Jean,jean@x.example,X\nDurand,anna@x.example\n";
    let (rows, [faults, ..]) = read_on(list, "2026-11-30");
    assert_eq!((rows.len(), faults.len(), faults[0].line), (1, 1, 2));
    assert!(faults[0].what.contains("4 values"), "{}", faults[0]);
    assert_eq!(rows[0].last_name.as_deref(), Some("Durand"));
}

#[test]
fn of_a_source_only_what_the_list_says_is_taken_over() {
    let list = "email,date,public\n\
        a@x.example,2026-03-01..2026-03-12,Oui (site web)\n\
        b@x.example,01/03/2026,não\n\
        c@x.example,23/03/2026,Oui\n\
        d@x.example,2026-03-12..2026-03-01,\n\
        e@x.example,2026-03-01..2026-03-02..2026-03-03,\n\
        f@x.example,2026-12-01,inconnu\n";
    let (rows, [faults, unclear, doubt]) = read_on(list, "2026-11-30");
    let origin = |n: usize| &rows[n].origins[0];
    let public: Vec<Option<bool>> = (0..3).map(|n| origin(n).public).collect();
    assert_eq!(public, [None, Some(false), Some(true)]);
    assert_eq!(origin(0).date.as_deref(), Some("2026-03-01..2026-03-12"));
    assert_eq!(rows[0].extra[0].1, "Oui (site web)", "it is shown as it is");
    let lines = |of: &[quitus::record::Fault]| of.iter().map(|f| f.line).collect::<Vec<_>>();
    assert_eq!(lines(&faults), [5, 6, 7], "{faults:#?}");
    assert!(faults[2].what.contains("in the future"), "{}", faults[2]);
    assert_eq!(lines(&unclear), [2], "{unclear:#?}");
    assert!(doubt.is_empty(), "the third row tells which is the month");

    let list = "email,date\na@x.example,2026-03-01\nb@x.example,03/04/2026\n";
    let (rows, [faults, _, doubt]) = read_on(list, "2026-11-30");
    assert_eq!((rows.len(), faults.len(), lines(&doubt)), (2, 0, vec![3]));
    assert!(doubt[0].what.contains("2026-04-03"), "{}", doubt[0]);
}
