//! Debian's Chromium, driven through its own driver over loopback (W3C WebDriver): a profile of its own, ended by its pid.

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything on a page may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What names an element in an answer (WebDriver, Elements).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How the person's screen is.
#[derive(Clone, Copy)]
pub struct Look {
    pub dark: bool,
    /// A tag of BCP 47.
    pub language: &'static str,
    pub width: u32,
    pub height: u32,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            dark: false,
            language: "en",
            width: 1280,
            height: 900,
        }
    }
}

/// One window.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: tempfile::TempDir,
}

impl Browser {
    pub fn start(look: Look) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("chromedriver: tests/run installs chromium-driver");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("chromedriver ended").unwrap();
            if let Some((_, port)) = line.rsplit_once("successfully on port ") {
                break port.trim_end_matches('.').parse().unwrap();
            }
        };
        // Nobody reads the rest; the pipe must not fill.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            profile,
        };
        browser.open(look);
        browser
    }

    fn open(&mut self, look: Look) {
        let mut args = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-gpu".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            format!("--lang={}", look.language),
            format!("--window-size={},{}", look.width, look.height),
            format!("--user-data-dir={}", self.profile.path().display()),
        ];
        if look.dark {
            args.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let options = json!({
            "args": args,
            "prefs": {
                "intl": {"accept_languages": look.language},
                "download": {"default_directory": self.profile.path().join("saved")},
            },
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
        }}});
        let opened = self.ask("POST", "/session", Some(wanted));
        self.session = opened["sessionId"].as_str().unwrap().to_owned();
    }

    /// Sends a command to the driver; an error of the driver ends the test.
    fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.try_ask(method, path, body)
            .unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    }

    fn try_ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
        let body = body.map_or_else(String::new, |b| b.to_string());
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(3 * PATIENCE)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        // The driver keeps the connection open whatever it is told.
        let mut answer = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while answer.read_line(&mut line).unwrap() > 2 {
            let lower = line.to_ascii_lowercase();
            if let Some(octets) = lower.strip_prefix("content-length:") {
                length = octets.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).unwrap();
        let value = serde_json::from_slice::<Value>(&body).unwrap()["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["message"])),
            None => Ok(value),
        }
    }

    fn of(&self, rest: &str) -> String {
        format!("/session/{}{rest}", self.session)
    }

    pub fn go(&self, url: &str) {
        self.ask("POST", &self.of("/url"), Some(json!({"url": url})));
    }

    pub fn url(&self) -> String {
        let url = self.ask("GET", &self.of("/url"), None);
        url.as_str().unwrap().to_owned()
    }

    /// What this function says in the page; `arguments` are its arguments.
    pub fn run(&self, script: &str, arguments: Value) -> Value {
        let body = json!({"script": script, "args": arguments});
        self.ask("POST", &self.of("/execute/sync"), Some(body))
    }

    /// The same of one that ends by calling its last argument.
    pub fn run_async(&self, script: &str) -> Value {
        let body = json!({"script": script, "args": []});
        self.ask("POST", &self.of("/execute/async"), Some(body))
    }

    fn find(&self, css: &str) -> Option<String> {
        let body = json!({"using": "css selector", "value": css});
        let found = self.ask("POST", &self.of("/elements"), Some(body));
        found[0][ELEMENT].as_str().map(str::to_owned)
    }

    /// Waits for an element.
    fn element(&self, css: &str) -> String {
        let mut found = None;
        self.until(&format!("{css} is there"), || {
            found = self.find(css);
            found.is_some()
        });
        found.unwrap()
    }

    pub fn has(&self, css: &str) -> bool {
        self.find(css).is_some()
    }

    /// Asks something of an element. One that the page replaces meanwhile is looked for again: a person would not notice.
    fn at(&self, css: &str, method: &str, what: &str, body: Option<Value>) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let path = self.of(&format!("/element/{}/{what}", self.element(css)));
            match self.try_ask(method, &path, body.clone()) {
                Err(e) if e.contains("stale element") && Instant::now() < end => {}
                answer => return answer.unwrap_or_else(|e| panic!("{method} {path}: {e}")),
            }
        }
    }

    pub fn click(&self, css: &str) {
        self.at(css, "POST", "click", Some(json!({})));
    }

    /// Types into a field what it shall hold.
    pub fn fill(&self, css: &str, text: &str) {
        self.at(css, "POST", "clear", Some(json!({})));
        self.at(css, "POST", "value", Some(json!({"text": text})));
    }

    /// What a field holds.
    pub fn value(&self, css: &str) -> String {
        let value = self.at(css, "GET", "property/value", None);
        value.as_str().unwrap().to_owned()
    }

    /// Does something in a frame, and comes back.
    pub fn within<T>(&self, css: &str, does: impl FnOnce() -> T) -> T {
        let frame = json!({"id": {ELEMENT: self.element(css)}});
        self.ask("POST", &self.of("/frame"), Some(frame));
        let done = does();
        let whole = json!({"id": null});
        self.ask("POST", &self.of("/frame"), Some(whole));
        done
    }

    /// From now on pages run no script of theirs.
    pub fn without_script(&self) {
        let body =
            json!({"cmd": "Emulation.setScriptExecutionDisabled", "params": {"value": true}});
        self.ask("POST", &self.of("/goog/cdp/execute"), Some(body));
    }

    /// The text of the file with this ending that was saved, once it is whole.
    pub fn saved(&self, ending: &str) -> String {
        let mut text = None;
        self.until(&format!("a .{ending} file is saved"), || {
            let files = std::fs::read_dir(self.profile.path().join("saved"));
            let mut files = files.into_iter().flatten().map(|f| f.unwrap().path());
            let file = files.find(|f| f.extension().is_some_and(|e| e == ending));
            text = file.map(|f| std::fs::read_to_string(f).unwrap());
            text.is_some()
        });
        text.unwrap()
    }

    /// Presses keys, one after the other, wherever the focus is. `\u{e004}` is Tab, `\u{e007}` Enter (WebDriver, Keyboard actions).
    pub fn press(&self, keys: &str) {
        let of = |key: char| {
            let key = key.to_string();
            [
                json!({"type": "keyDown", "value": key}),
                json!({"type": "keyUp", "value": key}),
            ]
        };
        let actions: Vec<Value> = keys.chars().flat_map(of).collect();
        let body = json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]});
        self.ask("POST", &self.of("/actions"), Some(body));
    }

    /// The text of an element as a person sees it.
    pub fn text(&self, css: &str) -> String {
        let text = self.at(css, "GET", "text", None);
        text.as_str().unwrap().to_owned()
    }

    /// The window as a picture (PNG).
    pub fn picture(&self) -> Vec<u8> {
        use base64::Engine;
        let taken = self.ask("GET", &self.of("/screenshot"), None);
        let engine = base64::engine::general_purpose::STANDARD;
        engine.decode(taken.as_str().unwrap()).unwrap()
    }

    /// The same for a page that shows it (WebP).
    pub fn small_picture(&self) -> Vec<u8> {
        use base64::Engine;
        let wanted = json!({"format": "webp", "quality": 70});
        let body = json!({"cmd": "Page.captureScreenshot", "params": wanted});
        let taken = self.ask("POST", &self.of("/goog/cdp/execute"), Some(body));
        let engine = base64::engine::general_purpose::STANDARD;
        engine.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    pub fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done() {
            assert!(
                Instant::now() < end,
                "waited in vain until {what}; the page at {} says:\n{}",
                self.url(),
                self.run("return document.body.innerText", json!([]))
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits until the page shows this text.
    pub fn shows(&self, text: &str) {
        self.until(&format!("it shows {text:?}"), || {
            let all = self.run("return document.body.innerText", json!([]));
            all.as_str().unwrap_or_default().contains(text)
        });
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver, and the browser that it began, whatever state they are in: a group of their own.
        let group = i32::try_from(self.driver.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.driver.wait();
    }
}
