//! Ports on 127.0.0.1 for servers that must be told theirs before they listen.

use std::fs::File;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that Linux gives to connections and to whoever listens on port 0 (32768 and on, `ip_local_port_range`): a port that is
/// free now is not taken by a browser's next connection.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// How many were tried in this process.
static TRIED: AtomicU16 = AtomicU16::new(0);

/// A port that nobody listens on and that no other test is given while this process lives: a locked file claims it.
pub fn free_port() -> u16 {
    let folder = std::env::temp_dir().join("quitus-test-ports");
    std::fs::create_dir_all(&folder).unwrap();
    // Tests that run at the same time begin in different places.
    let place = std::process::id().wrapping_mul(61);
    for _ in 0..COUNT {
        let step = u32::from(TRIED.fetch_add(1, Ordering::Relaxed));
        let within = place.wrapping_add(step) % u32::from(COUNT);
        let port = FIRST + u16::try_from(within).unwrap();
        // A file of another user counts as a port of another test.
        let Ok(mine) = File::create(folder.join(port.to_string())) else {
            continue;
        };
        if mine.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            // Open, and so locked, until the process ends.
            std::mem::forget(mine);
            return port;
        }
    }
    panic!(
        "every port from {FIRST} on is taken, or claimed in {}",
        folder.display()
    );
}
