//! A provider of tokens on loopback: where a person agrees, where tokens are given, asked about and taken back.
//!
//! Written by hand and with threads, so that a mistake of our HTTP client cannot hide here. It checks PKCE, the redirect and the
//! client's secret, rotates refresh tokens, and misbehaves when it is told to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

pub const SECRET: &str = "planted-client-secret";

/// Words of a form or a query.
pub type Words = BTreeMap<String, String>;

/// How the next questions for tokens are answered, instead of well.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A code of RFC 6749 5.2.
    Refuse(&'static str),
    Status(u16),
    Slow(Duration),
}

/// What the provider knows and has seen.
#[derive(Default)]
pub struct World {
    /// Whose mailbox it is.
    pub user: String,
    /// Seconds that an access token lives.
    pub life: u64,
    /// Letters that are added to each access token.
    pub padding: usize,
    /// An old refresh token is dead as soon as a new one is given; else it dies when the new one is first used.
    pub strict: bool,
    /// While there is one, every question for tokens is answered so.
    pub fault: Option<Fault>,
    /// Access tokens that a mail server should take.
    pub live: BTreeSet<String>,
    /// Refresh tokens that are good.
    pub refresh: BTreeSet<String>,
    /// Every token, code and secret that was ever told.
    pub told: Vec<String>,
    /// Questions: the path, and the words.
    pub calls: Vec<(String, Words)>,
    /// By code: the words with which it was asked for.
    codes: BTreeMap<String, Words>,
    /// Device codes that nobody has typed in yet: how often is still to be answered "pending".
    pub pending: u32,
    number: u64,
}

impl World {
    fn mint(&mut self, kind: &str) -> String {
        self.number += 1;
        let token = format!(
            "planted-{kind}-{}-{}",
            self.number,
            "x".repeat(self.padding)
        );
        self.told.push(token.clone());
        token
    }

    /// How often tokens were asked for by this grant.
    pub fn asked(&self, grant: &str) -> usize {
        let by = |(path, words): &&(String, Words)| {
            path == "/token" && words.get("grant_type").is_some_and(|g| g.ends_with(grant))
        };
        self.calls.iter().filter(by).count()
    }

    fn give(&mut self, refresh: bool) -> (u16, String) {
        let access = self.mint("access");
        self.live.insert(access.clone());
        let mut answer = serde_json::json!({
            "access_token": access, "token_type": "Bearer", "expires_in": self.life, "scope": "mail",
        });
        if refresh {
            let token = self.mint("refresh");
            self.refresh.insert(token.clone());
            answer["refresh_token"] = token.into();
        }
        (200, answer.to_string())
    }

    fn token(&mut self, words: &Words) -> (u16, String) {
        let word = |key: &str| words.get(key).map_or("", String::as_str);
        if word("client_id") != "app" || word("client_secret") != SECRET {
            return refuse("invalid_client");
        }
        match word("grant_type") {
            "authorization_code" => {
                let Some(asked) = self.codes.remove(word("code")) else {
                    return refuse("invalid_grant");
                };
                let sum = Sha256::digest(word("code_verifier").as_bytes());
                let proved = URL_SAFE_NO_PAD.encode(sum) == asked["code_challenge"];
                match proved && word("redirect_uri") == asked["redirect_uri"] {
                    true => self.give(true),
                    false => refuse("invalid_grant"),
                }
            }
            "refresh_token" => {
                let used = word("refresh_token").to_owned();
                if !self.refresh.contains(&used) {
                    return refuse("invalid_grant");
                }
                match self.strict {
                    true => self.refresh.clear(),
                    false => self.refresh.retain(|token| *token == used),
                }
                self.give(true)
            }
            "client_credentials" if word("scope") == "mail" => self.give(false),
            "urn:ietf:params:oauth:grant-type:device_code" if self.pending > 0 => {
                self.pending -= 1;
                refuse("authorization_pending")
            }
            "urn:ietf:params:oauth:grant-type:device_code" => self.give(true),
            _ => refuse("unsupported_grant_type"),
        }
    }
}

