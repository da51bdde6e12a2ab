//! Killed between the rotation of a refresh token and its use, at every durable step: the log-in outlives it.

use crate::faults::run_child;
use crate::place::{Place, USER};
use crate::token_server::TokenServer;
use quitus::config::Config;
use quitus::oauth::Account;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

/// Not a test of its own: the process that renews, and is killed.
#[tokio::test]
async fn child_renews() {
    let Some(folder) = std::env::var_os("QUITUS_CHILD") else {
        return;
    };
    let config = Config::load(&Path::new(&folder).join("quitus.toml")).unwrap();
    Account::of(config.oauth().next().unwrap())
        .access()
        .await
        .unwrap();
}

/// Not a test of its own: the process whose disk takes nothing at first.
#[tokio::test]
async fn child_renews_although_the_disk_is_full() {
    let Some(folder) = std::env::var_os("QUITUS_CHILD") else {
        return;
    };
    let config = Config::load(&Path::new(&folder).join("quitus.toml")).unwrap();
    let account = Account::of(config.oauth().next().unwrap());
    let token = account.access().await.unwrap();
    let standing = account.standing();
    let (_, why) = standing.why.unwrap();
    assert_eq!(standing.state, "trouble", "{why}");
    assert!(why.contains("No space left"), "{why}");
    // There is room again: it is written, and nobody is asked.
    assert_eq!(account.access().await.unwrap().expose(), token.expose());
    assert_eq!(account.standing().state, "good");
}

#[tokio::test]
async fn a_rotated_token_that_a_full_disk_did_not_take_is_kept_until_it_does() {
    let place = Place::new(TokenServer::start(USER), None, 1, "");
    place.tokens.world().life = 1;
    let account = place.log_in().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    {
        let mut world = place.tokens.world();
        (world.life, world.strict) = (3_600, true);
    }
    let child = "kills::child_renews_although_the_disk_is_full";
    let full = [("QUITUS_FAIL_WRITE", "1")];
    assert!(run_child(child, place.folder.path(), &full).success());
    assert_eq!(place.tokens.world().asked("refresh_token"), 1);
    // What it left is what the provider takes.
    let token = account.access().await.unwrap();
    assert_eq!(place.tokens.world().asked("refresh_token"), 1);
    assert!(account.instead_of(&token).await.unwrap().is_some());
    assert_eq!(account.standing().state, "good");
}

/// Copies the files of one folder into another, which held others.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[tokio::test]
async fn a_kill_at_any_step_of_a_rotation_loses_no_log_in() {
    let place = Place::new(TokenServer::start(USER), None, 1, "");
    place.tokens.world().life = 1;
    place.log_in().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    place.tokens.world().life = 3_600;
    let [folder, saved, steps] =
        ["store/oauth", "saved", "steps"].map(|name| place.folder.path().join(name));
    copy(&folder, &saved);
    let refresh = place.tokens.world().refresh.clone();
    let renew = |key: &str, value: &str| {
        let environment = [(key, value)];
        run_child("kills::child_renews", place.folder.path(), &environment)
    };
    let undisturbed = renew("QUITUS_STEPS_FILE", &steps.display().to_string());
    assert!(undisturbed.success());
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
            // Once the new name is there (the sixth step: written, synced, renamed, each named before and after), even a provider
            // that takes no old token any more loses nobody. Before it, one that lets the old one live until the new one is used.
            world.strict = n >= 6;
        }
        let killed = renew("QUITUS_KILL_AT", &n.to_string());
        assert_eq!(killed.signal(), Some(9), "step {n}");
        assert_eq!(
            place.tokens.world().asked("refresh_token"),
            1,
            "step {n}: after the rotation"
        );
        // The next process goes on, and what it keeps is what the provider takes from then on.
        let account = place.account();
        let token = account.access().await;
        let token = token.unwrap_or_else(|e| panic!("step {n}: {e}"));
        assert_eq!(account.standing().state, "good", "step {n}");
        let other = account.instead_of(&token).await.unwrap();
        assert!(other.is_some(), "step {n}");
    }
}
