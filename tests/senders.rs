//! Tools that must obey: each preset against a fake of its vendor, and every way in which a sender can fail.
//!
//! What is asserted each time: what was told, what the fake's world looks like afterwards, and that no words hold a secret
//! or an address.

#[path = "support/certs.rs"]
mod certs;
#[path = "support/vendor.rs"]
mod vendor;
#[path = "support/vendors.rs"]
mod vendors;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use certs::Authority;
use hmac::{Hmac, KeyInit, Mac};
use quitus::record::{Address, Fault, NoticeAct, Whom};
use quitus::sender::{Channel, Connector, SenderSettings, Told, Trouble, TroubleKind};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use vendor::{Fake, Mischief, Reply, Vendor};

const KEY: &str = "k3y-0f-ours-us21";
const JANE: &str = "Jane.Doe+x@example.org";
const NEIGHBOUR: &str = "jane.smith@example.org";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn whom(addresses: &[&str]) -> Whom {
    Whom {
        addresses: addresses.iter().map(|a| address(a)).collect(),
        ..Whom::default()
    }
}

fn domain(name: &str) -> Whom {
    Whom {
        domain: Some(name.to_owned()),
        ..Whom::default()
    }
}

/// A sender with this description; its secret is in a file.
fn described(folder: &Path, key: &str, lines: &str) -> Result<Connector, Vec<Fault>> {
    std::fs::write(folder.join("key"), format!("{key}\n")).unwrap();
    let mut settings: SenderSettings = toml::from_str(&format!("name = 'tool'\n{lines}")).unwrap();
    settings.resolve_in(folder);
    Connector::new(&settings)
}

fn preset(folder: &Path, key: &str, vendor: Vendor, url: &str, more: &str) -> Connector {
    let with: Vec<String> = vendor
        .with
        .iter()
        .map(|(k, v)| format!("{k} = '{v}'"))
        .collect();
    let with = if with.is_empty() {
        String::new()
    } else {
        format!("with = {{ {} }}", with.join(", "))
    };
    let lines = format!(
        "preset = '{}'\nbase = '{url}'\nsecret = {{ file = 'key' }}\n{with}\n{more}",
        vendor.preset
    );
    described(folder, key, &lines).unwrap_or_else(|f| panic!("{f:#?}"))
}

/// A fake that knows some people, and a sender for it.
struct Stage {
    fake: Fake,
    tool: Connector,
    folder: tempfile::TempDir,
}

async fn stage(vendor: Vendor) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(vendor, KEY, None).await;
    fake.inside().world.people = vec![NEIGHBOUR.to_owned(), JANE.to_lowercase()];
    let tool = preset(folder.path(), KEY, vendor, &fake.url, "");
    Stage { fake, tool, folder }
}

fn words(told: &Told) -> &str {
    match told {
        Told::Obeyed { words }
        | Told::Unknown { words }
        | Told::Left { words }
        | Told::Refused { words } => words,
        Told::Later(trouble) => &trouble.words,
    }
}

/// No words hold what must not be in them.
#[track_caller]
fn harmless(text: &str) {
    let text = text.to_lowercase();
    let coded = STANDARD.encode(format!(":{KEY}")).to_lowercase();
    for secret in [
        KEY,
        "jane",
        "doe+",
        "api_key=",
        "never-show",
        "mfkq9r8g",
        &coded,
    ] {
        assert!(!text.contains(secret), "{secret} stands in: {text}");
    }
    assert!(
        !text.contains('?') || text.contains("is `base` right?"),
        "a query stands in: {text}"
    );
}

#[track_caller]
fn obeyed(told: &Told) {
    assert!(matches!(told, Told::Obeyed { .. }), "{told:?}");
    harmless(words(told));
}

#[track_caller]
fn trouble(told: Told) -> Trouble {
    let Told::Later(trouble) = told else {
        panic!("{told:?}")
    };
    harmless(&trouble.words);
    trouble
}

/// What differs between vendors.
struct Manner {
    /// Somebody unknown is blocked beforehand, and not just unknown.
    blocks_strangers: bool,
    pauses: bool,
    lifts: bool,
    /// A whole pull tells who was taken off the list.
    complete: bool,
}

