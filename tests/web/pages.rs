//! What Today, Cases and a case show, and what a reviewer orders there.

use crate::stage::read;
use crate::web::{Browser, WebStage};
use quitus::record::Mode;
use std::time::Duration;

const STOP: &str = "Please remove me from your mailing list.";

/// A case whose letter waits for approval.
async fn waiting(stage: &WebStage) -> String {
    stage
        .house
        .receives("bob@cliff.example", "Re: Relais", STOP)
        .await;
    stage.house.open().await.pop().unwrap()
}

async fn at(browser: &mut Browser, case: &str) -> crate::web::Page {
    browser.look(&format!("/cases/{case}")).await
}

/// The value of a hidden field on a page.
fn hidden(page: &crate::web::Page, name: &str) -> String {
    let found = page.body.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let rest = found.unwrap_or_else(|| panic!("no {name} in {}", page.text()));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn empty_pages_say_what_will_appear() {
    let stage = WebStage::build(Mode::Review).await;
    let mut odile = stage.signed_in("odile").await;
    let today = odile.look("/").await.text();
    assert!(today.contains("appear here by themselves"), "{today}");
    let cases = odile.look("/cases").await.text();
    assert!(cases.contains("quitus requests new"), "{cases}");
    let none = odile.look("/cases?kind=stop").await.text();
    assert!(none.contains("Take a filter away"), "{none}");
    stage.end().await;
}

#[tokio::test]
async fn today_leads_to_the_case_and_the_case_shows_why_it_was_decided_so() {
    let stage = WebStage::build(Mode::Review).await;
    let case = waiting(&stage).await;
    let mut odile = stage.signed_in("odile").await;
    let today = odile.look("/").await;
    assert!(
        today.body.contains(&format!("href=\"/cases/{case}\"")),
        "{}",
        today.text()
    );
    let asks = format!("{case}</a><br><span class=\"soft\">STOP</span>");
    assert!(today.body.contains(&asks), "{}", today.body);
    // Who waits is masked where whoever passes may look.
    for list in ["/", "/cases"] {
        let list = odile.look(list).await;
        assert!(list.text().contains("b…@c…f.example"), "{}", list.text());
        assert!(!list.body.contains("bob@cliff.example"));
    }
    assert!(
        today.text().contains("A letter to approve"),
        "{}",
        today.text()
    );
    let page = at(&mut odile, &case).await;
    let text = page.text();
    for said in [
        "bob@cliff.example",
        "Quarrystone",
        "Cliff",
        "prospect",
        "Suppressed",
        "The words that decided",
        "one month by law",
        "The linter finds nothing",
        "exactly this letter leaves to bob@cliff.example",
        "It answers the case, which is then closed",
        "A message arrived",
        "waits for you",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(
        page.body
            .contains("<mark class=\"why\" tabindex=\"0\" aria-describedby=\"why-1\">"),
        "{text}"
    );
    assert!(page.body.contains("id=\"why-1\""));
    stage.end().await;
}

#[tokio::test]
async fn a_copy_that_cannot_name_every_source_says_so_before_it_is_approved() {
    let stage = WebStage::build(Mode::Review).await;
    let list = "email,last_name,country,language,relation,provider,origin\n\
                hugo@lande.example,Lande,FR,fr,prospect,Dropcontact,site public de Lande\n";
    stage.house.import(list).await;
    let ask = "Bonjour, merci de m'envoyer une copie de toutes les données que vous détenez sur moi (article 15 du RGPD).";
    stage
        .house
        .receives("hugo@lande.example", "Mes données", ask)
        .await;
    let case = stage.house.open().await.pop().unwrap();
    let mut odile = stage.signed_in("odile").await;
    let text = at(&mut odile, &case).await.text();
    let said = "or say it in the letter: an origin has no date";
    assert!(text.contains(said), "{text}");
    odile.language = "fr";
    let text = at(&mut odile, &case).await.text();
    assert!(text.contains("La copie ne dit pas"), "{text}");
    assert!(text.contains("pas de date"), "{text}");
    stage.end().await;
}

#[tokio::test]
async fn a_letter_is_approved_as_it_was_shown_and_the_log_knows_who_did_it() {
    let stage = WebStage::build(Mode::Review).await;
    let case = waiting(&stage).await;
    let mut odile = stage.signed_in("odile").await;
    let page = at(&mut odile, &case).await;
    let (version, hash) = (hidden(&page, "version"), hidden(&page, "hash"));
    let path = format!("/cases/{case}/approve");
    // Whatever else the form says, the name is that of the session.
    let fields = [("version", &*version), ("hash", &*hash), ("by", "mallory")];
    let next = odile.orders(&path, &fields).await;
    assert!(
        next.text().contains("The letter is about to leave"),
        "{}",
        next.text()
    );
    assert!(stage.house.post.wait_for(1, Duration::from_secs(20)).await);
    let letter = stage.house.post.received().pop().unwrap();
    assert_eq!(letter.to, ["bob@cliff.example"]);
    // The second of two clicks is told what the first one did.
    let second = odile.orders(&path, &fields).await.text();
    assert!(
        second.contains("You approved this letter already"),
        "{second}"
    );
    assert_eq!(stage.house.post.count(), 1);
    let words: Vec<String> = read(&letter)
        .0
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    assert!(
        page.text().contains(&words.join(" ")),
        "what was shown is what left"
    );
    let log = stage.house.client.get("/log").await.unwrap().text;
    assert!(log.contains("odile") && !log.contains("mallory"), "{log}");
    let again = at(&mut odile, &case).await.text();
    assert!(
        !again.contains("about to leave. You can"),
        "it is said once: {again}"
    );
    stage.end().await;
}

#[tokio::test]
async fn of_more_cases_than_are_approved_at_once_the_rest_is_named() {
    let stage = WebStage::build(Mode::Review).await;
    let case = waiting(&stage).await;
    let mut odile = stage.signed_in("odile").await;
    let fields = vec![("case", &*case); 103];
    let page = odile.post("/cases/approve", &fields).await.text();
    assert!(page.contains("You chose 3 more than the 100"), "{page}");
    let page = odile.post("/cases/approve", &fields[..100]).await.text();
    assert!(!page.contains("You chose"), "{page}");
    stage.end().await;
}

#[tokio::test]
async fn what_changed_since_it_was_shown_is_not_ordered() {
    let stage = WebStage::build(Mode::Review).await;
    let case = waiting(&stage).await;
    let mut odile = stage.signed_in("odile").await;
    let page = at(&mut odile, &case).await;
    let (version, hash) = (hidden(&page, "version"), hidden(&page, "hash"));
    stage
        .house
        .import("email,last_name\nbob@cliff.example,Hermine\n")
        .await;
    let path = format!("/cases/{case}/approve");
    let next = odile
        .orders(&path, &[("version", &version), ("hash", &hash)])
        .await;
    assert!(
        next.text().contains("Something changed since you looked"),
        "{}",
        next.text()
    );
    assert!(next.text().contains("Hermine"));
    let path = format!("/cases/{case}/refuse");
    let next = odile
        .orders(&path, &[("version", "0"), ("reason", "r")])
        .await;
    assert!(next.text().contains("Something changed since you looked"));
    let version = hidden(&next, "version");
    let next = odile
        .orders(&path, &[("version", &version), ("reason", "not ours")])
        .await;
    assert!(
        next.text().contains("Refused and closed"),
        "{}",
        next.text()
    );
    assert_eq!(stage.house.post.count(), 0);
    stage.end().await;
}

#[tokio::test]
async fn a_viewer_and_a_writer_look_and_order_nothing() {
    let stage = WebStage::build(Mode::Review).await;
    let case = waiting(&stage).await;
    for name in ["vera", "wim"] {
        let mut browser = stage.signed_in(name).await;
        let page = at(&mut browser, &case).await;
        assert!(
            !page.body.contains(&format!("action=\"/cases/{case}")),
            "no order is offered"
        );
        let draft = stage.house.drafts(&case).await.remove(0);
        let version = stage.house.show(&case).await.data["version"].to_string();
        let hash = draft["hash"].as_str().unwrap();
        for order in [
            "approve",
            "refuse",
            "answered",
            "extend",
            "identify",
            "done",
            "tell",
            "lift",
            "letters/1/cancel",
            "proposals/1/accept",
            "proposals/1/dismiss",
        ] {
            let fields = [
                ("version", &*version),
                ("hash", hash),
                ("reason", "r"),
                ("address", "bob@cliff.example"),
            ];
            let page = browser
                .post(&format!("/cases/{case}/{order}"), &fields)
                .await;
            assert_eq!(page.status, 403, "{name} {order}: {}", page.text());
        }
        for path in ["/cases/approve", "/cases/approve/all"] {
            assert_eq!(
                browser.post(path, &[("case", &case)]).await.status,
                403,
                "{path}"
            );
        }
        let before = stage.house.show(&case).await.data["version"].to_string();
        assert_eq!(before, version, "nothing changed");
    }
    stage.end().await;
}

#[tokio::test]
async fn the_html_of_a_letter_and_what_strangers_wrote_have_no_rights() {
    let stage = WebStage::build(Mode::Review).await;
    let hostile = format!("{STOP} <script>alert(1)</script><img src=x onerror=alert(1)> \"><b>");
    stage
        .house
        .receives(
            "bob@cliff.example",
            "Re: <script>alert(2)</script>",
            &hostile,
        )
        .await;
    let case = stage.house.open().await.pop().unwrap();
    let mut odile = stage.signed_in("odile").await;
    let page = at(&mut odile, &case).await;
    assert!(
        !page.body.contains("<script>") && !page.body.contains("<img"),
        "escaped"
    );
    assert!(page.body.contains("&lt;script&gt;"));
    assert!(
        page.body.contains("<iframe sandbox title="),
        "{}",
        page.body
    );
    assert!(
        !page.body.contains("style=\"") && !page.body.contains("onclick"),
        "nothing inline"
    );
    let html = odile.look(&format!("/cases/{case}/letters/1/html")).await;
    let policy = html.header("content-security-policy");
    assert!(
        policy.starts_with("sandbox; default-src 'none'")
            && policy.ends_with("frame-ancestors 'self'"),
        "{policy}"
    );
    assert!(
        !policy.contains("script") && !policy.contains("allow"),
        "{policy}"
    );
    assert_eq!(html.header("x-frame-options"), "SAMEORIGIN");
    assert!(html.body.contains("<html"), "{}", html.body);
    stage.end().await;
}

#[tokio::test]
async fn cases_are_filtered_and_found_exactly() {
    let stage = WebStage::build(Mode::Review).await;
    let english = waiting(&stage).await;
    stage
        .house
        .receives(
            "anne@dune.example",
            "Re: Relais",
            "Bonjour, d'où vient mon adresse e-mail ?",
        )
        .await;
    let french = stage
        .house
        .open()
        .await
        .into_iter()
        .find(|c| *c != english)
        .unwrap();
    let mut odile = stage.signed_in("odile").await;
    for (query, shown, hidden) in [
        ("kind=stop", &english, &french),
        ("kind=source", &french, &english),
        ("language=fr&mailbox=sales", &french, &english),
        ("state=draft&kind=stop&owner=", &english, &french),
        ("find=@dune.example&kind=stop&state=open", &french, &french),
    ] {
        let page = odile.look(&format!("/cases?{query}")).await;
        assert_eq!(
            page.body.contains(&format!("/cases/{shown}\"")),
            !query.starts_with("find"),
            "{query}"
        );
        assert!(
            !page.body.contains(&format!("/cases/{hidden}\"")),
            "{query}"
        );
    }
    for (query, case) in [
        ("find=anne@dune.example", &french),
        ("find=@dune.example", &french),
        (&format!("find={english}"), &english),
        (&format!("find=%20{}%20", english.to_lowercase()), &english),
    ] {
        let page = odile.get(&format!("/cases?{query}")).await;
        assert_eq!(
            (page.status, page.header("location")),
            (303, &*format!("/cases/{case}")),
            "{query}"
        );
    }
    let wrong = odile.look("/cases?find=nonsense").await;
    assert!(
        wrong
            .body
            .contains("aria-describedby=\"f-find-hint f-wrong\""),
        "{}",
        wrong.text()
    );
    let nobody = odile
        .look("/cases?find=nobody@nowhere.example")
        .await
        .text();
    assert!(nobody.contains("No case is like this"), "{nobody}");
    let both = odile.look("/cases").await.body;
    assert!(both.contains(&english) && both.contains(&french));
    stage.end().await;
}

#[tokio::test]
async fn several_letters_leave_after_a_look_at_them() {
    let stage = WebStage::build(Mode::Review).await;
    let english = waiting(&stage).await;
    stage
        .house
        .receives(
            "anne@dune.example",
            "Re: Relais",
            "Bonjour, d'où vient mon adresse e-mail ?",
        )
        .await;
    let french = stage
        .house
        .open()
        .await
        .into_iter()
        .find(|c| *c != english)
        .unwrap();
    let mut odile = stage.signed_in("odile").await;
    odile.look("/cases?state=draft").await;
    let page = odile
        .post("/cases/approve", &[("case", &english), ("case", &french)])
        .await;
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    assert!(
        text.contains("bob@cliff.example") && text.contains("anne@dune.example"),
        "{text}"
    );
    assert_eq!(stage.house.post.count(), 0, "nothing leaves by looking");
    let chosen: Vec<String> = page
        .body
        .split("name=\"letter\" value=\"")
        .skip(1)
        .map(|r| r.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(chosen.len(), 2);
    stage
        .house
        .import("email,last_name\nbob@cliff.example,Hermine\n")
        .await;
    let fields: Vec<(&str, &str)> = chosen.iter().map(|c| ("letter", c.as_str())).collect();
    let done = odile.orders("/cases/approve/all", &fields).await;
    let text = done.text();
    assert!(text.contains("Letters about to leave: 1"), "{text}");
    assert!(
        text.contains(&format!("{english}: Something changed")),
        "{text}"
    );
    assert!(stage.house.post.wait_for(1, Duration::from_secs(20)).await);
    assert_eq!(stage.house.post.received()[0].to, ["anne@dune.example"]);
    stage.end().await;
}

#[tokio::test]
async fn pages_speak_french_to_whoever_reads_french() {
    let stage = WebStage::build(Mode::Review).await;
    let case = waiting(&stage).await;
    let mut browser = stage.browser();
    browser.language = "fr-FR,fr;q=0.9";
    assert!(
        browser
            .look("/sign-in")
            .await
            .text()
            .contains("Mot de passe")
    );
    let mut odile = stage.signed_in("odile").await;
    let switched = odile
        .orders("/language", &[("language", "fr"), ("next", "/")])
        .await;
    assert!(switched.body.contains("<html lang=\"fr\">"));
    for (path, said) in [
        ("/".to_owned(), "Une lettre à approuver"),
        ("/cases".to_owned(), "Dossiers"),
        (format!("/cases/{case}"), "Les mots qui ont tranché"),
        ("/nowhere".to_owned(), "Cette page n'existe pas"),
    ] {
        let page = odile.get(&path).await.text();
        assert!(page.contains(said), "{path}: {page}");
    }
    stage.end().await;
}

#[tokio::test]
async fn what_is_closed_is_found_among_all_and_not_among_the_open() {
    let stage = WebStage::build(Mode::Review).await;
    let open = waiting(&stage).await;
    let (case, ..) = stage.house.approve_only().await;
    assert_eq!(case, open);
    let mut vera = stage.signed_in("vera").await;
    for (query, there) in [
        ("state=open", false),
        ("state=draft", false),
        ("state=closed", true),
        ("state=answered&kind=stop", true),
        ("state=refused", false),
        ("state=all", true),
        ("state=all&kind=access", false),
    ] {
        let page = vera.look(&format!("/cases?{query}")).await;
        let found = page.body.contains(&format!("/cases/{case}\""));
        assert_eq!(found, there, "{query}");
    }
    let page = at(&mut vera, &case).await.text();
    assert!(page.contains("Closed") && page.contains("sent"), "{page}");
    stage.end().await;
}
