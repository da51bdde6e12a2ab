//! The rules of the house, each with its reason; what breaks one is named with file and line.

use super::parse::{Fact, Source, What, mostly};
use std::fmt;

/// Who may use whom. A room stands for all of it, `config::Secret` for that one thing.
///
/// The way of a message leads down this table, so nothing above uses anything below; the exceptions are written beside.
const ROOMS: &[(&str, &[&str])] = &[
    ("record", &[]),
    ("mail", &["record"]),
    ("intent", &["record", "mail"]),
    ("request", &["record", "mail", "intent"]),
    // The past through the core, on rows in memory.
    ("replay", &["record", "mail", "intent", "request"]),
    ("answer", &["record", "request"]),
    ("register", &["record"]),
    ("store", &["record"]),
    ("trust", &[]),
    ("http", &["trust"]),
    // Tokens are kept as durably as the log is, and the application's own secret as every secret.
    (
        "oauth",
        &[
            "record",
            "http",
            "store::replace",
            "store::private_dir",
            "config::Secret",
            "config::SecretSource",
            "config::SecretError",
        ],
    ),
    // Their settings say where a secret is kept, which is config's word; config reads their settings in turn.
    (
        "mailbox",
        &[
            "record",
            "trust",
            "oauth",
            "config::Secret",
            "config::SecretSource",
            "config::SecretError",
        ],
    ),
    (
        "delivery",
        &[
            "record",
            "trust",
            "oauth",
            "config::Secret",
            "config::SecretSource",
            "config::SecretError",
        ],
    ),
    (
        "sender",
        &[
            "record",
            "trust",
            "http",
            "config::Secret",
            "config::SecretSource",
            "config::SecretError",
        ],
    ),
    ("proof", &["record", "store"]),
    (
        "config",
        &[
            "record", "mail", "intent", "request", "answer", "register", "store", "oauth",
            "mailbox", "delivery", "sender", "proof", "service", "guard", "monitor", "web",
        ],
    ),
    (
        "service",
        &[
            "record", "mail", "intent", "request", "answer", "register", "store", "oauth",
            "mailbox", "delivery", "sender", "proof", "config",
        ],
    ),
    // What a reviewer decides is said in the words of the rooms: the letter as it would be sent, the rule's sentence.
    (
        "api",
        &[
            "record", "request", "answer", "register", "store", "sender", "proof", "config",
            "service",
        ],
    ),
    // Pages ask the api's router; what they only read they may read themselves. They are listened for as the guard's doors
    // are, and their settings are read by config, as every room's.
    (
        "web",
        &[
            "record", "request", "answer", "register", "store", "config", "service", "api", "guard",
        ],
    ),
    // Its settings are read by config, as every room's.
    ("guard", &["record", "register", "config", "service"]),
    // It tells machines what status tells people; it only looks. Its page is listened for as the guard's doors
    // are, its alerts leave as notices to senders do, and its settings are read by config, as every room's.
    (
        "monitor",
        &["record", "sender", "config", "service", "guard"],
    ),
    // One file a command: the core for what needs no daemon, the sandbox for the demo, the web for what a domain publishes of its servers.
    (
        "cli",
        &[
            "record", "mail", "intent", "request", "replay", "answer", "register", "store", "http",
            "oauth", "mailbox", "delivery", "sender", "proof", "config", "service", "api", "guard",
            "monitor", "web", "sandbox",
        ],
    ),
    // So that a mistake of ours cannot hide on both sides of the wire.
    ("sandbox", &[]),
    ("faults", &[]),
];

/// Every room may say where its durable steps are.
const NEUTRAL: &str = "faults";

/// Rooms that get time, randomness and look-ups as arguments.
const PURE: &[&str] = &["record", "mail", "intent", "request", "replay", "answer"];

/// What the pure rooms do not name, as beginnings of paths.
const IMPURE: &[&str] = &[
    "tokio",
    "sled",
    "async_imap",
    "lettre::transport",
    "axum",
    "hyper",
    "notify",
    "rustix",
    "getrandom",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
];

/// Calls that end the thread instead of saying what is wrong.
const ABRUPT_METHODS: &[&str] = &["unwrap", "expect", "unwrap_err", "expect_err"];
const ABRUPT_MACROS: &[&str] = &["panic", "todo", "unimplemented", "unreachable"];

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Rooms,
    Pure,
    Abrupt,
    FirstLine,
    FileLength,
    FunctionLength,
    DeadCode,
    Ignored,
}

impl Rule {
    /// Why the rule is there: what somebody who broke it needs to know.
    fn reason(self) -> &'static str {
        match self {
            Self::Rooms => {
                "the way of a message is the order of the rooms; whoever uses one from behind makes a knot"
            }
            Self::Pure => {
                "time, randomness, files and look-ups are arguments of the core, so that a decision can be repeated"
            }
            Self::Abrupt => {
                "outside tests a fault is a value: return an error, or say with `let else` what holds then"
            }
            Self::FirstLine => "the first line of a file begins with `//!` and says what it is for",
            Self::FileLength => {
                "a file over 400 lines is a table, or a sign that a room is missing"
            }
            Self::FunctionLength => {
                "a function over 50 lines that is no table hides steps that want a name"
            }
            Self::DeadCode => "what nobody uses is removed, not allowed",
            Self::Ignored => "a test that does not run is no test: remove it, or make it run",
        }
    }
}