const fn manner(blocks_strangers: bool, pauses: bool, lifts: bool, complete: bool) -> Manner {
    Manner {
        blocks_strangers,
        pauses,
        lifts,
        complete,
    }
}

async fn every_act(vendor: Vendor, manner: Manner) {
    let Stage { fake, tool, folder } = stage(vendor).await;
    let jane = whom(&[JANE]);
    harmless(&tool.test().await.unwrap());
    for _ in 0..2 {
        obeyed(&tool.tell(NoticeAct::Suppress, &jane).await);
        assert!(
            fake.inside().world.is_out(JANE),
            "also when it is said twice"
        );
        assert!(!fake.inside().world.is_out(NEIGHBOUR), "nobody else");
    }
    strangers(&fake, &tool, &manner).await;
    lifted(&fake, &tool, &manner).await;
    paused(&fake, &tool, &manner).await;
    pulled(&fake, &tool, &manner).await;
    refused_keys(&fake, vendor, folder.path()).await;
    let calls = fake.inside().calls.clone();
    let secret_in_url = calls.iter().any(|c| c.query.iter().any(|(_, v)| v == KEY));
    assert_eq!(secret_in_url, vendor.preset == "smartlead");
    assert!(
        fake.inside().connections < calls.len(),
        "connections are kept"
    );
    assert!(tool.limits().at_once > 0 && tool.channels() == [Channel::Email]);
}

async fn strangers(fake: &Fake, tool: &Connector, manner: &Manner) {
    let told = tool
        .tell(NoticeAct::Suppress, &whom(&["jane.nobody@example.org"]))
        .await;
    harmless(words(&told));
    assert_eq!(
        matches!(told, Told::Obeyed { .. }),
        manner.blocks_strangers,
        "{told:?}"
    );
    assert_eq!(
        fake.inside().world.is_out("jane.nobody@example.org"),
        manner.blocks_strangers
    );
    if !manner.blocks_strangers {
        assert!(matches!(told, Told::Unknown { .. }), "{told:?}");
    }
    // Two addresses of one person, of which the tool knows one.
    obeyed(
        &tool
            .tell(
                NoticeAct::Suppress,
                &whom(&["jane.nobody@example.org", JANE]),
            )
            .await,
    );
    assert!(matches!(
        tool.tell(NoticeAct::Suppress, &whom(&[])).await,
        Told::Unknown { .. }
    ));
}

async fn lifted(fake: &Fake, tool: &Connector, manner: &Manner) {
    let jane = whom(&[JANE]);
    assert_eq!(tool.can(NoticeAct::Lift, &jane), manner.lifts);
    let told = tool.tell(NoticeAct::Lift, &jane).await;
    if manner.lifts {
        obeyed(&told);
        assert!(!fake.inside().world.is_out(JANE));
    } else {
        assert!(
            matches!(&told, Told::Refused { words } if words.contains("do it in")),
            "{told:?}"
        );
        fake.inside().world.out.clear();
    }
}

async fn paused(fake: &Fake, tool: &Connector, manner: &Manner) {
    let jane = whom(&[JANE]);
    fake.inside().world.paused.clear();
    assert_eq!(tool.can(NoticeAct::Pause, &jane), manner.pauses);
    let told = tool.tell(NoticeAct::Pause, &jane).await;
    if manner.pauses {
        obeyed(&told);
        let world = &fake.inside().world;
        assert!(world.is_out(JANE) || world.paused.contains(&JANE.to_lowercase()));
    } else {
        assert!(
            matches!(&told, Told::Refused { words } if words.contains("do it") || words.contains("pause them")),
            "{told:?}"
        );
    }
}

async fn pulled(fake: &Fake, tool: &Connector, manner: &Manner) {
    assert!(tool.can_pull());
    // More than two pages of the largest.
    let many: Vec<String> = (0..2_345).map(|n| format!("p{n}@example.net")).collect();
    {
        let world = &mut fake.inside().world;
        world.people.extend(many.iter().cloned());
        world.out.extend(many.iter().cloned());
        world.out.insert(JANE.to_lowercase());
        world.domains.insert("example.com".to_owned());
    }
    let mut pulled = tool.pull().await.unwrap();
    assert_eq!(pulled.complete, manner.complete);
    assert_eq!(pulled.unreadable, 0);
    pulled.addresses.sort_by_key(|a| a.as_str().to_owned());
    pulled.addresses.dedup();
    let mut expected: Vec<String> = fake.inside().world.out.iter().cloned().collect();
    expected.sort();
    let got: Vec<&str> = pulled.addresses.iter().map(Address::as_str).collect();
    assert_eq!(got, expected);
}

