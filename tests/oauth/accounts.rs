//! One account and its provider: renewed ahead of its end, by one asker at a time, never asked in vain twice.

use crate::place::{Place, USER};
use crate::token_server::{Fault, TokenServer, agree};
use quitus::oauth::{Account, Consent, OauthError};
use std::time::Duration;
use tokio::time::sleep;

/// Until a token of one second is no longer worth a log-in.
const OVER: Duration = Duration::from_millis(1_100);

#[tokio::test]
async fn the_code_is_taken_only_with_the_verifier_that_belongs_to_its_link() {
    let place = Place::alone("");
    let account = place.account();
    let [one, other] = [1, 1].map(|port| Consent::new(&account, port).unwrap());
    let code = one.code(&agree(&one.link)).unwrap();
    let stolen = other.finish(&code).await.unwrap_err();
    assert!(stolen.to_string().contains("invalid_grant"), "{stolen}");
    assert_eq!(account.standing().state, "nobody");
    let code = one.code(&agree(&one.link)).unwrap();
    one.finish(&code).await.unwrap();
    assert_eq!(account.standing().state, "good");
    let token = account.access().await.unwrap();
    assert!(place.tokens.world().live.contains(token.expose()));
}

#[tokio::test]
async fn a_good_token_is_used_as_long_as_it_is_good_and_renewed_by_the_rotated_one_afterwards() {
    let place = Place::alone("");
    place.tokens.world().strict = true;
    let account = place.log_in().await;
    let first = account.access().await.unwrap();
    for _ in 0..5 {
        assert_eq!(account.access().await.unwrap().expose(), first.expose());
    }
    assert_eq!(place.tokens.world().asked("refresh_token"), 0);
    // Each renewal must bring the token of the renewal before: the provider takes no other.
    place.tokens.world().life = 1;
    let mut before = place.account().instead_of(&first).await.unwrap().unwrap();
    for n in 2..=3 {
        sleep(OVER).await;
        let token = place.account().access().await.unwrap();
        assert_ne!(token.expose(), before.expose());
        assert_eq!(place.tokens.world().asked("refresh_token"), n);
        before = token;
    }
}

#[tokio::test]
async fn many_who_need_a_token_at_once_ask_once() {
    let place = Place::alone("");
    place.tokens.world().life = 1;
    place.log_in().await;
    sleep(OVER).await;
    {
        let mut world = place.tokens.world();
        (world.life, world.strict) = (3_600, true);
        world.fault = Some(Fault::Slow(Duration::from_millis(300)));
    }
    // A mailbox and [smtp] with the same settings are one account; each asker reads the settings anew.
    let config = place.config();
    let both: Vec<Account> = config.oauth().map(Account::of).collect();
    assert!(both.len() == 2 && both[0].is_same(&both[1]));
    let all = (0..20).map(|n| {
        let account = both[n % 2].clone();
        tokio::spawn(async move { account.access().await.unwrap().expose().to_owned() })
    });
    let mut got = Vec::new();
    for one in all.collect::<Vec<_>>() {
        got.push(one.await.unwrap());
    }
    got.dedup();
    assert_eq!(got.len(), 1);
    assert_eq!(place.tokens.world().asked("refresh_token"), 1);
}

#[tokio::test]
async fn whoever_stops_waiting_loses_no_rotated_token() {
    let place = Place::alone("");
    place.tokens.world().life = 1;
    let account = place.log_in().await;
    sleep(OVER).await;
    {
        let mut world = place.tokens.world();
        (world.life, world.strict) = (3_600, true);
        world.fault = Some(Fault::Slow(Duration::from_millis(300)));
    }
    let given_up = tokio::time::timeout(Duration::from_millis(100), account.access()).await;
    assert!(given_up.is_err());
    place.tokens.world().fault = None;
    sleep(Duration::from_millis(600)).await;
    account.access().await.unwrap();
    assert_eq!(place.tokens.world().asked("refresh_token"), 1);
    assert_eq!(account.standing().state, "good");
}

#[tokio::test]
async fn a_revoked_log_in_is_asked_for_once_and_stays_ended_until_somebody_logs_in() {
    let place = Place::alone("");
    place.tokens.world().life = 1;
    let account = place.log_in().await;
    place.tokens.world().refresh.clear();
    sleep(OVER).await;
    for _ in 0..3 {
        let error = place.account().access().await.unwrap_err();
        assert!(error.needs_a_person());
        let words = error.to_string();
        for part in ["invalid_grant", "quitus oauth login sales"] {
            assert!(words.contains(part), "{words}");
        }
        assert!(
            !words.contains("owner@"),
            "whom it names is not repeated: {words}"
        );
    }
    assert_eq!(
        place.tokens.world().asked("refresh_token"),
        1,
        "no lock-out loop"
    );
    let standing = account.standing();
    assert_eq!(
        (standing.state, standing.fix.as_deref()),
        ("ended", Some("quitus oauth login sales"))
    );
    place.log_in().await;
    assert!(account.access().await.is_ok());
}

