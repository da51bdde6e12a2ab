//! The shelf on a folder of its own: which paths are taken, what a replaced file keeps.

use super::*;

#[test]
fn no_path_leads_out_of_the_folder() {
    for bad in [
        "../quitus.toml",
        "fr/../../x.txt",
        "/etc/passwd.txt",
        "fr/stop/.body.txt",
        "fr//body.txt",
        "fr\\stop\\body.txt",
        "fr/stop/body.md",
        "body.txt",
        "a/b/c/d.txt",
        "fr/stop/bo\0dy.txt",
        "FR/stop/body.txt",
    ] {
        assert!(bad.parse::<TemplatePath>().is_err(), "{bad}");
    }
    let path: TemplatePath = "fr/stop/body.txt".parse().unwrap();
    assert_eq!(path.language(), Some(Language::Fr));
    assert_eq!((path.kind(), path.file()), ("stop", "body.txt"));
    let shared: TemplatePath = "parts/page.html".parse().unwrap();
    assert_eq!((shared.language(), shared.kind()), (None, "parts"));
}

#[test]
fn a_replaced_file_keeps_its_rights_and_leaves_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf {
        folder: Some(folder.path().to_owned()),
        kept: folder.path().join("store/templates"),
    };
    let path: TemplatePath = "fr/stop/body.txt".parse().unwrap();
    shelf.put(&path, Some("one")).unwrap();
    let file = folder.path().join("fr/stop/body.txt");
    std::fs::set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
    shelf.put(&path, Some("two")).unwrap();
    assert_eq!(shelf.own(&path).unwrap().as_deref(), Some("two"));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o664);
    let between = std::fs::metadata(file.parent().unwrap()).unwrap();
    let own = std::fs::metadata(folder.path()).unwrap();
    assert_eq!(between.permissions(), own.permissions());
    let beside = std::fs::read_dir(file.parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1);
    shelf.put(&path, None).unwrap();
    assert_eq!(shelf.own(&path).unwrap(), None);
    assert!(
        shelf
            .on_disk(&path)
            .unwrap()
            .is_some_and(|t| t.contains("include"))
    );
}

#[test]
fn a_kept_text_that_was_changed_is_not_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf {
        folder: None,
        kept: folder.path().join("templates"),
    };
    let digest = shelf.keep("Bonjour").unwrap();
    assert_eq!(shelf.kept(&digest).unwrap().as_deref(), Some("Bonjour"));
    let file = folder.path().join("templates/texts").join(hex(&digest));
    std::fs::write(file, "Adieu").unwrap();
    assert_eq!(shelf.kept(&digest).unwrap(), None);
}