async fn refused_keys(fake: &Fake, vendor: Vendor, folder: &Path) {
    let jane = whom(&[JANE]);
    let tool = preset(folder, "another-key", vendor, &fake.url, "");
    assert_eq!(
        trouble(tool.tell(NoticeAct::Suppress, &jane).await).kind,
        TroubleKind::Login
    );
    assert_eq!(tool.pull().await.unwrap_err().kind, TroubleKind::Login);
    assert_eq!(tool.test().await.unwrap_err().kind, TroubleKind::Login);
    // A key that was rotated is found without a new connector.
    std::fs::write(folder.join("key"), KEY).unwrap();
    obeyed(&tool.tell(NoticeAct::Suppress, &jane).await);
    fake.misbehave(Some(Mischief::Status(429, Some("7"))));
    let limit = trouble(tool.tell(NoticeAct::Suppress, &jane).await);
    assert_eq!(
        (limit.kind, limit.wait),
        (TroubleKind::Limit, Some(Duration::from_secs(7)))
    );
    fake.misbehave(None);
}

#[tokio::test]
async fn lemlist_obeys() {
    every_act(vendors::LEMLIST, manner(true, true, true, true)).await;
}

#[tokio::test]
async fn smartlead_obeys() {
    every_act(vendors::SMARTLEAD, manner(false, true, false, false)).await;
}

#[tokio::test]
async fn instantly_obeys() {
    every_act(vendors::INSTANTLY, manner(true, true, true, true)).await;
}

#[tokio::test]
async fn hubspot_obeys() {
    every_act(vendors::HUBSPOT, manner(true, false, false, false)).await;
}

#[tokio::test]
async fn pipedrive_obeys() {
    every_act(vendors::PIPEDRIVE, manner(false, false, true, true)).await;
}

#[tokio::test]
async fn brevo_obeys() {
    every_act(vendors::BREVO, manner(true, true, true, true)).await;
}

#[tokio::test]
async fn mailchimp_obeys() {
    every_act(vendors::MAILCHIMP, manner(false, true, true, true)).await;
}

#[tokio::test]
async fn apollo_obeys() {
    every_act(vendors::APOLLO, manner(false, true, false, false)).await;
}

#[tokio::test]
async fn a_pause_is_a_stop_or_nothing_where_the_settings_say_so() {
    for vendor in [vendors::HUBSPOT, vendors::PIPEDRIVE] {
        let stage = stage(vendor).await;
        let (tool, jane) = (&stage.tool, whom(&[JANE]));
        assert!(matches!(
            tool.tell(NoticeAct::Pause, &jane).await,
            Told::Refused { .. }
        ));
        let words = tool.pauses_in_words();
        assert!(
            words.contains("by hand") && words.contains("as_stop"),
            "{words}"
        );
        let own = |setting| preset(stage.folder.path(), KEY, vendor, &stage.fake.url, setting);
        let left = own("pause = 'leave'");
        let told = left.tell(NoticeAct::Pause, &jane).await;
        assert!(
            matches!(&told, Told::Left { words } if words.contains("leave")),
            "{told:?}"
        );
        assert!(!stage.fake.inside().world.is_out(JANE), "it was not told");
        let told = own("pause = 'as_stop'").tell(NoticeAct::Pause, &jane).await;
        assert!(
            matches!(&told, Told::Obeyed { words } if words.contains("for good")),
            "{told:?}"
        );
        assert!(stage.fake.inside().world.is_out(JANE));
        obeyed(&left.tell(NoticeAct::Suppress, &jane).await);
    }
}

