//! Two imports at the same time: each keeps a number of its own, and the rows of both are stored.

use crate::alone::{config, office};
use quitus::service::import;

fn list(of: &str) -> String {
    let rows = (0..30).map(|n| format!("p{n}@{of}.example\n"));
    format!("email\n{}", rows.collect::<String>())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn imports_at_the_same_time_get_numbers_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let (office, running) = office(&config);
    let mut going = Vec::new();
    for n in 0..8 {
        let (sequencer, settings) = (office.sequencer.clone(), config.register.clone());
        going.push(tokio::spawn(async move {
            let (name, list) = (format!("{n}.csv"), list(&format!("firm{n}")));
            let done = import(&sequencer, &settings, name.as_str(), list.as_bytes(), false).await;
            done.unwrap().0.stored
        }));
    }
    for one in going {
        assert_eq!(one.await.unwrap(), 30);
    }
    let imports = office.sequencer.reader().state().imports().unwrap();
    let numbers: Vec<u64> = imports.iter().map(|(n, _)| *n).collect();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    let mut names: Vec<&str> = imports.iter().map(|(_, row)| row.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 8, "no import took the row of another");
    assert!(
        imports
            .iter()
            .all(|(_, row)| row.ended.is_some_and(|e| e.1 == 30))
    );
    assert_eq!(
        office.sequencer.reader().state().counts().unwrap().contacts,
        240
    );
    drop(office);
    drop(running.join().unwrap());
}
