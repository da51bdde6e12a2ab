//! The pages of templates: edited beside the letter, refused with the line, never over what somebody else wrote.

use crate::web::{Browser, Page, WebStage};
use quitus::record::Mode;

const BODY: &str = "fr/stop/body.txt";
const EDIT: &str = "/templates/edit?path=fr%2Fstop%2Fbody.txt";

struct Writing {
    stage: WebStage,
    own: tempfile::TempDir,
}

impl Writing {
    async fn begin() -> Self {
        let own = tempfile::tempdir().unwrap();
        let more = format!("[templates]\npath = \"{}\"\n", own.path().display());
        let stage = WebStage::with(Mode::Review, &more, |_| {}).await;
        Self { stage, own }
    }

    fn on_disk(&self) -> Option<String> {
        std::fs::read_to_string(self.own.path().join(BODY)).ok()
    }
}

/// A hidden field of the editor.
fn hidden(page: &Page, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let found = page
        .body
        .split(&mark)
        .nth(1)
        .unwrap_or_else(|| panic!("no {name}"));
    found.split('"').next().unwrap().to_owned()
}

/// What stands in the text field.
fn typed(page: &Page) -> String {
    let start = page.body.split("<textarea").nth(1).unwrap();
    let start = &start[start.find('>').unwrap() + 1..];
    let text = start.split("</textarea>").next().unwrap();
    let text = text.strip_prefix('\n').unwrap();
    text.replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

async fn order(browser: &mut Browser, button: &str, text: &str, seen: &str) -> Page {
    let fields = [
        ("path", BODY),
        ("text", text),
        ("seen", seen),
        ("do", button),
    ];
    browser.post("/templates/edit", &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_sees_what_a_text_changes_then_publishes_it_and_can_go_back() {
    let writing = Writing::begin().await;
    let mut wim = writing.stage.signed_in("wim").await;
    let list = wim.look("/templates?language=fr").await;
    assert!(
        list.text().contains("STOP")
            && list
                .body
                .contains("/templates/edit?path=fr%2Fstop%2Fbody.txt")
    );
    let page = wim.look(EDIT).await;
    let (text, seen) = (typed(&page), hidden(&page, "seen"));
    assert!(
        text.contains("{% include \"fr/parts/stop.txt\" %}"),
        "{text}"
    );
    // A form ends its lines as HTTP does; the file does not.
    let new = format!("{}\nMerci & à bientôt <Claire>.\n", text.trim_end());
    let sent = new.replace('\n', "\r\n");
    let checked = order(&mut wim, "check", &sent, &seen).await;
    assert_eq!(checked.status, 200);
    assert!(
        checked.body.contains("class=\"added\"")
            && checked.text().contains("Merci & à bientôt <Claire>.")
    );
    assert!(checked.body.contains("value=\"publish\"") && writing.on_disk().is_none());
    assert_eq!(typed(&checked).replace("\r\n", "\n"), new);
    let done = order(&mut wim, "publish", &sent, &seen).await;
    assert_eq!(
        (done.status, done.header("location")),
        (303, EDIT),
        "{}",
        done.text()
    );
    assert_eq!(writing.on_disk().as_deref(), Some(new.as_str()));
    let page = wim.look(EDIT).await;
    assert!(page.text().contains("Published. It is in force.") && page.text().contains("wim"));
    assert!(
        !wim.look(EDIT)
            .await
            .text()
            .contains("Published. It is in force."),
        "said twice"
    );
    let back = [
        ("path", BODY),
        ("version", "quitus"),
        ("seen", &hidden(&page, "seen")),
    ];
    let page = wim.orders("/templates/roll_back", &back).await;
    assert!(
        page.text().contains("The earlier text is in force again."),
        "{}",
        page.text()
    );
    assert!(writing.on_disk().is_none());
    let again = [
        ("path", BODY),
        ("version", "1"),
        ("seen", &hidden(&page, "seen")),
    ];
    wim.orders("/templates/roll_back", &again).await;
    assert_eq!(writing.on_disk().as_deref(), Some(new.as_str()));
    let compared = wim
        .look("/templates/compare?path=fr/stop/body.txt&from=quitus&to=in_force")
        .await;
    assert!(compared.body.contains("class=\"added\"") && compared.text().contains("Merci"));
    writing.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_text_is_shown_with_its_line_and_not_published_and_nothing_typed_is_lost() {
    let writing = Writing::begin().await;
    let mut wim = writing.stage.signed_in("wim").await;
    let page = wim.look(EDIT).await;
    let seen = hidden(&page, "seen");
    let broken = "Bonjour\n\n{{ person.salutatoin }}\n";
    let page = order(&mut wim, "check", broken, &seen).await;
    assert!(
        page.text()
            .contains("line 3: there is no variable `person.salutatoin`"),
        "{}",
        page.text()
    );
    assert!(
        page.body.contains("aria-invalid=\"true\"") && !page.body.contains("value=\"publish\"")
    );
    // The script puts what stands here beside what is typed: in the page's language.
    wim.language = "fr";
    let french = order(&mut wim, "check", broken, &seen).await;
    let faults = french.body.split("id=\"faults\"").nth(1).unwrap();
    let faults = faults.split("<form").next().unwrap();
    assert!(
        faults.contains("ligne 3: il n&#39;y a pas de variable `person.salutatoin`")
            && faults.contains("vouliez-vous dire `person.salutation` ?")
            && !faults.contains("lang=\"en\""),
        "{faults}"
    );
    wim.language = "en";
    let page = order(&mut wim, "publish", broken, &seen).await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("line 3:") && typed(&page) == broken);
    assert!(writing.on_disk().is_none());
    // As a draft it is kept, and is there when the page is opened again.
    let page = order(&mut wim, "draft", broken, &seen).await;
    assert_eq!(page.status, 303);
    let page = wim.look(EDIT).await;
    assert!(typed(&page) == broken && page.text().contains("Draft by wim"));
    let list = wim.look("/templates").await;
    assert!(list.text().contains("Drafts 1") && list.body.contains("value=\"fr/stop/body.txt\""));
    let tried = wim.orders("/templates/publish", &[("draft", BODY)]).await;
    assert!(tried.text().contains("Nothing was changed.") && tried.text().contains("salutatoin"));
    let page = order(&mut wim, "drop", broken, &seen).await;
    assert_eq!(page.status, 303);
    assert_ne!(typed(&wim.look(EDIT).await), broken);
    writing.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_does_not_say_what_it_is_based_on_publishes_nothing_and_loses_nothing() {
    let writing = Writing::begin().await;
    let mut wim = writing.stage.signed_in("wim").await;
    let page = wim.look(EDIT).await;
    let mine = format!("{}\nDe Wim.\n", typed(&page));
    let page = order(&mut wim, "publish", &mine, "").await;
    assert_eq!(page.status, 409);
    assert!(
        page.text()
            .contains("Your page did not say on which text yours is based."),
        "{}",
        page.text()
    );
    assert_eq!((writing.on_disk(), typed(&page)), (None, mine));
    writing.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_edit_is_a_conflict_that_is_shown_and_never_overwritten_unread() {
    let writing = Writing::begin().await;
    let mut wim = writing.stage.signed_in("wim").await;
    let page = wim.look(EDIT).await;
    let (text, seen) = (typed(&page), hidden(&page, "seen"));
    let (mine, theirs) = (format!("{text}\nDe Wim.\n"), format!("{text}\nDe Rémi.\n"));
    std::fs::create_dir_all(writing.own.path().join("fr/stop")).unwrap();
    std::fs::write(writing.own.path().join(BODY), &theirs).unwrap();
    let page = order(&mut wim, "publish", &mine, &seen).await;
    assert_eq!(page.status, 409);
    assert_eq!(writing.on_disk().as_deref(), Some(theirs.as_str()));
    assert!(
        page.text()
            .contains("Somebody changed this file since you read it.")
    );
    assert!(
        page.text().contains("De Rémi.") && typed(&page) == mine,
        "both are shown"
    );
    let now = hidden(&page, "seen");
    assert_ne!(now, seen);
    let done = order(&mut wim, "publish", &mine, &now).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(writing.on_disk().as_deref(), Some(mine.as_str()));
    let page = wim.look(EDIT).await;
    assert!(
        page.text().contains("edited outside"),
        "theirs is a version"
    );
    writing.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_letter_is_shown_in_a_frame_that_can_do_nothing() {
    let writing = Writing::begin().await;
    let mut wim = writing.stage.signed_in("wim").await;
    let page = wim.look(EDIT).await;
    assert!(page.body.contains("<iframe name=\"preview\"") && page.body.contains(" sandbox>"));
    let text = format!("{}\n<b>Ciao</b>\n", typed(&page));
    let fields = |form: &'static str| {
        [
            ("path", BODY),
            ("text", &*text),
            ("kind", "stop"),
            ("language", "fr"),
            ("as", form),
        ]
        .map(|(k, v)| (k, v.to_owned()))
    };
    for form in ["text", "html"] {
        let fields = fields(form);
        let fields: Vec<_> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let frame = wim.post("/templates/preview", &fields).await;
        assert_eq!(frame.status, 200, "{}", frame.text());
        let policy = frame.header("content-security-policy");
        assert!(
            policy.starts_with("sandbox;") && policy.contains("default-src 'none'"),
            "{policy}"
        );
        assert!(
            policy.contains("frame-ancestors 'self'") && !policy.contains("script"),
            "{policy}"
        );
        assert_eq!(frame.header("x-frame-options"), "SAMEORIGIN");
        assert!(frame.text().contains("Atelier Vauban") && frame.text().contains("Ciao"));
        assert!(
            !frame.body.contains("<b>Ciao"),
            "what a template says is escaped"
        );
    }
    let fields = [
        ("path", BODY),
        ("text", "{{ nobody }}"),
        ("kind", "stop"),
        ("language", "fr"),
    ];
    let frame = wim.post("/templates/preview", &fields).await;
    assert!(frame.text().contains("nobody"), "{}", frame.text());
    let fields = [
        ("path", BODY),
        ("text", "x"),
        ("kind", "stop"),
        ("case", "Q-AAAA-AAAA"),
    ];
    assert_eq!(wim.post("/templates/preview", &fields).await.status, 200);
    writing.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_looks_reads_templates_and_changes_none() {
    let writing = Writing::begin().await;
    let mut vera = writing.stage.signed_in("vera").await;
    let page = vera.look(EDIT).await;
    assert!(page.body.contains("readonly") && !page.body.contains("value=\"check\""));
    let seen = hidden(&page, "seen");
    for (path, button) in [
        ("/templates/edit", "publish"),
        ("/templates/preview", ""),
        ("/templates/roll_back", ""),
        ("/templates/publish", ""),
    ] {
        let fields = [
            ("path", BODY),
            ("text", "x"),
            ("seen", &*seen),
            ("version", "quitus"),
            ("draft", BODY),
            ("do", button),
        ];
        assert_eq!(vera.post(path, &fields).await.status, 403, "{path}");
    }
    assert!(writing.on_disk().is_none());
    assert_eq!(
        vera.get("/templates/edit?path=../../etc/passwd.txt")
            .await
            .status,
        404
    );
    let fresh = vera.look("/templates/edit?path=de/access/body.txt").await;
    assert!(fresh.text().contains("This file is not there yet."));
    writing.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_may_ask_for_mistakes_as_the_page_does() {
    let writing = Writing::begin().await;
    let mut wim = writing.stage.signed_in("wim").await;
    wim.look(EDIT).await;
    let mut headers = wim.ours();
    headers.push(("Content-Type".into(), "application/json".into()));
    let body = format!("{{\"files\":[{{\"path\":\"{BODY}\",\"text\":\"{{% if %}}\"}}]}}");
    let without = wim
        .raw("POST", "/api/v1/templates/check", &headers, &body)
        .await;
    assert_eq!(without.status, 403, "without the token of the session");
    headers.push(("X-CSRF-Token".into(), wim.csrf.clone()));
    let page = wim
        .raw("POST", "/api/v1/templates/check", &headers, &body)
        .await;
    let answer: serde_json::Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(
        (
            &answer["data"]["valid"],
            &answer["data"]["faults"][0]["line"]
        ),
        (&false.into(), &1.into())
    );
    writing.stage.end().await;
}