#[tokio::test]
async fn a_sender_that_feigns_is_found_by_reading_back() {
    for vendor in [vendors::PIPEDRIVE, vendors::INSTANTLY] {
        let stage = stage(vendor).await;
        stage.fake.inside().world.feigns = true;
        let told = stage.tool.tell(NoticeAct::Suppress, &whom(&[JANE])).await;
        assert!(
            matches!(&told, Told::Refused { words } if words.contains("did not")),
            "{told:?}"
        );
    }
    for vendor in [vendors::HUBSPOT, vendors::BREVO] {
        let stage = stage(vendor).await;
        stage.fake.inside().world.feigns = true;
        let told = trouble(
            stage
                .tool
                .tell(NoticeAct::Suppress, &whom(&[JANE, NEIGHBOUR]))
                .await,
        );
        assert!(told.words.contains("does not yet say"), "{told:?}");
        let calls = stage.fake.inside().calls.clone();
        assert_eq!(
            calls.iter().filter(|c| c.method == "POST").count(),
            2,
            "the other address is told"
        );
    }
}

#[tokio::test]
async fn a_domain_only_where_the_tool_knows_domains() {
    for vendor in vendors::ALL {
        let stage = stage(*vendor).await;
        let firm = domain("example.org");
        let knows = vendor.preset == "instantly";
        for act in [NoticeAct::Suppress, NoticeAct::Pause, NoticeAct::Lift] {
            assert_eq!(stage.tool.can(act, &firm), knows, "{}", vendor.preset);
            let told = stage.tool.tell(act, &firm).await;
            if knows {
                obeyed(&told);
                let blocked = !stage.fake.inside().world.domains.is_empty();
                assert_eq!(blocked, act != NoticeAct::Lift);
            } else {
                assert!(matches!(told, Told::Refused { .. }));
                assert!(stage.fake.inside().calls.is_empty(), "nothing is sent");
            }
        }
    }
}

#[tokio::test]
async fn somebody_who_unsubscribed_themselves_is_left_to_a_human_and_the_other_list_is_still_told()
{
    let stage = stage(vendors::MAILCHIMP).await;
    stage.fake.inside().world.paused.insert(JANE.to_lowercase());
    let told = stage.tool.tell(NoticeAct::Lift, &whom(&[JANE])).await;
    assert!(
        matches!(&told, Told::Refused { words } if words.contains("cannot subscribe")),
        "{told:?}"
    );
    harmless(words(&told));
    let calls = &stage.fake.inside().calls;
    assert_eq!(calls.iter().filter(|c| c.method == "PATCH").count(), 2);
}

#[tokio::test]
async fn a_search_for_words_stops_nobody_else_and_finds_who_stands_on_its_second_page() {
    let stage = stage(vendors::APOLLO).await;
    let crowd: Vec<String> = (0..150).map(|n| format!("jane.n{n}@example.org")).collect();
    stage.fake.inside().world.people.splice(0..0, crowd);
    obeyed(&stage.tool.tell(NoticeAct::Suppress, &whom(&[JANE])).await);
    let inside = stage.fake.inside();
    assert_eq!(
        inside.world.out.iter().collect::<Vec<_>>(),
        [&JANE.to_lowercase()]
    );
    assert_eq!(inside.world.paused, inside.world.out);
}

#[tokio::test]
async fn every_mischief_has_a_kind_of_its_own_and_no_words_hold_a_secret() {
    for vendor in vendors::ALL {
        let stage = stage(*vendor).await;
        let of = |more| preset(stage.folder.path(), KEY, *vendor, &stage.fake.url, more);
        // Only what never answers is not awaited for long.
        let (patient, hasty) = (of(""), of("timeout_seconds = 1"));
        let once = vendor.preset == "brevo";
        let elsewhere = format!("{}/elsewhere?key={KEY}", stage.fake.url);
        let status = |s| Mischief::Status(s, None);
        for (mischief, kind) in [
            (Mischief::Page, TroubleKind::Answer),
            (Mischief::HalfJson, TroubleKind::Answer),
            (Mischief::Endless, TroubleKind::Answer),
            (Mischief::Elsewhere(elsewhere), TroubleKind::Redirect),
            (status(401), TroubleKind::Login),
            (status(403), TroubleKind::Login),
            (status(425), TroubleKind::Limit),
            (status(503), TroubleKind::Server),
            (Mischief::Hang, TroubleKind::Timeout),
        ] {
            if matches!(mischief, Mischief::Hang | Mischief::Endless) && !once {
                continue; // They take long, and are the same for all.
            }
            stage.fake.misbehave(Some(mischief.clone()));
            let before = stage.fake.inside().calls.len();
            let hangs = mischief == Mischief::Hang;
            let tool = if hangs { &hasty } else { &patient };
            let told = trouble(tool.tell(NoticeAct::Suppress, &whom(&[JANE])).await);
            assert_eq!(told.kind, kind, "{} {mischief:?}: {told:?}", vendor.preset);
            assert_eq!(
                stage.fake.inside().calls.len(),
                before + 1,
                "nothing is followed, nothing is repeated"
            );
            if !hangs {
                let pull = tool.pull().await.unwrap_err();
                assert_eq!(pull.kind, kind, "{} {mischief:?}: {pull:?}", vendor.preset);
                harmless(&pull.words);
            }
        }
        stage.fake.misbehave(Some(status(422)));
        let told = patient.tell(NoticeAct::Suppress, &whom(&[JANE])).await;
        assert!(
            matches!(&told, Told::Refused { words } if words.contains("422: no more for …")),
            "{told:?}"
        );
        harmless(words(&told));
        stage.fake.misbehave(Some(Mischief::Cut));
        obeyed(&patient.tell(NoticeAct::Suppress, &whom(&[JANE])).await);
    }
}

