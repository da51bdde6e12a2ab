//! Thousands of people at once: whether each may be written to, looked up side by side.

use crate::record::{Damaged, Fingerprinter, State};
use crate::register::{self, Clearance};
use crate::store::Reader;

/// Threads of one question: the mail that comes in needs the machine, too.
const THREADS: usize = 4;
/// Fewer addresses than these are not worth a thread.
const SHARE: usize = 500;

/// The clearance of each address, in their order. Blocks: call it from a blocking thread.
///
/// # Errors
/// If one of them cannot be looked up: then nothing is known of any.
pub fn clear_all<T: AsRef<str> + Sync>(
    reader: &Reader,
    addresses: &[T],
) -> Result<Vec<Clearance>, Damaged> {
    side_by_side(reader, addresses, register::clear)
}

/// The clearance of each row, in which somebody may be named in several ways (`register::clear_row`).
///
/// # Errors
/// If one of them cannot be looked up: then nothing is known of any.
pub fn clear_rows<T: AsRef<str> + Sync>(
    reader: &Reader,
    home: &str,
    rows: &[T],
) -> Result<Vec<Clearance>, Damaged> {
    side_by_side(reader, rows, |state, keys, row| {
        register::clear_row(state, keys, home, row)
    })
}

fn side_by_side<T: AsRef<str> + Sync>(
    reader: &Reader,
    addresses: &[T],
    clear: impl Fn(&State<'_>, &Fingerprinter, &str) -> Result<Clearance, Damaged> + Sync,
) -> Result<Vec<Clearance>, Damaged> {
    let one_by_one = &|part: &[T]| -> Result<Vec<Clearance>, Damaged> {
        let (state, keys) = (reader.state(), reader.fingerprinter());
        let found = part.iter().map(|a| clear(&state, keys, a.as_ref()));
        found.collect()
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = addresses.len().div_ceil(threads.min(THREADS)).max(SHARE);
    if addresses.len() <= share {
        return one_by_one(addresses);
    }
    std::thread::scope(|scope| {
        let look = |part| scope.spawn(move || one_by_one(part));
        let parts: Vec<_> = addresses.chunks(share).map(look).collect();
        let mut all = Vec::with_capacity(addresses.len());
        for part in parts {
            let found = part.join();
            all.extend(found.map_err(|_| Damaged("a look-up broke off".into()))??);
        }
        Ok(all)
    })
}
