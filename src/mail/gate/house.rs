//! Who we are, as far as the gate must know it; and whether a writer is one of us (B6).
//!
//! Everything that needs a key or a pattern comes in as a function, so that this room holds no secret and compiles no
//! settings. A house that is [`unknown`](House::unknown) counts every message as addressed to us.

use super::super::{InboundMessage, Signs};
use crate::record::{Address, Timestamp, TokenKind};
use std::sync::Arc;

type AddressTest = Arc<dyn Fn(&Address) -> bool + Send + Sync>;
/// What the token in an address is for, if it held when the message arrived.
type TokenTest = Arc<dyn Fn(&Address, Timestamp) -> Option<TokenKind> + Send + Sync>;

/// The firm's own addresses, groups and marks.
#[derive(Clone)]
pub struct House {
    /// Whether there is a configuration; without one A6 and A11 stay silent.
    pub known: bool,
    /// Addresses of the watched mailboxes and their aliases.
    pub mailboxes: Vec<Address>,
    /// Addresses of groups through which mail reaches them.
    pub groups: Vec<Address>,
    /// Our own lists: a List-Id (`team.example.com`) or the list's address; lower case.
    pub own_lists: Vec<String>,
    /// Addresses from which mail is forwarded to a watched mailbox.
    pub forwarded_from: Vec<Address>,
    /// Our domains, lower-case ASCII.
    pub own_domains: Vec<String>,
    /// The authserv-id that our own border writes into Authentication-Results (RFC 8601 2.5).
    pub authserv_id: Option<String>,
    /// Names of the keyed loop header (lower case) and whether a value of it verifies.
    pub loop_header: String,
    /// Verifies the loop header's value.
    pub is_our_loop: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// `bounce+TOKEN@` with a valid token.
    pub bounce_token: AddressTest,
    /// A plus-address of ours with a valid token: that of our List-Unsubscribe, or one for replies.
    pub token: TokenTest,
    /// Warm-up traffic by the configured tags, headers and subjects (A11).
    pub is_warm_up: Arc<dyn Fn(&InboundMessage) -> bool + Send + Sync>,
}

impl House {
    /// No configuration: every message counts as addressed to us, nothing counts as ours.
    pub fn unknown() -> Self {
        Self {
            known: false,
            mailboxes: Vec::new(),
            groups: Vec::new(),
            own_lists: Vec::new(),
            forwarded_from: Vec::new(),
            own_domains: Vec::new(),
            authserv_id: None,
            loop_header: "x-quitus-loop".into(),
            is_our_loop: Arc::new(|_| false),
            bounce_token: Arc::new(|_| false),
            token: Arc::new(|_, _| None),
            is_warm_up: Arc::new(|_| false),
        }
    }

    pub(super) fn is_unsubscribe_token(&self, address: &Address, at: Timestamp) -> bool {
        (self.token)(address, at) == Some(TokenKind::Unsubscribe)
    }

    /// Whether an address carries any valid token of ours (A6).
    pub(super) fn is_any_token(&self, address: &Address, at: Timestamp) -> bool {
        (self.token)(address, at).is_some() || (self.bounce_token)(address)
    }

    /// Whether a List-Id, List-Post or Mailing-List of the message is one of our own lists.
    pub(in crate::mail) fn is_own_list(&self, signs: &Signs) -> bool {
        ["list-id", "list-post", "mailing-list", "x-beenthere"]
            .iter()
            .flat_map(|n| signs.all(n))
            .any(|v| self.names_own_list(v))
    }

    fn names_own_list(&self, value: &str) -> bool {
        let value = value.to_lowercase();
        let whole = |own: &str| {
            value
                .split(['<', '>', ' ', ',', ';', '"', ':', '?'])
                .any(|w| {
                    w == own || w.replacen('@', ".", 1) == own || own.replacen('@', ".", 1) == w
                })
        };
        self.own_lists.iter().any(|own| whole(own))
            || self
                .groups
                .iter()
                .any(|g| whole(&g.as_str().to_lowercase()))
    }

    /// Whether an address is a group or list of ours.
    pub(in crate::mail) fn is_own_group(&self, address: &Address) -> bool {
        let text = address.as_str().to_lowercase();
        self.groups.iter().any(|g| g.same_person(address)) || self.own_lists.contains(&text)
    }

    /// Whether the message came through a group, list or forwarder of ours.
    pub(super) fn came_through_ours(&self, m: &InboundMessage) -> bool {
        let forwarded = |a: &Address| self.forwarded_from.iter().any(|f| f.same_person(a));
        self.is_own_list(&m.signs)
            || m.delivered_to
                .iter()
                .chain(&m.to)
                .chain(&m.cc)
                .any(forwarded)
            || ["x-forwarded-for", "x-forwarded-to", "resent-from"]
                .iter()
                .flat_map(|n| m.signs.all(n))
                .any(|v| {
                    v.split([' ', ',', '<', '>'])
                        .filter_map(|w| Address::parse(w).ok())
                        .any(|a| forwarded(&a))
                })
    }

    /// Whether an address is a way to a watched mailbox (A6).
    pub(super) fn is_reached_by(&self, address: &Address, at: Timestamp) -> bool {
        let same = |list: &[Address]| list.iter().any(|a| a.same_person(address));
        same(&self.mailboxes)
            || same(&self.forwarded_from)
            || self.is_own_group(address)
            || self.is_any_token(address, at)
    }
}

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("House")
            .field("known", &self.known)
            .field("mailboxes", &self.mailboxes.len())
            .field("groups", &self.groups.len())
            .field("own_domains", &self.own_domains)
            .finish_non_exhaustive()
    }
}

/// On which side a writer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// A colleague: no letter to anybody, the inner request is proposed as a case (B6).
    OneOfUs,
    /// Anybody else.
    Outside,
}

/// Whether From is one of us (B6). Domains of private mailboxes are nobody's, even if somebody configured one.
pub fn who(message: &InboundMessage, house: &House) -> Writer {
    let Some(from) = &message.from else {
        return Writer::Outside;
    };
    let domain = house.own_domains.iter().any(|d| d == from.domain()) && !from.is_freemail();
    let address = house.mailboxes.iter().any(|a| a.same_person(from)) || house.is_own_group(from);
    if domain || address {
        Writer::OneOfUs
    } else {
        Writer::Outside
    }
}