#[tokio::test]
async fn a_new_secret_in_its_file_is_worth_another_try() {
    let place = Place::alone("");
    place.tokens.world().life = 1;
    let account = place.log_in().await;
    let secret = place.folder.path().join("secret");
    let good = std::fs::read_to_string(&secret).unwrap();
    std::fs::write(&secret, "expired").unwrap();
    sleep(OVER).await;
    for _ in 0..2 {
        let words = account.access().await.unwrap_err().to_string();
        assert!(
            words.contains("invalid_client") && words.contains("client_secret"),
            "{words}"
        );
    }
    assert_eq!(place.tokens.world().asked("refresh_token"), 1);
    std::fs::write(&secret, good).unwrap();
    assert!(account.access().await.is_ok());
    assert_eq!(account.standing().state, "good");
}

#[tokio::test]
async fn a_provider_in_trouble_is_asked_rarely_and_a_token_that_is_still_good_is_used() {
    for fault in [
        Fault::Status(500),
        Fault::Status(429),
        Fault::Refuse("temporarily_unavailable"),
    ] {
        let place = Place::alone("");
        place.tokens.world().life = 20;
        let account = place.log_in().await;
        let first = account.access().await.unwrap();
        place.tokens.world().fault = Some(fault.clone());
        // Refused: another one is wanted, and cannot be had.
        for _ in 0..4 {
            let error = account.instead_of(&first).await.unwrap_err();
            assert!(!error.needs_a_person(), "{fault:?}: {error}");
        }
        assert_eq!(place.tokens.world().asked("refresh_token"), 1, "{fault:?}");
        let standing = account.standing();
        assert_eq!(
            (standing.state, standing.fix),
            ("trouble", None),
            "{fault:?}"
        );
        // For whom it is good enough, the old one is used meanwhile.
        assert_eq!(account.access().await.unwrap().expose(), first.expose());
    }
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_given_up_and_one_that_is_not_there_too() {
    let place = Place::alone("");
    place.tokens.world().life = 1;
    let account = place.log_in().await;
    place.tokens.world().fault = Some(Fault::Slow(Duration::from_secs(60)));
    sleep(OVER).await;
    let error = account.access().await.unwrap_err();
    assert!(
        error.to_string().contains("no answer within 2 s"),
        "{error}"
    );
    let gone = Place::alone("");
    let text = std::fs::read_to_string(&gone.file).unwrap();
    std::fs::write(
        &gone.file,
        text.replace(&gone.tokens.url("/token"), "http://127.0.0.1:1/token"),
    )
    .unwrap();
    let consent = Consent::new(&gone.account(), 1).unwrap();
    let code = consent.code("a-code-by-hand").unwrap();
    let error = consent.finish(&code).await.unwrap_err();
    assert!(
        matches!(&error, OauthError::Later { why } if why.contains("cannot be reached")),
        "{error}"
    );
}

#[tokio::test]
async fn an_application_asks_in_its_own_name_without_anybody() {
    let place = Place::alone("grant = \"client_credentials\"\n");
    let account = place.account();
    assert!(!account.wants_a_person());
    let token = account.access().await.unwrap();
    assert!(place.tokens.world().live.contains(token.expose()));
    assert_eq!(account.access().await.unwrap().expose(), token.expose());
    assert_eq!(place.tokens.world().asked("client_credentials"), 1);
    assert_eq!(account.standing().state, "good");
    // Not consented to: once, with who must do what.
    let other = Place::alone("grant = \"client_credentials\"\n");
    other.tokens.world().fault = Some(Fault::Refuse("unauthorized_client"));
    for _ in 0..2 {
        let words = other.account().access().await.unwrap_err().to_string();
        assert!(words.contains("administrator"), "{words}");
    }
    assert_eq!(other.tokens.world().asked("client_credentials"), 1);
    other.tokens.world().fault = None;
    other.account().begin_alone().await.unwrap();
    assert!(other.account().access().await.is_ok());
}

#[tokio::test]
async fn two_users_of_one_application_have_nothing_in_common() {
    let place = Place::alone("");
    let first = place.log_in().await;
    let text = std::fs::read_to_string(&place.file).unwrap();
    let text = text.replacen(&format!("username = \"{USER}\""), "username = \"other\"", 1);
    std::fs::write(&place.file, text).unwrap();
    let other = place.account();
    assert!(!other.is_same(&first));
    assert!(matches!(
        other.access().await,
        Err(OauthError::NobodyYet { .. })
    ));
    assert!(first.access().await.is_ok());
    // Nothing is asked while nobody has logged in.
    assert_eq!(place.tokens.world().asked("refresh_token"), 0);
    assert_eq!(TokenServer::start(USER).world().calls.len(), 0);
}
