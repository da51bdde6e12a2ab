//! The OpenAPI document against a real daemon: every operation is asked, and what it answers is what the document says.
//!
//! What needs a house of another kind (a flood, a tool, a mark's domain) is asked about what is not there: then the refusal is
//! held against the document.

use crate::stage::Stage;
use quitus::api::{Answer, NoAnswer};
use quitus::record::Mode;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Whoever asks, and keeps what did not fit.
struct Contract<'s> {
    stage: &'s Stage,
    document: Value,
    asked: RefCell<BTreeSet<String>>,
    wrong: RefCell<Vec<String>>,
}

/// What of a value a schema does not allow.
fn misfits(at: &str, value: &Value, schema: &Value, found: &mut Vec<String>) {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    };
    let fits = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(|k| is(k.as_str().unwrap())),
        kind => is(kind.as_str().unwrap()),
    };
    if !fits {
        found.push(format!("{at}: {value} is not {}", schema["type"]));
    }
    let (Some(value), Some(fields)) = (value.as_object(), schema["properties"].as_object()) else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !value.contains_key(name.as_str().unwrap()) {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, value) in value {
        match fields.get(name) {
            Some(schema) => misfits(&format!("{at}.{name}"), value, schema, found),
            None => found.push(format!("{at}.{name} is not in the document: {value}")),
        }
    }
}

impl Contract<'_> {
    /// Asks, and holds what comes back against the document; `path` is filled in from `route`.
    async fn asks(&self, method: &str, route: &str, path: &str, body: Value) -> Option<Answer> {
        self.asked.borrow_mut().insert(format!("{method} {route}"));
        let operation = &self.document["paths"][route][method];
        assert!(
            operation.is_object(),
            "{method} {route} is not in the document"
        );
        let client = &self.stage.client;
        let answer = match (method, body) {
            ("get", _) => client.get(path).await,
            (_, Value::String(list)) => client.hand_over(path, list.into_bytes()).await,
            (_, mut order) => {
                order["by"] = json!("odile");
                client.post(path, &order).await
            }
        };
        let mut found = Vec::new();
        let schema = |status: &str| {
            let answer = &operation["responses"][status]["content"]["application/json"]["schema"];
            match answer["$ref"].as_str() {
                Some(at) => self.document.pointer(&at[1..]).unwrap().clone(),
                None => answer.clone(),
            }
        };
        let said = match &answer {
            Ok(answer) => (serde_json::to_value(answer).unwrap(), schema("200")),
            Err(NoAnswer::Refused(refusal)) => {
                let status = refusal.status().as_u16().to_string();
                (serde_json::to_value(refusal).unwrap(), schema(&status))
            }
            Err(other) => {
                let said = format!("{method} {path}: {other}");
                self.wrong.borrow_mut().push(said);
                return None;
            }
        };
        if said.1.is_null() {
            found.push(format!("its status is not in the document: {}", said.0));
        }
        misfits("", &said.0, &said.1, &mut found);
        let named = found.into_iter().map(|f| format!("{method} {path} {f}"));
        self.wrong.borrow_mut().extend(named);
        answer.ok()
    }

    /// The same, where it must not be refused.
    async fn does(&self, method: &str, route: &str, path: &str, body: Value) -> Value {
        match self.asks(method, route, path, body).await {
            Some(answer) => answer.data,
            None => {
                let said = format!("{method} {path} is refused");
                self.wrong.borrow_mut().push(said);
                Value::Null
            }
        }
    }

    /// About a case, where it must not be refused.
    async fn carries_out(&self, case: &str, what: &str, body: Value) {
        if self.of_case(case, what, body).await.is_none() {
            let said = format!("{what} of {case} is refused");
            self.wrong.borrow_mut().push(said);
        }
    }

    /// About a case.
    async fn of_case(&self, case: &str, what: &str, body: Value) -> Option<Answer> {
        let (route, path) = (
            format!("/requests/{{case}}{what}"),
            format!("/requests/{case}{what}"),
        );
        let method = if body.is_null() { "get" } else { "post" };
        self.asks(method, &route, &path, body).await
    }
}

