//! The room as a whole: the built-in set is good, and the table of it is complete.

use super::*;
use crate::record::Language;

#[test]
fn the_built_in_templates_are_good() {
    if let Err(faults) = Templates::builtin() {
        let all: Vec<_> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", all.join("\n"));
    }
}

#[test]
fn every_file_of_the_templates_folder_is_built_in() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e != "md") {
                files.push(
                    path.strip_prefix(&root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
    files.sort();
    let built_in: Vec<_> = builtin::sources().into_iter().map(|s| s.path).collect();
    assert_eq!(files, built_in);
}

#[test]
fn seven_languages_answer_stop_source_and_acknowledgement_two_answer_all() {
    let templates = Templates::builtin().unwrap();
    let has = |l, p: Part| templates.has(l, p.word());
    use Language::*;
    for l in [Fr, En, De, Es, It, Nl, Pt] {
        assert!(
            [Part::Stop, Part::Source, Part::Acknowledgement]
                .iter()
                .all(|p| has(l, *p))
        );
    }
    assert!(Part::ALL.iter().all(|p| has(Fr, *p) && has(En, *p)));
    let nobody = compose(&templates, &[Part::Stop], &sample_facts(Pl, Part::Stop));
    assert!(matches!(nobody, Err(ComposeError::NoTemplate { .. })));
}
