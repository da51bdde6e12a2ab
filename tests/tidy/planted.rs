//! Planted violations of each rule: found, at their line. And what looks like one and is none: left alone.

use super::parse::Source;
use super::rules::{Rule, violations};

/// Rule and line of everything found in these files (path, text after the first line).
fn found(files: &[(&str, &str)]) -> Vec<(Rule, String, usize)> {
    let mut sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source::parse(path, &format!("//! What it is for.\n{text}")).unwrap())
        .collect();
    let found = violations(&mut sources).into_iter();
    found.map(|v| (v.rule, v.file, v.line)).collect()
}

/// The lines at which one rule, and no other, is broken in a file.
fn lines(rule: Rule, path: &str, text: &str) -> Vec<usize> {
    let found = found(&[(path, text)]);
    assert!(found.iter().all(|(r, ..)| *r == rule), "{found:?}");
    found.into_iter().map(|(_, _, line)| line).collect()
}

const NONE: [usize; 0] = [];

#[test]
fn a_room_that_uses_one_below_it_is_found_however_it_is_written() {
    let ways = [
        "use crate::intent::Found;",
        "use crate::{record::Address, intent::Found};",
        "use crate::intent;",
        "use crate::intent as words;",
        "use super::super::intent::Found;",
        "use quitus::intent::Found;",
        "fn f(x: crate::intent::Found) {}",
        "fn f() { crate::intent::classify(); }",
        "fn f() { println!(\"{}\", crate::intent::NAME); }",
        "impl crate::intent::Reader for () {}",
        "mod inner { use super::super::super::intent::Found; }",
        "pub(in crate::intent) fn f() {}",
        "use crate::*;",
    ];
    for way in ways {
        assert_eq!(lines(Rule::Rooms, "src/mail/read.rs", way), [2], "{way}");
    }
}

#[test]
fn what_the_table_allows_is_left_alone() {
    let ways = [
        "use crate::record::{Address, Fault};",
        "use super::gate::House;",
        "use self::fresh::Lines;",
        "mod inner { use super::super::gate; }",
        "use crate::faults::reached;",
        "// crate::intent is not used\nconst NAME: &str = \"crate::intent\";",
        "use intent_of_another_crate::Found;",
    ];
    for way in ways {
        assert_eq!(lines(Rule::Rooms, "src/mail/read.rs", way), NONE, "{way}");
    }
}

#[test]
fn of_config_the_mailbox_gets_secrets_and_nothing_else() {
    let text = "use crate::config::SecretSource;\nuse crate::config::Document;\nuse crate::config;";
    assert_eq!(lines(Rule::Rooms, "src/mailbox/settings.rs", text), [3, 4]);
}

#[test]
fn a_room_that_is_not_in_the_table_is_found() {
    assert_eq!(lines(Rule::Rooms, "src/helpers/mod.rs", ""), [1]);
    assert_eq!(lines(Rule::Rooms, "src/helpers.rs", ""), [1]);
    assert_eq!(
        lines(Rule::Rooms, "src/lib.rs", "use crate::store::Store;"),
        NONE
    );
    assert_eq!(
        lines(Rule::Rooms, "tests/end.rs", "use quitus::store::Store;"),
        NONE
    );
}

#[test]
fn clock_file_net_and_chance_in_the_core_are_found() {
    let ways = [
        "use tokio::time::sleep;",
        "use tokio;",
        "fn f(t: sled::Tree) {}",
        "use std::{fmt, fs};",
        "fn f() { std::env::var(\"HOME\"); }",
        "use std::net::IpAddr;",
        "use std::process::Command;",
        "fn f() { std::time::SystemTime::now(); }",
        "fn f() { Instant::now(); }",
        "fn f() { jiff::Timestamp::now(); }",
        "fn f() { getrandom::fill(&mut []); }",
        "fn f() { assert!(std::fs::exists(\"x\")); }",
    ];
    for way in ways {
        assert_eq!(
            lines(Rule::Pure, "src/request/decide.rs", way),
            [2],
            "{way}"
        );
        assert_eq!(
            lines(Rule::Pure, "src/delivery/courier.rs", way),
            NONE,
            "{way}"
        );
    }
    let arguments = "use std::time::SystemTime;\nfn f(now: SystemTime) { g(now, self.now()); }";
    assert_eq!(lines(Rule::Pure, "src/request/decide.rs", arguments), NONE);
}

#[test]
fn an_abrupt_end_outside_tests_is_found() {
    let ways = [
        "fn f() { x.unwrap(); }",
        "fn f() { x.expect(\"why\"); }",
        "fn f() { x.map(Option::unwrap); }",
        "fn f() { panic!(\"why\"); }",
        "fn f() { todo!() }",
        "fn f() { unimplemented!() }",
        "fn f() { println!(\"{}\", x.unwrap()); }",
        "fn f() { vec![panic!()]; }",
        "#[cfg(not(test))] fn f() { x.unwrap(); }",
    ];
    for way in ways {
        assert_eq!(lines(Rule::Abrupt, "src/store/log.rs", way), [2], "{way}");
    }
}