#[tokio::test]
async fn the_document_says_what_a_real_daemon_answers() {
    let stage = Stage::build(Mode::Review).await;
    let stop = "Please remove me from your mailing list.";
    stage
        .receives("bob@cliff.example", "Re: Relais", stop)
        .await;
    stage
        .receives(
            "carl@fels.example",
            "Re: Relais",
            "Bitte senden Sie mir eine Kopie aller Daten, die Sie über mich gespeichert haben.",
        )
        .await;
    let contract = Contract {
        stage: &stage,
        document: quitus::api::openapi().clone(),
        asked: RefCell::default(),
        wrong: RefCell::default(),
    };
    // It is no answer: the pages' tests ask for it.
    contract
        .asked
        .borrow_mut()
        .insert("get /openapi.json".into());
    everything_at_once(&contract).await;
    templates(&contract).await;
    cases(&contract, &stage).await;
    what_is_not_there(&contract).await;
    let wrong = contract.wrong.take();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let paths = contract.document["paths"].as_object().unwrap().iter();
    let all: BTreeSet<String> = paths
        .flat_map(|(path, of)| {
            of.as_object()
                .unwrap()
                .keys()
                .map(move |m| format!("{m} {path}"))
        })
        .collect();
    let asked = contract.asked.take();
    let left: Vec<_> = all.difference(&asked).collect();
    assert!(left.is_empty(), "nobody asked for {left:?}");
    stage.end().await;
}

async fn everything_at_once(contract: &Contract<'_>) {
    for route in [
        "/status",
        "/log",
        "/log/verify",
        "/mode",
        "/suppression",
        "/suppression/export",
        "/suppression/floods",
        "/contacts/coverage",
        "/letters",
        "/incidents",
        "/senders",
        "/requests",
        "/figures",
        "/learning",
        "/templates",
    ] {
        contract.does("get", route, route, Value::Null).await;
    }
    let year = "/compliance/figures";
    let path = format!("{year}?year=2026");
    contract.does("get", year, &path, Value::Null).await;
    for (route, body) in [
        ("/mode", json!({"mode": "review"})),
        (
            "/suppression/check",
            json!({"address": "bob@cliff.example"}),
        ),
        ("/suppression/check", json!({"address": "+33123456789"})),
        ("/suppression/check", json!({"address": "@two.example"})),
        ("/suppression/check/list", json!("bob@cliff.example\nx\n")),
        (
            "/suppression/add",
            json!({"address": "@two.example", "reason": "x"}),
        ),
        (
            "/suppression/lift",
            json!({"address": "@two.example", "reason": "x"}),
        ),
        ("/suppression/import", json!("a@three.example\n")),
        ("/suppression/check", json!({"address": "a@three.example"})),
        ("/contacts/show", json!({"address": "bob@cliff.example"})),
        ("/contacts/show", json!({"address": "+33123456789"})),
        ("/search", json!({"what": "bob@cliff.example"})),
        (
            "/contacts/merge",
            json!({"first": "anne@dune.example", "second": "gil@praia.example", "reason": "x"}),
        ),
        (
            "/contacts/split",
            json!({"address": "gil@praia.example", "reason": "x"}),
        ),
        ("/store/acknowledge", json!({"reason": "x"})),
    ] {
        contract.does("post", route, route, body).await;
    }
    let list = json!(crate::stage::LIST);
    let path = "/contacts/import?file=list.csv&dry_run=true";
    contract.asks("post", "/contacts/import", path, list).await;
    let sent = json!("to,date,message_id\nbob@cliff.example,2026-11-01T10:00:00Z,<a@b.example>\n");
    contract
        .asks(
            "post",
            "/sent/import",
            "/sent/import?file=s.csv&dry_run=true",
            sent,
        )
        .await;
}