#[tokio::test]
async fn a_certificate_is_believed_from_the_authority_that_is_named_and_for_its_name_only() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let ca = ours.file(folder.path());
    let more = format!("ca_file = '{}'", ca.display());
    for (certificate, good) in [
        (ours.vouch_for("localhost", 2090), true),
        (ours.vouch_for("localhost", 2021), false),
        (ours.vouch_for("vendor.example", 2090), false),
        (theirs.vouch_for("localhost", 2090), false),
    ] {
        let fake = Fake::start(vendors::BREVO, KEY, Some(&certificate)).await;
        let tool = preset(folder.path(), KEY, vendors::BREVO, &fake.url, &more);
        let told = tool.tell(NoticeAct::Suppress, &whom(&[JANE])).await;
        if good {
            obeyed(&told);
        } else {
            assert_eq!(trouble(told).kind, TroubleKind::Certificate);
            assert!(fake.inside().calls.is_empty(), "no key was sent");
        }
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_and_a_server_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}", nobody.local_addr().unwrap().port());
    drop(nobody);
    let tool = preset(folder.path(), KEY, vendors::BREVO, &url, "");
    assert_eq!(
        trouble(tool.tell(NoticeAct::Suppress, &whom(&[JANE])).await).kind,
        TroubleKind::Connect
    );
    std::fs::remove_file(folder.path().join("key")).unwrap();
    assert_eq!(
        trouble(tool.tell(NoticeAct::Suppress, &whom(&[JANE])).await).kind,
        TroubleKind::Secret
    );
}

