//! A firm with its pages open, and people who may sign in: all by what an operator would type.

use crate::browser::{Browser, Look};
use crate::firm::Firm;
use crate::operator::{Running, ask, quitus, status};
use crate::postfix::Postfix;
use std::io::Write;
use std::process::Stdio;

/// Postfix takes letters to everybody.
const EVERYBODY: &str = "virtual_mailbox_domains = static:all\n";
pub const PASSWORD: &str = "eine lange Nacht im Regen";

/// Everything that runs.
pub struct House {
    pub daemon: Running,
    pub firm: Firm,
    pub postfix: Postfix,
    port: u16,
}

impl House {
    /// In review mode: every letter waits for a human.
    pub fn open() -> Self {
        let postfix = Postfix::start(None, EVERYBODY);
        let firm = Firm::new(postfix.port());
        let port = crate::port::free_port();
        let text = std::fs::read_to_string(&firm.file).unwrap();
        let pages = format!(
            "\n[desk]\nlisten = \"127.0.0.1:{port}\"\n\n[templates]\npath = \"templates\"\n"
        );
        // The writer's own folder, so that a template can be saved.
        std::fs::create_dir(firm.path("templates")).unwrap();
        std::fs::write(&firm.file, text + &pages).unwrap();
        let register = firm.register();
        let done = ask(
            &firm.file,
            &["contacts", "import", register.to_str().unwrap()],
        );
        assert_eq!(done.code, Some(0), "{done:?}");
        assert_eq!(ask(&firm.file, &["activate", "review"]).code, Some(0));
        for (name, role) in [("odile", "reviewer"), ("wim", "writer")] {
            add(&firm, name, role);
        }
        let daemon = Running::start(&firm.file);
        Self {
            daemon,
            firm,
            postfix,
            port,
        }
    }

    pub fn page(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The texts of all letters that Postfix has delivered.
    pub fn letters(&self) -> Vec<String> {
        let mails = self.postfix.letters(0);
        let text = |mail: &Vec<u8>| {
            let read = mail_parser::MessageParser::default().parse(mail).unwrap();
            read.body_text(0).unwrap().into_owned()
        };
        mails.iter().map(text).collect()
    }

    pub fn status(&self) -> serde_json::Value {
        status(&self.firm.file)
    }

    /// Somebody at a browser who has signed in, on the first page.
    pub fn signed_in(&self, name: &str, look: Look) -> Browser {
        let browser = Browser::start(look);
        self.sign_in(&browser, name);
        browser
    }

    pub fn sign_in(&self, browser: &Browser, name: &str) {
        browser.go(&self.page("/"));
        browser.fill("input[name=name]", name);
        browser.fill("input[name=password]", PASSWORD);
        browser.click("form button.main");
        browser.until("the first page", || browser.has("nav"));
    }

    pub fn end(self) {
        self.daemon.end();
    }
}

fn add(firm: &Firm, name: &str, role: &str) {
    let words = ["users", "add", name, "--role", role, "--password-file", "-"];
    let mut child = quitus(&firm.file, &words)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{PASSWORD}").unwrap();
    drop(input);
    assert!(child.wait().unwrap().success(), "{name}");
}
