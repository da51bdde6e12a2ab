//! The pages of a real daemon, and a browser that is no browser: requests written by hand, so that every rule can be broken.

use crate::stage::Stage;
use quitus::api::Desk;
use quitus::guard::Listen;
use quitus::record::Mode;
use quitus::web::{DeskSettings, Pages, Role, User, Users, hash_password};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const PASSWORD: &str = "correct horse battery";

/// A daemon with pages; `vera` looks, `wim` writes, `odile` decides, all with the same password.
pub struct WebStage {
    pub house: Stage,
    pub pages: Pages,
    pub at: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: BTreeMap<String, Vec<String>>,
    pub body: String,
}

impl Page {
    /// The value of a header that stands there once.
    pub fn header(&self, name: &str) -> &str {
        match self.headers.get(name).map(Vec::as_slice) {
            Some([one]) => one,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// The token that a form of the page carries.
    pub fn csrf(&self) -> String {
        let found = self.body.split("name=\"csrf\" value=\"").nth(1);
        let rest = found.unwrap_or_else(|| panic!("no form in {}", self.body));
        rest.split('"').next().unwrap().to_owned()
    }

    /// The text between the tags, white space made one.
    pub fn text(&self) -> String {
        let tags = regex::Regex::new(r"(?s)<(script|style).*?</(script|style)>|<[^>]*>").unwrap();
        let text = tags.replace_all(&self.body, " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
    }
}

/// Somebody at a browser.
pub struct Browser {
    pub at: SocketAddr,
    pub cookie: String,
    pub csrf: String,
    pub language: &'static str,
}

impl WebStage {
    pub async fn build(mode: Mode) -> Self {
        Self::with(mode, "", |_| {}).await
    }

    pub async fn with(mode: Mode, more: &str, change: impl FnOnce(&mut DeskSettings)) -> Self {
        let house = Stage::with(mode, more).await;
        let store = house.daemon.office.house.load().config.store.path.clone();
        let hash = hash_password(PASSWORD).unwrap();
        let user = |name: &str, role| User {
            name: name.into(),
            role,
            password: hash.clone(),
            language: None,
            token: String::new(),
        };
        let users = Users::of_store(&store);
        let all = [
            ("vera", Role::Viewer),
            ("wim", Role::Writer),
            ("odile", Role::Reviewer),
        ];
        let added = users.change(|u| u.extend(all.map(|(name, role)| user(name, role))));
        added.unwrap();
        let mut settings = DeskSettings::at(Listen::Tcp("127.0.0.1:0".parse().unwrap()));
        change(&mut settings);
        let desk = Desk::of(&house.daemon);
        let pages = Pages::open_at(desk, settings).await.unwrap();
        let Listen::Tcp(at) = *pages.listen() else {
            panic!("not on a port");
        };
        Self { house, pages, at }
    }

    pub fn users(&self) -> Users {
        let house = self.house.daemon.office.house.load();
        Users::of_store(&house.config.store.path)
    }

    pub fn browser(&self) -> Browser {
        Browser {
            at: self.at,
            cookie: String::new(),
            csrf: String::new(),
            language: "en",
        }
    }

    /// Somebody who has signed in.
    pub async fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.sign_in(name, PASSWORD).await;
        assert_eq!(page.status, 303, "{}", page.text());
        browser.get("/").await;
        browser
    }

    pub async fn end(self) {
        self.pages.end().await;
        self.house.end().await;
    }
}

impl Browser {
    /// The headers that a browser sends with an order from a page of ours.
    pub fn ours(&self) -> Vec<(String, String)> {
        vec![
            ("Host".into(), self.at.to_string()),
            ("Origin".into(), "null".into()),
            ("Sec-Fetch-Site".into(), "same-origin".into()),
        ]
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let headers = [("Host".to_owned(), self.at.to_string())];
        let page = self.raw("GET", path, &headers, "").await;
        if page.body.contains("name=\"csrf\" value=\"") {
            self.csrf = page.csrf();
        }
        page
    }

    /// A page that is there.
    pub async fn look(&mut self, path: &str) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        page
    }

    /// An order from the last page.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.csrf.clone();
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", &*token)]).collect();
        let headers = self.ours();
        self.raw("POST", path, &headers, &form(&fields)).await
    }

    /// An order that is done, and what the page that follows says.
    pub async fn orders(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let done = self.post(path, fields).await;
        assert_eq!(done.status, 303, "{path}: {}", done.text());
        let to = done.header("location").to_owned();
        self.look(&to).await
    }

    pub async fn sign_in(&mut self, name: &str, password: &str) -> Page {
        let headers = self.ours();
        let fields = form(&[("name", name), ("password", password)]);
        let page = self.raw("POST", "/sign-in", &headers, &fields).await;
        if let Some(cookie) = page.headers.get("set-cookie") {
            self.cookie = cookie[0].split(';').next().unwrap().to_owned();
        }
        page
    }

    /// Any request at all.
    pub async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> Page {
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        let is_said = |name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        if !self.cookie.is_empty() {
            text += &format!("Cookie: {}\r\n", self.cookie);
        }
        if !is_said("content-type") && !body.is_empty() {
            text += "Content-Type: application/x-www-form-urlencoded\r\n";
        }
        text += &format!("Accept-Language: {}\r\n", self.language);
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).await.unwrap();
        read(&got)
    }
}

pub fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| -> String {
        let byte = |b: u8| match b.is_ascii_alphanumeric() {
            true => char::from(b).to_string(),
            false => format!("%{b:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let pairs = fields
        .iter()
        .map(|(k, v)| format!("{}={}", escaped(k), escaped(v)));
    pairs.collect::<Vec<_>>().join("&")
}

fn read(raw: &[u8]) -> Page {
    let at = raw
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(raw)));
    let (head, body) = (
        String::from_utf8_lossy(&raw[..at]).into_owned(),
        &raw[at + 4..],
    );
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let all = headers.entry(name.to_ascii_lowercase()).or_default();
        all.push(value.trim().to_owned());
    }
    let body = match headers.contains_key("transfer-encoding") {
        true => dechunked(body),
        false => body.to_vec(),
    };
    let body = String::from_utf8_lossy(&body).into_owned();
    Page {
        status,
        headers,
        body,
    }
}

fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(end) = body.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        all.extend_from_slice(&body[end + 2..end + 2 + size]);
        if size == 0 {
            break;
        }
        body = &body[end + 4 + size..];
    }
    all
}