#[tokio::test]
async fn many_are_told_side_by_side_over_few_connections() {
    let stage = stage(vendors::LEMLIST).await;
    let all: Vec<_> = (0..400)
        .map(|n| {
            let tool = stage.tool.clone();
            let one = whom(&[&format!("p{n}@example.net")]);
            async move { obeyed(&tool.tell(NoticeAct::Suppress, &one).await) }
        })
        .collect();
    let mut running = tokio::task::JoinSet::new();
    for one in all {
        if running.len() == stage.tool.limits().at_once {
            running.join_next().await.unwrap().unwrap();
        }
        running.spawn(one);
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    let inside = stage.fake.inside();
    assert_eq!(inside.world.out.len(), 400);
    assert!(
        inside.connections <= 4,
        "{} connections",
        inside.connections
    );
}

/// lemlist, if it gave fewer than it is asked for.
const STINGY: Vendor = Vendor {
    routes: &[("GET", "/unsubscribes", |world, call, _| {
        let offset = call.query("offset").parse().unwrap();
        let out = world.out.iter().skip(offset).take(37);
        let items: Vec<Value> = out.map(|a| json!({"email": a})).collect();
        Reply::ok(&json!(items))
    })],
    ..vendors::LEMLIST
};

#[tokio::test]
async fn a_list_is_read_whole_where_a_page_holds_fewer_than_were_asked_for() {
    let stage = stage(STINGY).await;
    let many = (0..200).map(|n| format!("p{n}@example.net"));
    stage.fake.inside().world.out.extend(many);
    let pulled = stage.tool.pull().await.unwrap();
    assert_eq!((pulled.addresses.len(), pulled.complete), (200, true));
}

// ---- a webhook

const HOOK_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// As a receiver does it: the signature of id, time and body under the shared secret.
fn signed(call: &vendor::Call, key: &str) -> bool {
    let key = STANDARD
        .decode(key.strip_prefix("whsec_").unwrap())
        .unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    let said = format!(
        "{}.{}.{}",
        call.header("webhook-id"),
        call.header("webhook-timestamp"),
        call.body
    );
    mac.update(said.as_bytes());
    call.header("webhook-signature")
        == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

const RECEIVER: Vendor = Vendor {
    preset: "",
    with: &[],
    base: "",
    knocks: signed,
    routes: &[("POST", "/stop", |world, call, _| {
        for one in call.json()["data"]["addresses"].as_array().unwrap() {
            world.opt_out(one.as_str().unwrap());
        }
        Reply::empty(204)
    })],
};

#[tokio::test]
async fn a_webhook_is_signed_and_its_id_is_that_of_the_act_and_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(RECEIVER, HOOK_KEY, None).await;
    let lines = format!(
        "webhook = {{ url = '{}/stop?t=1' }}\nsecret = {{ file = 'key' }}",
        fake.url
    );
    let hook = described(folder.path(), HOOK_KEY, &lines).unwrap();
    let jane = Whom {
        phone: Some("+33123456789".to_owned()),
        ..whom(&[JANE])
    };
    for act in [NoticeAct::Suppress, NoticeAct::Suppress, NoticeAct::Lift] {
        obeyed(&hook.tell(act, &jane).await);
    }
    obeyed(&hook.tell(NoticeAct::Suppress, &whom(&[NEIGHBOUR])).await);
    for _ in 0..2 {
        let again = hook.tell_notice("later", NoticeAct::Suppress, &jane);
        obeyed(&again.await);
    }
    harmless(&hook.test().await.unwrap());
    assert!(fake.inside().world.is_out(JANE));
    let calls = fake.inside().calls.clone();
    let ids: Vec<&str> = calls.iter().map(|c| c.header("webhook-id")).collect();
    assert!(
        ids[0] == ids[1] && ids[1] != ids[2] && ids[0] != ids[3] && ids[4] == ids[5],
        "{ids:?}"
    );
    assert_ne!(ids[0], ids[4], "a STOP after a lift is no repetition");
    let first = calls[0].json();
    assert_eq!(
        (first["type"].as_str(), first["data"]["phone"].as_str()),
        (Some("suppress"), Some("+33123456789"))
    );
    assert_eq!(
        (calls[0].query("t"), calls[6].json()["type"].as_str()),
        ("1", Some("test"))
    );

    let other = described(folder.path(), "whsec_AAAA", &lines).unwrap();
    assert_eq!(
        trouble(other.tell(NoticeAct::Pause, &jane).await).kind,
        TroubleKind::Login
    );
    let none = described(folder.path(), "whsec_not base64", &lines).unwrap();
    assert_eq!(
        trouble(none.tell(NoticeAct::Pause, &jane).await).kind,
        TroubleKind::Secret
    );
    fake.misbehave(Some(Mischief::Page));
    let again = described(folder.path(), HOOK_KEY, &lines).unwrap();
    assert_eq!(
        trouble(again.tell(NoticeAct::Pause, &jane).await).kind,
        TroubleKind::Answer
    );
    assert!(!again.can_pull());
}

// ---- a command, a file

#[tokio::test]
async fn a_command_reads_the_notice_and_answers_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let script = |text: &str| {
        let line = format!(
            "command = ['sh', '-c', {}]\ntimeout_seconds = 1",
            toml::Value::from(text)
        );
        described(folder.path(), KEY, &line).unwrap()
    };
    let heard = folder.path().join("heard");
    let jane = whom(&[JANE]);
    let tool = script(&format!("cat > {}", heard.display()));
    obeyed(&tool.tell(NoticeAct::Suppress, &jane).await);
    let notice: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&heard).unwrap()).unwrap();
    assert_eq!(
        (
            notice["type"].as_str(),
            notice["data"]["addresses"][0].as_str()
        ),
        (Some("suppress"), Some(address(JANE).as_str()))
    );
    harmless(&tool.test().await.unwrap());
    let told = script("exit 69").tell(NoticeAct::Suppress, &jane).await;
    assert!(matches!(told, Told::Unknown { .. }));
    let complains = "echo no way for $(cat | tr ',' '\\n' | grep -o 'jane.*org') >&2; exit";
    let later = trouble(
        script(&format!("{complains} 75"))
            .tell(NoticeAct::Suppress, &jane)
            .await,
    );
    assert!(
        later.kind == TroubleKind::Local && later.words.contains("75: no way for"),
        "{later:?}"
    );
    let told = script(&format!("{complains} 3"))
        .tell(NoticeAct::Suppress, &jane)
        .await;
    assert!(
        matches!(&told, Told::Refused { words } if words.contains("ended with 3")),
        "{told:?}"
    );
    harmless(words(&told));
    let child = folder.path().join("child");
    let endless = script(&format!("sleep 600 & echo $! > {}; wait", child.display()));
    let slow = trouble(endless.tell(NoticeAct::Suppress, &jane).await);
    assert_eq!(slow.kind, TroubleKind::Timeout);
    let started = std::fs::read_to_string(&child).unwrap();
    let state =
        || std::fs::read_to_string(format!("/proc/{}/stat", started.trim())).unwrap_or_default();
    // What it started ends too; a zombie waits for whoever adopted it.
    while !state().is_empty() && !state().contains(") Z ") {
        tokio::task::yield_now().await;
    }
    let absent = described(folder.path(), KEY, "command = ['/no/such/program']").unwrap();
    assert_eq!(
        trouble(absent.tell(NoticeAct::Suppress, &jane).await).kind,
        TroubleKind::Local
    );
}