/// A broken rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub rule: Rule,
    pub file: String,
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            file,
            line,
            what,
        } = self;
        write!(f, "{file}:{line}: {what} ({})", rule.reason())
    }
}

/// Everything that breaks a rule in these files, in order.
pub fn violations(sources: &mut [Source]) -> Vec<Violation> {
    let test_modules: Vec<Vec<String>> = sources
        .iter()
        .flat_map(|s| &s.facts)
        .filter_map(|fact| match &fact.what {
            What::TestModule(module) => Some(module.clone()),
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    for source in sources {
        source.mark_tests(&test_modules);
        check_whole(source, &mut found);
        for fact in &source.facts {
            let broken = [
                rooms(source, fact),
                pure(source, fact),
                abrupt(fact),
                length(fact),
                attribute(fact),
            ];
            found.extend(broken.into_iter().flatten().map(|(rule, what)| Violation {
                rule,
                file: source.path.clone(),
                line: fact.line,
                what,
            }));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn check_whole(source: &Source, found: &mut Vec<Violation>) {
    let mut broken = |rule, what: String| {
        found.push(Violation {
            rule,
            file: source.path.clone(),
            line: 1,
            what,
        });
    };
    if !source.first_line.starts_with("//! ") {
        broken(
            Rule::FirstLine,
            "begins without saying what it is for".to_owned(),
        );
    }
    // A test may be as long as its story.
    let long = source.path.starts_with("src/") && source.lines > FILE_LINES;
    if long && !mostly(source.table_lines, source.lines) {
        broken(Rule::FileLength, format!("{} lines", source.lines));
    }
    let unknown = source
        .room()
        .filter(|room| !ROOMS.iter().any(|(name, _)| name == room));
    if let Some(room) = unknown {
        broken(
            Rule::Rooms,
            format!("the room `{room}` is not in the table of rooms"),
        );
    }
}

type Broken = Option<(Rule, String)>;

fn rooms(source: &Source, fact: &Fact) -> Broken {
    let (Some(room), What::Path(path)) = (source.room(), &fact.what) else {
        return None;
    };
    let [root, inner @ ..] = path.as_slice() else {
        return None;
    };
    // The crate's own name is its root, too.
    if root != "crate" && root != "quitus" {
        return None;
    }
    let other = inner.first()?;
    let may = ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, may)| *may)?;
    let named = inner.join("::");
    let allowed = *other == room
        || other == NEUTRAL
        || may
            .iter()
            .any(|one| named == *one || named.starts_with(&format!("{one}::")));
    let may = if may.is_empty() {
        "nothing".to_owned()
    } else {
        may.join(", ")
    };
    (!allowed).then(|| {
        (
            Rule::Rooms,
            format!("`{room}` uses `{named}`, and may use {may}"),
        )
    })
}

fn pure(source: &Source, fact: &Fact) -> Broken {
    let (Some(room), What::Path(path), false) = (source.room(), &fact.what, fact.test) else {
        return None;
    };
    if !PURE.contains(&room.as_str()) {
        return None;
    }
    let named = path.join("::");
    let begins = |one: &&str| named == **one || named.starts_with(&format!("{one}::"));
    let clock = path.last().is_some_and(|name| name == "now");
    (clock || IMPURE.iter().any(begins))
        .then(|| (Rule::Pure, format!("`{room}` is pure and names `{named}`")))
}

fn abrupt(fact: &Fact) -> Broken {
    if fact.test {
        return None;
    }
    let what = match &fact.what {
        What::Method(name) if ABRUPT_METHODS.contains(&name.as_str()) => format!("`.{name}()`"),
        What::Macro(name) if ABRUPT_MACROS.contains(&name.as_str()) => format!("`{name}!`"),
        What::Path(path) if ["Option", "Result"].contains(&path[0].as_str()) => {
            let name = path
                .last()
                .filter(|name| ABRUPT_METHODS.contains(&name.as_str()))?;
            format!("`{}::{name}`", path[0])
        }
        _ => return None,
    };
    Some((Rule::Abrupt, format!("{what} outside tests")))
}

fn length(fact: &Fact) -> Broken {
    match &fact.what {
        What::Function(name, lines) if *lines > FUNCTION_LINES && !fact.test => {
            Some((Rule::FunctionLength, format!("`{name}` has {lines} lines")))
        }
        _ => None,
    }
}

fn attribute(fact: &Fact) -> Broken {
    let What::Attribute(words) = &fact.what else {
        return None;
    };
    let has = |word: &str| words.iter().any(|w| w == word);
    let name = words.first()?.as_str();
    let lint = matches!(name, "allow" | "expect" | "cfg_attr") && (has("allow") || has("expect"));
    if lint && has("dead_code") {
        return Some((Rule::DeadCode, "`dead_code` is allowed".to_owned()));
    }
    let ignored = name == "ignore" || name == "cfg_attr" && has("ignore");
    ignored.then(|| (Rule::Ignored, "a test that is ignored".to_owned()))
}
