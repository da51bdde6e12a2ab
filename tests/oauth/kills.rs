//! Killed between the rotation of a refresh token and its use, at every durable step: the log-in outlives it.

use crate::place::{Place, USER, dovecot, smtp};
use crate::token_server::TokenServer;
use std::os::unix::process::ExitStatusExt as _;

/// Copies what the tokens lie in, and puts it back.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn a_kill_at_any_step_of_a_rotation_loses_no_log_in() {
    let tokens = TokenServer::start(USER);
    let (dovecot, smtp) = (dovecot(&tokens, "xoauth2"), smtp(&tokens, "XOAUTH2"));
    let place = Place::new(tokens, Some(&dovecot), smtp.port, "");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    place.tokens.world().life = 1;
    runtime.block_on(place.log_in());
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    place.tokens.world().life = 3_600;
    let (folder, saved) = (
        place.folder.path().join("store/oauth"),
        place.folder.path().join("saved"),
    );
    copy(&folder, &saved);
    let refresh = place.tokens.world().refresh.clone();
    let steps = place.folder.path().join("steps");
    let online = |key: &str, value: &std::ffi::OsStr| {
        let mut command = place.command(&["check", "--online"]);
        command.env(key, value).output().unwrap()
    };
    assert_eq!(
        online("QUITUS_STEPS_FILE", steps.as_os_str()).status.code(),
        Some(0)
    );
    let names = std::fs::read_to_string(&steps).unwrap();
    let names: Vec<&str> = names.lines().collect();
    assert!(
        names.len() >= 8 && names.iter().all(|n| *n == "oauth: tokens"),
        "{names:?}"
    );
    for n in 1..=names.len() {
        copy(&saved, &folder);
        {
            let mut world = place.tokens.world();
            world.refresh.clone_from(&refresh);
            world.calls.clear();
            // Once the new name is there (the sixth step: written twice, synced twice, renamed), even a provider that takes no
            // old token any more loses nobody. Before it, one that lets the old one live until the new one is used.
            world.strict = n >= 6;
        }
        let killed = online("QUITUS_KILL_AT", n.to_string().as_ref());
        assert_eq!(killed.status.signal(), Some(9), "step {n}");
        assert_eq!(
            place.tokens.world().asked("refresh_token"),
            1,
            "step {n}: after the rotation"
        );
        let said = place.ask(&["check", "--online"]);
        assert_eq!(said.code, Some(0), "step {n}: {said:?}");
        let status = place.ask(&["oauth", "status"]);
        assert_eq!(status.code, Some(0), "step {n}: {status:?}");
        // What was kept is what the provider takes from now on.
        let account = place.account();
        let token = runtime.block_on(account.access()).unwrap();
        assert!(
            runtime
                .block_on(account.instead_of(&token))
                .unwrap()
                .is_some(),
            "step {n}"
        );
    }
}