/// One message by its key; the thread of its case names it.
async fn messages(contract: &Contract<'_>, stage: &Stage, case: &str) {
    let thread = stage.show(case).await.data["thread"].clone();
    let all = thread.as_array().unwrap().iter();
    let key = all.filter_map(|t| t["message"].as_str()).next();
    let key = key.unwrap_or_else(|| panic!("no message in {thread:#}"));
    for (method, what, body) in [
        ("get", "", Value::Null),
        ("post", "/correct", json!({"intents": ["stop"]})),
        ("get", "/suggest", Value::Null),
    ] {
        let (route, path) = (
            format!("/messages/{{message}}{what}"),
            format!("/messages/{key}{what}"),
        );
        contract.does(method, &route, &path, body).await;
    }
    let (route, path) = ("/messages/{message}", "/messages/0123456789ab");
    contract.asks("get", route, path, Value::Null).await;
}

/// Of a house without a folder of its own: whoever publishes is refused.
async fn templates(contract: &Contract<'_>) {
    let body = "fr/stop/body.txt";
    for what in ["show", "history", "diff"] {
        let route = format!("/templates/{what}");
        let path = format!("{route}?path={body}");
        contract.does("get", &route, &path, Value::Null).await;
    }
    let edit = json!({"path": body, "text": "Bonjour {{ x", "seen": ""});
    let orders = [
        ("check", json!({"files": [edit]})),
        ("preview", json!({"kind": "stop", "language": "fr"})),
        ("draft", json!({"path": body, "text": "Bonjour"})),
        ("draft/drop", json!({"path": body})),
        ("publish", json!({"files": [edit]})),
        (
            "roll_back",
            json!({"path": body, "version": "quitus", "seen": ""}),
        ),
    ];
    for (what, order) in orders {
        let route = format!("/templates/{what}");
        contract.asks("post", &route, &route, order).await;
    }
}

async fn cases(contract: &Contract<'_>, stage: &Stage) {
    let open = stage.open().await;
    for case in &open {
        contract.carries_out(case, "", Value::Null).await;
        let number = (
            "/requests/{case}/letters/{number}",
            format!("/requests/{case}/letters/1"),
        );
        contract.asks("get", number.0, &number.1, Value::Null).await;
        contract.of_case(case, "/approve", json!({})).await;
    }
    let of_bob = stage
        .client
        .post("/search", &json!({"what": "bob@cliff.example"}))
        .await
        .unwrap();
    let stop = of_bob.data["cases"][0]["case"].as_str().unwrap().to_owned();
    let draft = stage.drafts(&stop).await[0].clone();
    let word = json!({"hash": draft["hash"], "subject": "Hi", "text": draft["text"]});
    let shown = contract.of_case(&stop, "/rewrite", word).await.unwrap();
    let word = json!({"hash": shown.data["hash"], "rewritten": ["Hi", draft["text"]]});
    contract.carries_out(&stop, "/approve", word).await;
    let label = json!({"intents": ["stop", "question"], "needs_human": true});
    contract.carries_out(&stop, "/correct", label).await;
    contract.carries_out(&stop, "/suggest", Value::Null).await;
    messages(contract, stage, &stop).await;
    contract.carries_out(&stop, "/seen", json!({})).await;
    contract
        .does("get", "/letters", "/letters", Value::Null)
        .await;
    let id = format!("{stop}.0");
    contract
        .does(
            "get",
            "/letters/{id}",
            &format!("/letters/{id}"),
            Value::Null,
        )
        .await;
    for what in ["cancel", "settle", "resend"] {
        let (route, path) = (
            format!("/letters/{{id}}/{what}"),
            format!("/letters/{id}/{what}"),
        );
        contract
            .asks(
                "post",
                &route,
                &path,
                json!({"reason": "x", "arrived": true}),
            )
            .await;
    }
    let access = open.into_iter().find(|c| *c != stop).unwrap();
    // No letter says it in German.
    let extended = json!({"reason": "much to copy", "told": true});
    contract.carries_out(&access, "/extend", extended).await;
    contract
        .of_case(&access, "/identify", json!({"proved": true, "reason": "x"}))
        .await;
    contract
        .carries_out(&access, "/answered", json!({"reason": "by telephone"}))
        .await;
    let new = json!({
        "kinds": ["access"], "address": "elio@scoglio.example", "received": stage.day(2), "channel": "letter",
        "postal": ["Elio Scoglio", "Via Roma 1", "00100 Roma"],
    });
    let new = contract
        .does("post", "/requests/new", "/requests/new", new)
        .await;
    let paper = new["case"].as_str().unwrap_or("Q-0000-0000").to_owned();
    contract.of_case(&paper, "", Value::Null).await;
    contract.of_case(&paper, "/print", json!({})).await;
    contract
        .of_case(&paper, "/posted", json!({"on": stage.day(0)}))
        .await;
    let new = json!({"kinds": ["stop"], "address": "dolores@roca.example", "received": stage.day(1), "channel": "phone"});
    let new = contract
        .does("post", "/requests/new", "/requests/new", new)
        .await;
    let phone = new["case"].as_str().unwrap_or("Q-0000-0000").to_owned();
    for what in ["/done", "/tell"] {
        contract
            .of_case(&phone, what, json!({"system": "none", "words": "x"}))
            .await;
    }
    contract
        .carries_out(&phone, "/refuse", json!({"reason": "a joke"}))
        .await;
}