#[tokio::test]
async fn a_file_gets_its_header_once_and_a_line_for_each_address() {
    use std::os::unix::fs::PermissionsExt as _;
    // As the daemon has it; whoever imports the file may be another user all the same.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let folder = tempfile::tempdir().unwrap();
    let tool = described(folder.path(), KEY, "drop = 'stop.csv'").unwrap();
    let file = folder.path().join("stop.csv");
    harmless(&tool.test().await.unwrap());
    obeyed(
        &tool
            .tell(NoticeAct::Suppress, &whom(&[JANE, NEIGHBOUR]))
            .await,
    );
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    // A line that broke off, as after a crash.
    let mut text = std::fs::read_to_string(&file).unwrap();
    text.push_str("2026");
    std::fs::write(&file, text).unwrap();
    obeyed(&tool.tell(NoticeAct::Lift, &domain("example.org")).await);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "time,act,address,domain,phone,profile_url,crm_id");
    assert!(
        lines[1].ends_with(&format!("Z,suppress,{},,,,", address(JANE).as_str())),
        "{text}"
    );
    assert!(
        lines[2].contains(NEIGHBOUR)
            && lines[3] == "2026"
            && lines[4].ends_with(",lift,,example.org,,,"),
        "{text}"
    );
    assert_eq!(lines.len(), 5);
    let nowhere = described(folder.path(), KEY, "drop = 'no/such/folder/stop.csv'").unwrap();
    assert_eq!(
        trouble(nowhere.tell(NoticeAct::Suppress, &whom(&[JANE])).await).kind,
        TroubleKind::Local
    );
    assert!(nowhere.test().await.is_err());
}

// ---- mistakes in a preset

const OURS: &str = "name = 'Ours'\nbase = 'https://api.example.com'\nchannels = ['email']\n[auth]\nkind = 'bearer'\n[[test]]\nmethod = 'GET'\npath = '/me'\n[[suppress]]\nmethod = 'POST'\npath = '/stop/{{ address | url }}'\nbody = '{\"to\": {{ address | json }}}'\n";

