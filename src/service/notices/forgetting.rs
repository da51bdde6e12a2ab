//! The plain address in notices is erased once nobody has to be told of it.

use crate::record::{Concerned, Event, Told};
use crate::service::house::Office;
use crate::service::outbox::write;

/// Erases the plain address in notices that nobody has to be told of any more; whether every sender of the configuration
/// has obeyed. One that is no longer in it, and has not obeyed, keeps the address until a human has seen to it: who renames
/// a sender has stopped nobody there.
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
    let needs = |t: &Told| t.is_open() || there(&t) && t.next.is_some();
    let needed = |key| row.told.iter().any(|t| t.key == key && needs(t));
    let mut keys: Vec<_> = row.told.iter().map(|t| t.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| !needed(*key) && matches!(reader.is_erased(*key), Ok(false)));
    if !keys.is_empty() {
        write(office, vec![Event::KeysErased { keys }]).await;
    }
    true
}
