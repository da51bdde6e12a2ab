//! Tokens of ours: minting them for the tools that send, and knowing them again in the addresses of a reply (B1).
//!
//! A token stands after the plus of an address of a watched mailbox, or of `[house] unsubscribe_address`. What is not
//! exactly ours is no token: the message is read as if it stood there without, and the log says why. A token itself is
//! never logged. Everybody for whom one is minted becomes known by their fingerprints, so that it can be led back to them.

use super::gathering::Trouble;
use super::house::House;
use crate::mail::InboundMessage;
use crate::record::{
    Address, Event, Fingerprinter, NoToken, PersonId, SuppressionRow, TOKEN_LETTERS, Timestamp,
    Token, TokenKind,
};
use crate::store::Reader;

/// The addresses of ours that may carry a token.
#[derive(Clone, Debug)]
pub struct Carriers {
    /// The watched mailboxes and their aliases.
    pub mailboxes: Vec<Address>,
    /// That of List-Unsubscribe, if it has its own.
    pub unsubscribe: Option<Address>,
}

impl Carriers {
    /// The token in an address that a message of this moment was sent to; nothing if no token stands there.
    ///
    /// # Errors
    /// If something stands there that was to be one.
    pub fn token(
        &self,
        keys: &Fingerprinter,
        address: &Address,
        at: Timestamp,
    ) -> Result<Option<Token>, NoToken> {
        // The last one: an address of ours may have a plus of its own.
        let Some((_, tag)) = address.local().rsplit_once('+') else {
            return Ok(None);
        };
        let for_tokens = self
            .unsubscribe
            .as_ref()
            .is_some_and(|a| a.same_person(address));
        if !for_tokens && !self.mailboxes.iter().any(|a| a.same_person(address)) {
            return Ok(None);
        }
        match Token::read(keys, tag, at) {
            Ok(token) => Ok(Some(token)),
            // Everybody may put a tag of their own into a mailbox's address.
            Err(NoToken::Form) if !for_tokens && tag.len() != TOKEN_LETTERS => Ok(None),
            Err(why) => Err(why),
        }
    }
}

/// Whom the tokens of a message name, and whether one of them needs no words. The first of an unsubscribe address counts
/// before the first of a reply address.
pub fn named(
    reader: &Reader,
    house: &House,
    message: &InboundMessage,
    at: Timestamp,
) -> Result<(Option<PersonId>, bool), Trouble> {
    let (keys, mut tokens) = (reader.fingerprinter(), Vec::new());
    let addresses = message.to.iter().chain(&message.cc);
    for address in addresses.chain(&message.delivered_to) {
        match house.carriers.token(keys, address, at) {
            Ok(token) => tokens.extend(token),
            Err(why) => {
                tracing::warn!(to = %address.masked(), %why, "no token of ours stands in the address of a message");
            }
        }
    }
    // A Delivered-To repeats the To.
    tokens.sort_by_key(|t| std::cmp::Reverse(t.kind));
    let unsubscribe = tokens.iter().any(|t| t.kind == TokenKind::Unsubscribe);
    let Some(first) = tokens.first() else {
        return Ok((None, false));
    };
    let person = reader.state().person_beginning(&first.person)?;
    if person.is_none() {
        tracing::warn!("a token of ours names nobody who is known");
    }
    if tokens.iter().any(|t| t.person != first.person) {
        tracing::warn!("tokens of several people stand in one message; the first counts");
    }
    Ok((person, unsubscribe))
}

/// A token as it is handed to a tool that sends.
#[derive(Clone, PartialEq, Debug)]
pub struct Minted {
    /// For whom.
    pub address: Address,
    /// The token alone, for a link.
    pub token: String,
    /// The address of ours that carries it.
    pub to: Address,
    /// Whether the person may be written to at all.
    pub suppression: Option<SuppressionRow>,
    /// The page on which one click is enough, if there is one (`[guard.one_click] url`).
    pub link: Option<String>,
}

impl Minted {
    /// The values of List-Unsubscribe (RFC 2369) and, if there is a page, List-Unsubscribe-Post (RFC 8058).
    pub fn list_unsubscribe(&self) -> (String, Option<&'static str>) {
        let mail = format!("<mailto:{}>", self.to.as_str());
        match &self.link {
            Some(link) => (
                format!("<{link}>, {mail}"),
                Some("List-Unsubscribe=One-Click"),
            ),
            None => (mail, None),
        }
    }
}

/// What is to be minted.
#[derive(Clone, Debug)]
pub struct Order {
    /// What for.
    pub kind: TokenKind,
    /// The address of ours that shall carry it.
    pub base: Address,
    /// For how many days from now.
    pub days: u16,
    /// Now.
    pub now: Timestamp,
}

/// Mints tokens, and says which people must become known first. `None` for an address with which the carrier would grow
/// over 64 octets before the at sign (RFC 5321, section 4.5.3.1.1).
pub fn mint(
    reader: &Reader,
    order: &Order,
    addresses: &[Address],
) -> Result<(Vec<Option<Minted>>, Vec<Event>), Trouble> {
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let (mut minted, mut events) = (Vec::with_capacity(addresses.len()), Vec::new());
    for address in addresses {
        let fingerprints = keys.of_address(address);
        let known = state.person_of(&fingerprints)?;
        let person = known.unwrap_or_else(|| keys.person(address));
        let row = state.person(person)?;
        if fingerprints.iter().any(|f| !row.fingerprints.contains(f)) {
            events.push(Event::Recognised {
                person,
                fingerprints: fingerprints.clone(),
            });
        }
        let token = Token::new(order.kind, person, order.now, order.days).written(keys);
        let (local, domain) = (order.base.local(), order.base.domain());
        let to = Address::parse(&format!("{local}+{token}@{domain}")).ok();
        let domain = keys.of_domain(address.domain());
        let suppression = state.suppression(&fingerprints, Some(&domain))?;
        minted.push(to.map(|to| Minted {
            address: address.clone(),
            token,
            to,
            suppression,
            link: None,
        }));
    }
    Ok((minted, events))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_behind_any_address_of_ours_and_nowhere_else() {
        let keys = Fingerprinter::new(vec![[1; 32]], [2; 32]);
        let address = |text: &str| Address::parse(text).unwrap();
        let carriers = Carriers {
            mailboxes: vec![address("claire+sales@firm.example")],
            unsubscribe: Some(address("stop@firm.example")),
        };
        let now = Timestamp::from_seconds(1_795_500_000);
        let token = Token::new(TokenKind::Reply, PersonId([7; 16]), now, 9);
        let text = token.written(&keys);
        let read = |to: String| carriers.token(&keys, &address(&to), now);
        for base in ["claire", "claire+sales", "stop", "STOP"] {
            let found = read(format!("{base}+{text}@firm.example"));
            assert_eq!(found, Ok(Some(token)), "{base}");
        }
        assert_eq!(read(format!("paul+{text}@firm.example")), Ok(None));
        assert_eq!(read(format!("stop+{text}@other.example")), Ok(None));
        // A tag of somebody's own is no broken token, except where nothing but tokens is expected.
        assert_eq!(read("claire+news@firm.example".into()), Ok(None));
        assert_eq!(read("stop+news@firm.example".into()), Err(NoToken::Form));
    }
}
