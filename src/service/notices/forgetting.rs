//! The plain address in notices is erased once nobody has to be told of it.

use crate::record::{Concerned, Event, Told};
use crate::service::house::Office;
use crate::service::outbox::write;

/// Erases the plain address in notices that nobody has to be told of any more; whether every sender of the configuration
/// has obeyed. What was asked of a sender that is no longer there is asked of nobody.
pub async fn forget(office: &Office, about: Concerned) -> bool {
    let reader = office.sequencer.reader();
    let Ok(row) = reader.state().senders_told(&about) else {
        return false;
    };
    let house = office.house.load_full();
    let there = |t: &&Told| house.senders.iter().any(|s| s.name() == t.sender);
    if row.told.iter().filter(there).any(Told::is_open) {
        return false;
    }
    let needed = |key| {
        let mut told = row.told.iter().filter(there);
        told.any(|t| t.key == key && t.next.is_some())
    };
    let mut keys: Vec<_> = row.told.iter().map(|t| t.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| !needed(*key) && matches!(reader.is_erased(*key), Ok(false)));
    if !keys.is_empty() {
        write(office, vec![Event::KeysErased { keys }]).await;
    }
    true
}
