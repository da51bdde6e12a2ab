//! The format of a preset: the calls of one vendor, as TOML. config/senders/README.md explains it to those who write one.
//!
//! It is as small as the eight vendors at hand need. Everything is checked when it is read: unknown keys, templates (each is
//! rendered once with made-up values, so that a wrong name is found before the first STOP), pointers, bodies that are no JSON.

use super::told::Channel;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// A text with placeholders, and where it stands in the file.
pub(super) type Text = Spanned<String>;

/// One vendor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preset {
    /// The vendor, as people call it.
    pub(super) name: String,
    /// What every path is added to: `https://api.example.com`; may use `with`.
    pub(super) base: Text,
    /// What stops when it obeys.
    pub(super) channels: Vec<Channel>,
    /// Values that `with` must hold in the configuration, each with what it is.
    #[serde(default)]
    pub(super) needs: BTreeMap<String, String>,
    /// Values of `with` that the configuration may leave out.
    #[serde(default)]
    pub(super) defaults: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) limits: PresetLimits,
    pub(super) auth: Auth,
    /// Whether the pull sees everybody that `suppress` writes.
    #[serde(default)]
    pub(super) complete_pull: bool,
    /// Why an act is impossible, and what a person can do instead: `lift = "…"`.
    #[serde(default)]
    pub(super) cannot: BTreeMap<Act, String>,
    #[serde(default)]
    pub(super) suppress: Vec<Step>,
    #[serde(default)]
    pub(super) pause: Vec<Step>,
    #[serde(default)]
    pub(super) lift: Vec<Step>,
    #[serde(default)]
    pub(super) domain_suppress: Vec<Step>,
    #[serde(default)]
    pub(super) domain_lift: Vec<Step>,
    #[serde(default)]
    pub(super) pull: Vec<Step>,
    #[serde(default)]
    pub(super) test: Vec<Step>,
}

/// What a preset can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Act {
    Suppress,
    Pause,
    Lift,
    DomainSuppress,
    DomainLift,
    Pull,
    Test,
}

impl Act {
    pub(super) const ALL: [Self; 7] = [
        Self::Suppress,
        Self::Pause,
        Self::Lift,
        Self::DomainSuppress,
        Self::DomainLift,
        Self::Pull,
        Self::Test,
    ];

    /// As the file spells it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Suppress => "suppress",
            Self::Pause => "pause",
            Self::Lift => "lift",
            Self::DomainSuppress => "domain_suppress",
            Self::DomainLift => "domain_lift",
            Self::Pull => "pull",
            Self::Test => "test",
        }
    }
}

impl Preset {
    /// The steps of an act; empty if the vendor has no such call.
    pub(super) fn steps(&self, act: Act) -> &[Step] {
        match act {
            Act::Suppress => &self.suppress,
            Act::Pause => &self.pause,
            Act::Lift => &self.lift,
            Act::DomainSuppress => &self.domain_suppress,
            Act::DomainLift => &self.domain_lift,
            Act::Pull => &self.pull,
            Act::Test => &self.test,
        }
    }
}

/// How fast.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PresetLimits {
    pub(super) at_once: usize,
    pub(super) per_minute: Option<u32>,
}

impl Default for PresetLimits {
    fn default() -> Self {
        Self {
            at_once: 1,
            per_minute: Some(60),
        }
    }
}

/// How the secret is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub(super) enum Auth {
    /// `Authorization: Bearer SECRET`
    Bearer,
    /// `Authorization: Basic …`, with this user and the secret as password.
    Basic {
        #[serde(default)]
        user: String,
    },
    /// A header of this name.
    Header { name: String },
    /// A query parameter of this name. Such URLs are secrets themselves.
    Query { name: String },
}

/// One call, and what its answer means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) method: Method,
    pub(super) path: Text,
    /// An empty value is left out.
    #[serde(default)]
    pub(super) query: BTreeMap<String, Text>,
    pub(super) body: Option<Text>,
    /// Statuses that mean yes; default: any 2xx.
    #[serde(default)]
    pub(super) done: Vec<u16>,
    /// Statuses that mean "nobody of that name here".
    #[serde(default)]
    pub(super) unknown: Vec<u16>,
    /// Values of the answer (of each item, with `each`) for later steps.
    #[serde(default)]
    pub(super) take: BTreeMap<String, Text>,
    /// An array of the answer: the following steps run for each of its items.
    pub(super) each: Option<Text>,
    /// An array of the answer: each of its items is an opt-out (pull).
    pub(super) items: Option<Text>,
    /// Where the address stands in an item; the first pointer that finds any counts.
    #[serde(default)]
    pub(super) address: Vec<Text>,
    /// Only items in which these pointers find these texts; upper and lower case are the same.
    #[serde(default, rename = "where")]
    pub(super) only: BTreeMap<String, Text>,
    /// What it means when no item is left; default `unknown`.
    #[serde(default)]
    pub(super) none: Otherwise,
    /// What the answer must say: 2xx alone is no proof.
    #[serde(default)]
    pub(super) expect: BTreeMap<String, Text>,
    /// What it means when it does not; default `refused`.
    #[serde(default = "refused")]
    pub(super) otherwise: Otherwise,
    pub(super) paging: Option<Paging>,
    /// What a person reads when this step is `refused` or `later`.
    pub(super) says: Option<String>,
    /// Why this call is not certain: not found in documentation, only remembered.
    pub(super) unverified: Option<String>,
}

const fn refused() -> Otherwise {
    Otherwise::Refused
}

/// The methods that vendors use.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What an answer means that is not what was hoped for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Otherwise {
    /// The person is not known there.
    #[default]
    Unknown,
    /// It is well: nothing is left to do.
    Obeyed,
    /// Not yet: try again.
    Later,
    /// A human must look.
    Refused,
}

/// How a long list is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    /// Which variable counts: `offset`, `page` (from 1) or `cursor`.
    pub(super) by: PagingBy,
    /// Items that are asked for at once; a page (`by = "page"`) with fewer is the last.
    #[serde(default)]
    pub(super) size: usize,
    /// Where the next cursor stands in an answer.
    pub(super) cursor: Option<Text>,
    /// Items after which the vendor answers no more; the pull is not complete then.
    pub(super) most: Option<usize>,
}

/// What counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PagingBy {
    Offset,
    Page,
    Cursor,
}
