//! Where the daemon keeps and finds things, and how it speaks to the operator: `[store]`, `[control]`, `[log]`, `[review]`,
//! `[templates]`, `[lexicon]`, `[reader]`, `[house]`.
//!
//! Small sections that belong to no single room; each field says its default.

use crate::record::{Address, RequestKind, Timestamp};
use crate::store;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `[store]`: the folder of the log, the keys and the index.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// The folder; made if it is not there. Its file system must keep what fdatasync was told.
    pub path: PathBuf,
    /// Memory for the index's pages, in MiB. Default 32.
    #[serde(default = "index_cache")]
    pub index_cache_mib: u64,
    /// Room held back for the last words when the disk is full, in MiB. Default 8.
    #[serde(default = "ballast")]
    pub ballast_mib: u64,
    /// Below this much free space, in MiB, no new work is begun. Default 32.
    #[serde(default = "floor")]
    pub free_space_floor_mib: u64,
    /// Days after which backups of the keys expire; an erasure letter says so. Default 30.
    #[serde(default = "key_backups")]
    pub key_backup_days: u32,
}

const fn index_cache() -> u64 {
    32
}

const fn ballast() -> u64 {
    8
}

const fn floor() -> u64 {
    32
}

const fn key_backups() -> u32 {
    30
}

impl StoreSettings {
    /// How the store is opened.
    pub fn options(&self, now: Timestamp) -> store::Options {
        store::Options {
            index_cache: self.index_cache_mib << 20,
            ballast: self.ballast_mib << 20,
            floor: self.free_space_floor_mib << 20,
            ..store::Options::at(now)
        }
    }
}

/// `[[system]]`: somewhere else where data of people lie; a case of access or erasure waits until each is done.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemSettings {
    /// The name under which letters and the log know it: `"HubSpot"`.
    pub name: String,
    /// What it holds, for whoever has to look: `"CRM: contact, notes, calls"`. Default: nothing is said.
    #[serde(default)]
    pub holds: String,
    /// What must be done there: `access`, `erasure`. Default: both.
    #[serde(default = "both")]
    pub requests: Vec<RequestKind>,
}

fn both() -> Vec<RequestKind> {
    vec![RequestKind::Access, RequestKind::Erasure]
}

/// `[control]`: the socket through which commands speak to the daemon. Its permissions (0600) guard it.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ControlSettings {
    /// Its path. Default: `control.sock` in the store's folder.
    pub socket: Option<PathBuf>,
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What a human must look at.
    Error,
    /// And what may become that.
    Warn,
    /// And each message's way, a line each.
    #[default]
    Info,
    /// And each step.
    Debug,
    /// And each command of each connection, without contents.
    Trace,
}

impl LogLevel {
    /// The same for tracing.
    pub fn filter(self) -> tracing::level_filters::LevelFilter {
        use tracing::level_filters::LevelFilter;
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// `[log]`: what the daemon writes to standard error.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// For people, or one JSON object a line. Default `text`.
    pub format: LogFormat,
    /// How much is told. Default `info`.
    pub level: LogLevel,
}

/// `[retention]`: how long texts of closed cases can be read. A legal hold keeps them; fingerprints and suppressions stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSettings {
    /// Days after closing until what people wrote is erased. Default 1095.
    pub content_days: u32,
    /// Days after closing until the proof (the deciding words, the letter as sent) is erased. Default 1825.
    pub proof_days: u32,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            content_days: 1095,
            proof_days: 1825,
        }
    }
}

/// `[templates]` and `[lexicon]`: a folder of the firm's own files, laid over those that Quitus brings along.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FolderSettings {
    /// The folder. Default: none, only what Quitus brings along.
    pub path: Option<PathBuf>,
}

/// `[reader]`: who reads.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReaderSettings {
    /// Whether the learned reader is asked beside the lexicons; where they differ, a human looks. Default true.
    pub learned: bool,
}

impl Default for ReaderSettings {
    fn default() -> Self {
        Self { learned: true }
    }
}

/// `[learning]`: what becomes of the words of a message whose label a reviewer corrected.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LearningSettings {
    /// Whether they are kept in the operator's own set of labelled replies, until the text is erased. Default false.
    pub keep: bool,
}

/// `[house]`: how mail of our own, and mail that our own border has looked at, is recognised.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HouseSettings {
    /// Our domains: who writes from one is a colleague (B6). Default: those of the mailboxes, apart from freemail.
    pub own_domains: Vec<String>,
    /// The name that our own mail server writes into Authentication-Results (RFC 8601); only its results are believed.
    /// Default: none are.
    pub authserv_id: Option<String>,
    /// The address of List-Unsubscribe, in front of whose at sign a token is put (B1): mail to `it+anything@` must arrive
    /// in a watched mailbox. Default: the address of the first mailbox.
    pub unsubscribe_address: Option<Address>,
    /// Traffic of warm-up tools (A11).
    pub warm_up: WarmUpSettings,
}

/// `[house.warm_up]`: what marks warm-up traffic, which is neither answered nor read (A11). Upper and lower case are the same.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WarmUpSettings {
    /// Words that stand in the subject or the text of every mail of the tool. Default: none.
    pub tags: Vec<String>,
    /// Header fields that only such mail has: `X-Warmup` or `X-Mailer: warmer`. Default: none.
    pub headers: Vec<String>,
}

impl WarmUpSettings {
    /// Whether a message carries one of the marks.
    pub fn marks(&self, message: &crate::mail::InboundMessage) -> bool {
        let subject = message.subject.to_lowercase();
        let text = message.fresh.text.to_lowercase();
        let tag = |t: &String| {
            let t = t.to_lowercase();
            subject.contains(&t) || text.contains(&t)
        };
        let header = |h: &String| {
            let (name, value) = h.split_once(':').unwrap_or((h, ""));
            let (name, value) = (name.trim().to_lowercase(), value.trim().to_lowercase());
            message
                .signs
                .all(&name)
                .any(|v| v.to_lowercase().contains(&value))
        };
        self.tags.iter().any(tag) || self.headers.iter().any(header)
    }
}

/// Makes a relative path relative to the folder of the configuration.
pub(super) fn resolve(path: &mut PathBuf, folder: &Path) {
    if path.is_relative() {
        *path = folder.join(&*path);
    }
}