#[test]
fn every_mistake_of_a_preset_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let faults = |text: &str| {
        std::fs::write(folder.path().join("ours.toml"), text).unwrap();
        described(
            folder.path(),
            KEY,
            "file = 'ours.toml'\nsecret = { file = 'key' }",
        )
        .err()
        .unwrap_or_default()
    };
    assert!(faults(OURS).is_empty(), "{:?}", faults(OURS));
    for (from, to, line, what) in [
        ("[auth]", "colour = 1\n[auth]", 4, "unknown field `colour`"),
        ("'POST'", "'SHOUT'", 10, "unknown variant `SHOUT`"),
        ("'bearer'", "'telepathy'", 5, "telepathy"),
        ("address | url", "adress | url", 11, "adress"),
        ("address | url", "address | rot13", 11, "rot13"),
        ("address | url", "address | url }", 11, ""),
        ("{{ address | json }}", "{{ address }}", 12, "no JSON"),
        ("'/stop/", "'stop/", 11, "not a path"),
        (
            "method = 'POST'",
            "method = 'POST'\ntake = { id = 'id' }",
            11,
            "not a JSON pointer",
        ),
        (
            "method = 'POST'",
            "method = 'POST'\nexpect = { done = 'yes' }",
            11,
            "not a JSON pointer",
        ),
        (
            "method = 'POST'",
            "method = 'POST'\ndone = [20]",
            12,
            "no status",
        ),
        (
            "method = 'POST'",
            "method = 'POST'\nitems = '/a'",
            12,
            "belong together",
        ),
        (
            "method = 'POST'",
            "method = 'POST'\nwhere = { '/a' = 'b' }",
            12,
            "there is neither",
        ),
        (
            "[[suppress]]",
            "[[pull]]\nmethod = 'GET'\npath = '/out'\nunknown = [404]\nitems = ''\naddress = ['/a']\n[[suppress]]",
            11,
            "half a list",
        ),
        (
            "[[suppress]]",
            "[[pull]]\nmethod = 'GET'\npath = '/out'\n[[suppress]]",
            0,
            "no step of [[pull]] has items",
        ),
        (
            "method = 'POST'",
            "method = 'POST'\npaging = { by = 'cursor' }",
            12,
            "paging",
        ),
        ("[[suppress]]", "[[pause]]", 0, "no [[suppress]]"),
        ("[[test]]", "[[lift]]", 0, "no [[test]]"),
        (
            "'bearer'",
            "'header'\nname = 'x key'",
            0,
            "not the name of a header",
        ),
        ("https://", "http://", 2, "clear text"),
        (
            "https://api.example.com",
            "https://{{ with.region }}.example.com",
            2,
            "region",
        ),
        ("body = '", "body = '''\n\n", 14, ""),
    ] {
        let text = OURS.replacen(from, to, 1);
        let text = if to.starts_with("body = '''") {
            text.replace("}}}'", "}}{% if %}}'''")
        } else {
            text
        };
        let faults = faults(&text);
        assert!(!faults.is_empty(), "{to}");
        let first = &faults[0];
        assert_eq!(first.line, line, "{to}: {faults:#?}");
        assert!(
            first.what.contains(what) && !first.fix.is_empty(),
            "{to}: {faults:#?}"
        );
        assert!(first.file.ends_with("ours.toml"), "{to}: {faults:#?}");
    }
}

#[test]
fn values_that_a_preset_needs_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let faults = |lines: &str| {
        let lines = format!("secret = {{ file = 'key' }}\n{lines}");
        described(folder.path(), KEY, &lines).unwrap_err()
    };
    for (lines, what) in [
        ("preset = 'mailchimp'", "needs a value \"dc\""),
        (
            "preset = 'lemlist'\nwith = { dc = 'x' }",
            "knows no value \"dc\"",
        ),
        ("preset = 'lemlist'\nca_file = 'none.pem'", "ca_file"),
        ("preset = 'salesforce'", "there is no preset \"salesforce\""),
        ("file = 'none.toml'", "cannot be read"),
        (
            "preset = 'lemlist'\nbase = 'http://api.example.com'",
            "clear text",
        ),
    ] {
        let told = faults(lines);
        assert!(
            told.len() == 1 && told[0].what.contains(what) && !told[0].fix.is_empty(),
            "{lines}: {told:#?}"
        );
    }
}

#[test]
fn what_is_not_verified_is_said() {
    let folder = tempfile::tempdir().unwrap();
    for vendor in vendors::ALL {
        let tool = preset(folder.path(), KEY, *vendor, "http://127.0.0.1:1", "");
        let told = tool.unverified();
        let sure = ["instantly", "pipedrive", "brevo"].contains(&vendor.preset);
        assert_eq!(told.is_empty(), sure, "{}: {told:#?}", vendor.preset);
        assert!(told.iter().all(|t| t.contains(": ")));
    }
}