#[test]
fn in_tests_an_abrupt_end_is_how_a_test_fails() {
    let ways = [
        "#[cfg(test)] mod tests { fn f() { x.unwrap(); } }",
        "#[test] fn f() { x.unwrap(); }",
        "#[tokio::test(flavor = \"multi_thread\")] async fn f() { panic!() }",
        "#[cfg(all(test, feature = \"faults\"))] fn f() { x.unwrap(); }",
        "impl A { #[cfg(test)] fn f() { x.unwrap(); } }",
        "fn f() { x.unwrap_or(1); } // x.unwrap()",
    ];
    for way in ways {
        assert_eq!(lines(Rule::Abrupt, "src/store/log.rs", way), NONE, "{way}");
    }
    assert_eq!(
        lines(Rule::Abrupt, "tests/store.rs", "fn f() { x.unwrap(); }"),
        NONE
    );
}

#[test]
fn a_test_module_in_a_file_of_its_own_is_test_code_and_its_neighbour_is_not() {
    let found = found(&[
        (
            "src/store/log.rs",
            "#[cfg(test)]\nmod tests;\nmod frame;\n#[cfg(test)]\n#[path = \"log_tests.rs\"]\nmod more;",
        ),
        ("src/store/log_tests.rs", "fn f() { x.unwrap(); }"),
        ("src/store/log/tests.rs", "fn f() { x.unwrap(); }"),
        ("src/store/log/frame.rs", "fn f() { x.unwrap(); }"),
    ]);
    assert_eq!(
        found,
        [(Rule::Abrupt, "src/store/log/frame.rs".to_owned(), 2)]
    );
}

#[test]
fn a_file_that_does_not_say_what_it_is_for_is_found() {
    for text in ["use std::fmt;\n", "// A comment.\n", "//!\n", ""] {
        let mut sources = [Source::parse("src/store/log.rs", text).unwrap()];
        let found = violations(&mut sources);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!((found[0].rule, found[0].line), (Rule::FirstLine, 1));
    }
}

#[test]
fn a_file_over_400_lines_is_found_unless_it_is_a_table() {
    let structs = "struct A;\n".repeat(399);
    assert_eq!(lines(Rule::FileLength, "src/store/log.rs", &structs), NONE);
    let structs = "struct A;\n".repeat(400);
    assert_eq!(lines(Rule::FileLength, "src/store/log.rs", &structs), [1]);
    let table = format!(
        "const A: &[(u8, &str)] = &[\n{}];\n",
        "    (1, \"a\"),\n".repeat(400)
    );
    assert_eq!(lines(Rule::FileLength, "src/mail/words.rs", &table), NONE);
    let strings = format!("fn f() {{ g(&[\n{}]); }}\n", "    \"a\",\n".repeat(400));
    assert_eq!(lines(Rule::FileLength, "src/mail/words.rs", &strings), NONE);
    let half = format!("{table}{}", "struct A;\n".repeat(400));
    assert_eq!(lines(Rule::FileLength, "src/mail/words.rs", &half), [1]);
}

#[test]
fn a_function_over_50_lines_is_found() {
    let function = |lines| {
        format!(
            "impl A {{\n    fn f() {{\n{}    }}\n}}",
            "        g();\n".repeat(lines)
        )
    };
    assert_eq!(
        lines(Rule::FunctionLength, "src/store/log.rs", &function(48)),
        NONE
    );
    assert_eq!(
        lines(Rule::FunctionLength, "src/store/log.rs", &function(49)),
        [3]
    );
    assert_eq!(
        lines(Rule::FunctionLength, "tests/store.rs", &function(49)),
        NONE
    );
}

#[test]
fn a_function_that_is_a_table_may_be_long() {
    let short = "        A::B => {\n            g();\n        }\n".repeat(30);
    let text = format!("fn f() {{\n    match a {{\n{short}    }}\n}}");
    assert_eq!(lines(Rule::FunctionLength, "src/store/log.rs", &text), NONE);
    let long = format!(
        "        A::B => {{\n{}        }}\n",
        "            g();\n".repeat(50)
    );
    let text = format!("fn f() {{\n    match a {{\n{long}    }}\n}}");
    assert_eq!(lines(Rule::FunctionLength, "src/store/log.rs", &text), [2]);
    let text = format!(
        "fn f() {{\n{}    match a {{\n{short}    }}\n}}",
        "    g();\n".repeat(3)
    );
    assert_eq!(lines(Rule::FunctionLength, "src/store/log.rs", &text), [2]);
}

#[test]
fn dead_code_that_is_allowed_is_found() {
    let ways = [
        "#[allow(dead_code)] fn f() {}",
        "#![allow(unused, dead_code)]",
        "#[expect(dead_code)] struct A;",
        "#[cfg_attr(not(test), allow(dead_code))] struct A;",
        "struct A { #[allow(dead_code)] a: u8 }",
    ];
    for way in ways {
        assert_eq!(lines(Rule::DeadCode, "src/store/log.rs", way), [2], "{way}");
        assert_eq!(lines(Rule::DeadCode, "tests/store.rs", way), [2], "{way}");
    }
    let other = "#[allow(clippy::large_enum_variant)] enum A {}";
    assert_eq!(lines(Rule::DeadCode, "src/store/log.rs", other), NONE);
}

#[test]
fn a_test_that_does_not_run_is_found() {
    let ways = [
        "#[test] #[ignore] fn f() {}",
        "#[test] #[ignore = \"slow\"] fn f() {}",
        "#[test] #[cfg_attr(not(slow), ignore)] fn f() {}",
    ];
    for way in ways {
        assert_eq!(lines(Rule::Ignored, "tests/store.rs", way), [2], "{way}");
    }
}
