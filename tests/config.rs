//! Configuration that explains itself, from outside: what is in force and why, and a reference that is never stale.

use quitus::config::{SECTIONS, described, reference, schema};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

const GUIDE: &str = include_str!("../config/README.md");

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A firm in a folder, with more beside it.
fn firm() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "quitus.toml",
        &std::fs::read_to_string("config/quitus.toml").unwrap(),
    );
    write(
        folder.path(),
        "conf.d/50-relay.toml",
        "[smtp]\nhost = \"relay.acme.example\"\nmax_sessions = 4\n",
    );
    for ignored in ["60-old.toml.dpkg-old", ".hidden.toml", "README"] {
        write(folder.path(), &format!("conf.d/{ignored}"), "nonsense = 1");
    }
    folder
}

fn quitus(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quitus"))
        .args(arguments)
        .env("QUITUS_CONFIG", "quitus.toml")
        .envs(environment.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Where the main file names the server that letters leave through.
fn line_of_the_relay(folder: &Path) -> usize {
    let text = std::fs::read_to_string(folder.join("quitus.toml")).unwrap();
    let section = text.lines().position(|l| l.starts_with("[smtp]")).unwrap();
    let host = text
        .lines()
        .skip(section)
        .position(|l| l.starts_with("host"));
    section + host.unwrap() + 1
}

#[test]
fn show_tells_each_value_with_its_place_and_can_be_read_back() {
    let firm = firm();
    let environment = [("QUITUS__SMTP__PORT", "2525")];
    let shown = quitus(firm.path(), &["config", "show"], &environment);
    let shown = text(&shown.stdout);
    let line = |begin: &str| {
        let found = shown.lines().find(|l| l.starts_with(begin));
        found
            .unwrap_or_else(|| panic!("no {begin} in\n{shown}"))
            .to_owned()
    };
    let place = format!(
        "# conf.d/50-relay.toml:2, instead of quitus.toml:{}",
        line_of_the_relay(firm.path())
    );
    assert!(line("host = \"relay").ends_with(&place));
    assert!(line("port = 2525").ends_with("# $QUITUS__SMTP__PORT"));
    assert!(line("idle = ").ends_with("# default"));
    assert!(line("# dpo is not set").ends_with("# default"));
    // What is shown is a configuration, and says the same.
    write(firm.path(), "again/quitus.toml", &shown);
    let again = quitus(&firm.path().join("again"), &["config", "show"], &[]);
    let bare = |t: &str| -> Vec<String> {
        let lines = t.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
        lines
            .map(|l| l.split(" # ").next().unwrap().trim().to_owned())
            .collect()
    };
    assert_eq!(text(&again.stderr), "");
    assert_eq!(bare(&text(&again.stdout)), bare(&shown));
}

#[test]
fn show_for_programs_and_of_one_section() {
    let firm = firm();
    let arguments = ["config", "show", "smtp", "--json", "--written"];
    let shown = quitus(
        firm.path(),
        &arguments,
        &[("QUITUS__SMTP__HOST", "e.example")],
    );
    let rows: Vec<serde_json::Value> = (text(&shown.stdout).lines())
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let of = |name: &str| rows.iter().find(|r| r["setting"] == name).unwrap();
    assert!(
        rows.iter()
            .all(|r| r["section"] == "smtp" && r["from"] != "default")
    );
    assert_eq!(of("host")["from"], "environment");
    assert_eq!(of("host")["at"]["variable"], "QUITUS__SMTP__HOST");
    assert_eq!(of("host")["instead_of"][0]["file"], "conf.d/50-relay.toml");
    assert_eq!(
        of("host")["instead_of"][1]["line"],
        line_of_the_relay(firm.path())
    );
    assert_eq!(of("password")["value"]["file"], "/etc/quitus/smtp.password");
    let unknown = quitus(firm.path(), &["config", "show", "smpt"], &[]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_mistake_anywhere_stops_show_and_check_with_all_of_them() {
    let firm = firm();
    write(
        firm.path(),
        "conf.d/70-bad.toml",
        "[polcy]\n[smtp]\nhots = 1\n",
    );
    let environment = [
        ("QUITUS__SMTP__PASSWORD", "hunter2"),
        ("QUITUS__LOG__LEVEL", "lots"),
    ];
    for arguments in [["config", "show"], ["check", "--config=quitus.toml"]] {
        let refused = quitus(firm.path(), &arguments, &environment);
        let told = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{told}");
        for part in [
            "conf.d/70-bad.toml:1:2: \"polcy\" is not a setting\n  → did you mean \"policy\"?",
            "conf.d/70-bad.toml:3:1: \"hots\" is not a setting of [smtp]\n  → did you mean \"host\"?",
            "$QUITUS__LOG__LEVEL: \"lots\" is not possible here",
            "$QUITUS__SMTP__PASSWORD: [smtp]: a password never stands in the configuration",
        ] {
            assert!(told.contains(part), "{part}\nis missing in\n{told}");
        }
        assert!(!told.contains("hunter2"), "{told}");
    }
}

/// `QUITUS_BLESS=1` writes it anew.
#[test]
fn the_reference_is_what_the_structs_say() {
    let path = "config/reference.md";
    if std::env::var_os("QUITUS_BLESS").is_some() {
        std::fs::write(path, reference()).unwrap();
    }
    let shipped = std::fs::read_to_string(path).unwrap();
    let diff = similar::TextDiff::from_lines(shipped.as_str(), &reference())
        .unified_diff()
        .to_string();
    assert!(
        diff.is_empty(),
        "{path} is stale: QUITUS_BLESS=1 writes it anew\n{diff}"
    );
    let printed = quitus(Path::new("."), &["config", "reference"], &[]);
    assert_eq!(text(&printed.stdout), shipped);
}

#[test]
fn the_guide_tells_every_setting_and_no_default_that_is_not() {
    let mut defaults = BTreeSet::new();
    for section in SECTIONS {
        for one in described(section) {
            let name = one.name.rsplit(['.', ' ']).next().unwrap();
            assert!(
                GUIDE.contains(&format!("`{name}`"))
                    || GUIDE.contains(&format!("{name} ="))
                    || GUIDE.contains(&format!("] {name}`"))
                    || GUIDE.contains(&format!(".{name}]")),
                "config/README.md says nothing of {} of [{}]",
                one.name,
                section.key
            );
            defaults.insert((name.to_owned(), one.default.trim_matches('`').to_owned()));
        }
    }
    let mut compared = 0;
    for line in GUIDE.lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<&str> = line.split(" | ").collect();
        let [name, default, ..] = cells[..] else {
            continue;
        };
        let name = name.trim_start_matches("| `").trim_end_matches('`');
        let default = default.trim_matches('`');
        let known: Vec<&str> = (defaults.iter().filter(|(n, _)| n == name))
            .map(|(_, d)| d.as_str())
            .collect();
        if default.parse::<u64>().is_ok() && !known.is_empty() {
            compared += 1;
            assert!(
                known.contains(&default),
                "{line}\nbut the default is {known:?}"
            );
        }
    }
    assert!(compared >= 12, "only {compared} defaults were compared");
}

/// Whether a JSON value is as a schema of ours says; just what such schemas use.
fn fits(schema: &serde_json::Value, value: &serde_json::Value) -> bool {
    use serde_json::Value;
    let any = |key: &str| {
        schema[key]
            .as_array()
            .is_none_or(|all| all.iter().any(|s| fits(s, value)))
    };
    let typed = |t: &Value| match t.as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    };
    let types = match &schema["type"] {
        Value::Array(all) => all.iter().any(typed),
        Value::Null => true,
        one => typed(one),
    };
    let listed = schema["enum"]
        .as_array()
        .is_none_or(|all| all.contains(value));
    let exact = schema.get("const").is_none_or(|c| c == value);
    let open = &schema["additionalProperties"];
    let inner = value.as_object().is_none_or(|table| {
        table
            .iter()
            .all(|(key, value)| match schema["properties"].get(key) {
                Some(schema) => fits(schema, value),
                None => *open != Value::Bool(false) && (!open.is_object() || fits(open, value)),
            })
            && schema["required"]
                .as_array()
                .is_none_or(|r| r.iter().all(|k| table.contains_key(k.as_str().unwrap())))
    });
    let items = value.as_array().is_none_or(|all| {
        schema["items"].is_null() || all.iter().all(|v| fits(&schema["items"], v))
    });
    any("anyOf") && any("oneOf") && types && listed && exact && inner && items
}

#[test]
fn the_schema_takes_the_example_and_refuses_what_is_misspelt() {
    let example = std::fs::read_to_string("config/quitus.toml").unwrap();
    let read = |text: &str| serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    assert!(fits(&schema(), &read(&example)));
    for (right, wrong) in [
        ("digest_hour", "digest_huor"),
        ("[smtp]", "[smpt]"),
        ("= \"review\"", "= \"reviewed\""),
        ("delay_minutes = 15", "delay_minutes = \"15\""),
        ("password = {", "password = \"hunter2\" #"),
    ] {
        assert!(example.contains(right), "{right}");
        assert!(
            !fits(&schema(), &read(&example.replace(right, wrong))),
            "{wrong}"
        );
    }
}