fn refuse(code: &str) -> (u16, String) {
    let why = "it was revoked by owner@acme.example";
    (
        400,
        serde_json::json!({"error": code, "error_description": why}).to_string(),
    )
}

/// The running server; its threads end with the process.
#[derive(Clone)]
pub struct TokenServer {
    pub port: u16,
    world: Arc<Mutex<World>>,
}

impl TokenServer {
    pub fn start(user: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            world: Arc::new(Mutex::new(World {
                user: user.to_owned(),
                life: 3_600,
                told: vec![SECRET.to_owned()],
                ..World::default()
            })),
        };
        let own = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(stream));
            }
        });
        server
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(|e| e.into_inner())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let (mut first, mut length) = (String::new(), 0);
        reader.read_line(&mut first).ok()?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().ok()?;
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let target = first.split(' ').nth(1)?.to_owned();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let text = format!("{query}&{}", String::from_utf8(body).ok()?);
        let (status, more, body) = self.answer(path, &words(&text));
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream = reader.into_inner();
        stream.write_all(answer.as_bytes()).ok()
    }

    fn answer(&self, path: &str, words: &Words) -> (u16, String, String) {
        let mut world = self.world();
        world.calls.push((path.to_owned(), words.clone()));
        let plain = |(status, body): (u16, String)| (status, String::new(), body);
        match path {
            "/authorize" => {
                let code = world.mint("code");
                let back = format!(
                    "{}/?code={code}&state={}",
                    words["redirect_uri"], words["state"]
                );
                world.codes.insert(code, words.clone());
                (302, format!("Location: {back}\r\n"), String::new())
            }
            "/token" => match world.fault.clone() {
                None => plain(world.token(words)),
                Some(Fault::Refuse(code)) => plain(refuse(code)),
                Some(Fault::Status(status)) => plain((status, "busy".to_owned())),
                Some(Fault::Slow(time)) => {
                    drop(world);
                    std::thread::sleep(time);
                    plain(self.world().token(words))
                }
            },
            "/device" => {
                let device = world.mint("device");
                let page = self.url("/type-it-in");
                let answer = serde_json::json!({
                    "device_code": device, "user_code": "WDJB-MJHT", "verification_uri": page, "interval": 1, "expires_in": 60,
                });
                plain((200, answer.to_string()))
            }
            "/introspect" => {
                let active = words.get("token").is_some_and(|t| world.live.contains(t));
                let answer = serde_json::json!({"active": active, "username": world.user});
                plain((200, answer.to_string()))
            }
            "/revoke" => {
                let token = words.get("token").map_or("", String::as_str);
                let known = world.refresh.remove(token);
                // RFC 7009 2.2: no body is needed.
                plain((if known { 200 } else { 400 }, String::new()))
            }
            _ => plain((404, "{}".to_owned())),
        }
    }
}

/// A browser: follows the link to where the provider sends it, and says where that is.
pub fn agree(link: &str) -> String {
    let (head, _) = get(link);
    let location = head.lines().find_map(|l| l.strip_prefix("Location: "));
    location
        .expect("the provider sends the browser on")
        .to_owned()
}

/// Asks for a page: head and body.
pub fn get(url: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (place, target) = match rest.split_once('/') {
        Some((place, target)) => (place, target),
        None => (rest, ""),
    };
    let mut stream = TcpStream::connect(place).unwrap();
    let ask = format!("GET /{target} HTTP/1.1\r\nHost: {place}\r\n\r\n");
    stream.write_all(ask.as_bytes()).unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// Words of a query or form.
pub fn words(text: &str) -> Words {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(k, v)| (k.to_owned(), decoded(v))).collect()
}

fn decoded(text: &str) -> String {
    let (mut all, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, more @ ..] = rest {
        rest = more;
        match (first, more) {
            (b'%', [a, b, after @ ..]) => {
                let hex = [*a, *b];
                all.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
                rest = after;
            }
            (b'+', _) => all.push(b' '),
            (other, _) => all.push(*other),
        }
    }
    String::from_utf8(all).unwrap()
}