/// Asked about what is not there: refused, as the document says.
async fn what_is_not_there(contract: &Contract<'_>) {
    for (method, route) in [
        ("get", "/suppression/floods/{flood}"),
        ("post", "/suppression/floods/{flood}/settle"),
        ("get", "/letters/{id}"),
        ("post", "/incidents/{id}/seen"),
        ("post", "/senders/{name}/test"),
        ("post", "/senders/{name}/pull"),
        ("get", "/canary"),
        ("post", "/canary"),
        ("post", "/senders/{name}/push"),
        ("post", "/senders/{name}/done"),
        ("get", "/senders/{name}/waiting"),
        ("get", "/requests/{case}/scans/{number}"),
        ("post", "/requests/{case}/proposals/{number}/accept"),
        ("post", "/requests/{case}/proposals/{number}/dismiss"),
        ("get", "/requests/{case}"),
    ] {
        let path = route
            .replace("{case}", "Q-0000-0000")
            .replace("{number}", "1");
        let path = ["{flood}", "{id}", "{name}"]
            .iter()
            .fold(path, |p, blank| p.replace(blank, "2026"));
        let body = json!({"reason": "x", "address": "a@b.example", "leave": true});
        let body = if method == "get" { Value::Null } else { body };
        let answer = contract.asks(method, route, &path, body).await;
        assert!(
            answer.is_none(),
            "{method} {path} is not refused: {answer:?}"
        );
    }
    let marks = json!({"kind": "unsubscribe", "addresses": ["a@b.example"]});
    contract
        .asks("post", "/tokens/mint", "/tokens/mint", marks)
        .await;
    let path = "/tokens/mint/list?kind=unsubscribe&file=list.csv";
    contract
        .asks(
            "post",
            "/tokens/mint/list",
            path,
            json!("email\na@b.example\n"),
        )
        .await;
    for path in ["/log?from=x", "/requests?state=lost"] {
        let refused = contract.stage.client.get(path).await;
        assert!(refused.is_err(), "{path}");
    }
    // What the framework itself refuses has the form of every other refusal.
    let path = "/figures?weeks=many";
    let number = contract.asks("get", "/figures", path, Value::Null).await;
    let body = json!({"mode": 5});
    let kind = contract.asks("post", "/mode", "/mode", body).await;
    assert!(number.is_none() && kind.is_none(), "{number:?} {kind:?}");
}
