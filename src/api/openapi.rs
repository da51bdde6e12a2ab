//! The API as a document for machines: OpenAPI 3.1, made of one list beside the routes (`openapi.toml`).
//!
//! A route that is not in the list, or one of the list that is no route, fails a test here; another test asks a real daemon
//! and holds its answers against what stands in the list. What is inside of an object or a list is told by its values.

use axum::Json;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// One operation, as the list has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    path: String,
    method: String,
    says: String,
    #[serde(default)]
    query: Vec<String>,
    #[serde(default)]
    body: Vec<String>,
    data: Option<Vec<String>>,
    /// It answers with something else than an answer.
    #[serde(default)]
    raw: bool,
}

#[derive(Deserialize)]
struct List {
    operation: Vec<Operation>,
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document(&list()));

/// The list is part of the program, and a test reads it.
fn list() -> Vec<Operation> {
    let list: Result<List, _> = toml::from_str(include_str!("openapi.toml"));
    list.map(|l| l.operation).unwrap_or_default()
}

/// The document.
pub fn openapi() -> &'static Value {
    &DOCUMENT
}

/// `GET /openapi.json`.
pub async fn show() -> Json<&'static Value> {
    Json(openapi())
}

fn document(all: &[Operation]) -> Value {
    let mut paths = Map::new();
    for one in all {
        let path = paths.entry(one.path.clone()).or_insert_with(|| json!({}));
        path[&one.method] = operation(one);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Quitus", "version": env!("CARGO_PKG_VERSION"),
            "description": "What pages and commands ask of the daemon. Every answer is data for programs, text for people, and whether something is wrong. Who gives an order is who is signed in: `by` in a body is ignored.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "quitus users token NAME"},
                "session": {"type": "apiKey", "in": "cookie", "name": "quitus", "description": "A page's session; orders carry its token in X-CSRF-Token."},
            },
            "schemas": {
                "Refusal": {
                    "type": "object", "required": ["error", "fix"], "additionalProperties": false,
                    "properties": {
                        "error": {"type": "string", "description": "What is wrong."},
                        "fix": {"type": "string", "description": "What to do."},
                    },
                },
            },
        },
    })
}

fn operation(of: &Operation) -> Value {
    let name: Vec<&str> = (of.path.split(['/', '{', '}', '.']))
        .filter(|p| !p.is_empty())
        .collect();
    let answered = match of.raw {
        true => json!({"type": "object"}),
        false => json!({
            "type": "object", "required": ["data", "text", "wrong"], "additionalProperties": false,
            "properties": {
                "data": of.data.as_ref().map_or(json!({"type": "object"}), |fields| told(fields)),
                "text": {"type": "string", "description": "For people."},
                "wrong": {"type": "boolean", "description": "Something is wrong, or was not found."},
            },
        }),
    };
    let mut operation = json!({
        "operationId": format!("{}_{}", of.method, name.join("_").replace('-', "_")),
        "summary": of.says,
        "tags": [name.first().copied().unwrap_or_default()],
        "parameters": parameters(of),
        "responses": responses(&of.says, answered),
    });
    match of.body.as_slice() {
        [text] if text == "text" => {
            let content = json!({"text/plain": {"schema": {"type": "string"}}});
            operation["requestBody"] = json!({"required": true, "content": content});
        }
        fields if of.method == "post" => {
            let mut schema = object(fields);
            // `by` is written in by the daemon.
            schema["additionalProperties"] = json!(true);
            operation["requestBody"] = json!({"required": true, "content": content(schema)});
        }
        _ => {}
    }
    operation
}

/// A body of JSON.
fn content(schema: Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

/// What may come back.
fn responses(says: &str, answered: Value) -> Value {
    let refusal = |what: &str| {
        let schema = json!({"$ref": "#/components/schemas/Refusal"});
        json!({"description": what, "content": content(schema)})
    };
    json!({
        "200": {"description": says, "content": content(answered)},
        "400": refusal("What was asked cannot be understood."),
        "404": refusal("What was named is not there."),
        "409": refusal("It cannot be done as things are, or something came between."),
        "500": refusal("The store has trouble."),
        "507": refusal("The disk is full."),
        "401": {"description": "Sign in, or send a token."},
        "403": {"description": "The role does not allow it."},
        "413": refusal("The body is larger than this path takes."),
        "415": refusal("The body is of another type than this path takes."),
        "422": refusal("The body is not what is wanted."),
    })
}

fn parameters(of: &Operation) -> Vec<Value> {
    let in_path = of
        .path
        .split('/')
        .filter_map(|p| p.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(
        |name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}),
    );
    let in_query = of.query.iter().map(|field| {
        let (name, kind, optional) = apart(field);
        json!({"name": name, "in": "query", "required": !optional, "schema": {"type": kind}})
    });
    in_path.chain(in_query).collect()
}

/// `name:type?`, taken apart.
fn apart(field: &str) -> (&str, &str, bool) {
    let (name, kind) = field.split_once(':').unwrap_or((field, "any"));
    match kind.strip_suffix('?') {
        Some(kind) => (name, kind, true),
        None => (name, kind, false),
    }
}

/// What an answer's data is: an object of these fields, or of the one type that is named.
fn told(fields: &[String]) -> Value {
    match fields {
        [kind] if !kind.contains(':') => json!({"type": kind}),
        fields => object(fields),
    }
}

/// An object of these fields, and of no others.
fn object(fields: &[String]) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields {
        let (name, kind, optional) = apart(field);
        let schema = match (kind, optional) {
            ("any", _) => json!({}),
            (kind, false) => json!({"type": kind}),
            (kind, true) => json!({"type": [kind, "null"]}),
        };
        properties.insert(name.to_owned(), schema);
        if !optional {
            required.push(name);
        }
    }
    json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_of_the_router_is_in_the_document_and_no_other() {
        // Every file of the room: a route may be told anywhere.
        let room = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
        let (mut source, mut folders) = (String::new(), vec![room]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false if path.extension().is_some_and(|e| e == "rs") => {
                        source += &std::fs::read_to_string(path).unwrap();
                    }
                    false => {}
                }
            }
        }
        let route = regex::Regex::new(
            r#"\.route\(\s*"([^"]+)",\s*((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)"#,
        );
        let mut routes = BTreeSet::new();
        for found in route.unwrap().captures_iter(&source) {
            for method in ["get", "post", "put", "delete"] {
                let called = format!(r"(^|\.|\s){method}\(");
                if regex::Regex::new(&called).unwrap().is_match(&found[2]) {
                    routes.insert(format!("{method} {}", &found[1]));
                }
            }
        }
        assert!(routes.len() > 55, "{routes:?}");
        let said = list()
            .iter()
            .map(|o| format!("{} {}", o.method, o.path))
            .collect();
        let missing: Vec<_> = routes.difference(&said).collect();
        let gone: Vec<_> = said.difference(&routes).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "add to openapi.toml: {missing:?}; remove: {gone:?}"
        );
        assert_eq!(list().len(), said.len(), "each once");
    }

    #[test]
    fn each_operation_has_a_name_of_its_own_and_says_what_its_path_wants() {
        let mut names = BTreeSet::new();
        for (path, methods) in openapi()["paths"].as_object().unwrap() {
            for operation in methods.as_object().unwrap().values() {
                assert!(names.insert(operation["operationId"].to_string()), "{path}");
                let blanks = path.matches('{').count();
                let told = operation["parameters"].as_array().unwrap().iter();
                let told = told
                    .filter(|p| p["in"] == "path" && p["required"] == true)
                    .count();
                assert_eq!(told, blanks, "{path}");
            }
        }
    }
}
