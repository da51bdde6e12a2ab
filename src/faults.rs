//! The durable steps of the program by name, so that a test can kill it, or fail a write, at each of them.
//!
//! Every place that makes something durable (a write, an fsync, a rename, later the end of an SMTP dialogue) says so with
//! [`reached`], once before and once after. Without the feature `faults` all of this is compiled to nothing. With it the
//! environment decides: `QUITUS_KILL_AT=N` ends the process by SIGKILL at the N-th step (the first is 1; with
//! `QUITUS_KILL_IN=TEXT` only steps whose names begin with the text are counted, since tasks that run beside each other do
//! not reach their steps in the same order twice),
//! `QUITUS_STEPS_FILE=PATH` writes the name of each step, a line each, `QUITUS_FAIL_FSYNC=N` and `QUITUS_FAIL_WRITE=N` let
//! the N-th fsync or write fail, and `QUITUS_PANIC_ON=TEXT` makes reading a message that holds the text fail. Deliberately
//! absent: any knowledge of what the steps mean.

pub use inner::{fail_sync, fail_write, reached, stumble};

#[cfg(not(feature = "faults"))]
mod inner {
    use std::io;

    /// A durable step begins or is done.
    #[inline(always)]
    pub fn reached(_step: &'static str) {}

    /// A message is read.
    #[inline(always)]
    pub fn stumble(_raw: &[u8]) {}

    /// An error instead of the next write, if the test wants one.
    #[inline(always)]
    pub fn fail_write() -> io::Result<()> {
        Ok(())
    }

    /// An error instead of the next fsync, if the test wants one.
    #[inline(always)]
    pub fn fail_sync() -> io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "faults")]
mod inner {
    use rustix::process::{Signal, getpid, kill_process};
    use std::fs::File;
    use std::io::{self, Write};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Plan {
        kill_at: Option<u64>,
        kill_in: Option<String>,
        fail_sync: Option<u64>,
        fail_write: Option<u64>,
        steps: Option<File>,
        panic_on: Option<String>,
    }

    static STEPS: AtomicU64 = AtomicU64::new(0);
    static SYNCS: AtomicU64 = AtomicU64::new(0);
    static WRITES: AtomicU64 = AtomicU64::new(0);

    fn plan() -> &'static Plan {
        static PLAN: OnceLock<Plan> = OnceLock::new();
        let number = |name| std::env::var(name).ok().and_then(|n| n.parse().ok());
        PLAN.get_or_init(|| Plan {
            kill_at: number("QUITUS_KILL_AT"),
            kill_in: std::env::var("QUITUS_KILL_IN").ok(),
            fail_sync: number("QUITUS_FAIL_FSYNC"),
            fail_write: number("QUITUS_FAIL_WRITE"),
            panic_on: std::env::var("QUITUS_PANIC_ON").ok(),
            steps: std::env::var_os("QUITUS_STEPS_FILE").and_then(|path| {
                File::options()
                    .create(true)
                    .append(true)
                    .open(path)
                    .inspect_err(|e| eprintln!("QUITUS_STEPS_FILE: {e}"))
                    .ok()
            }),
        })
    }

    /// A durable step begins or is done: counts it, names it, and dies here if the test wants it.
    pub fn reached(step: &'static str) {
        let plan = plan();
        if let Some(mut steps) = plan.steps.as_ref() {
            // A test that cannot count its steps fails by the count; the program goes on.
            let _ = steps.write_all(format!("{step}\n").as_bytes());
        }
        let counts = plan
            .kill_in
            .as_ref()
            .is_none_or(|text| step.starts_with(text));
        if counts && plan.kill_at == Some(STEPS.fetch_add(1, Ordering::SeqCst) + 1) {
            let _ = kill_process(getpid(), Signal::KILL);
            // The signal may be delivered to another thread first: nothing more happens on this one.
            loop {
                std::thread::park();
            }
        }
    }

    /// Panics over the message that the test named, as a mistake of ours in reading it would.
    pub fn stumble(raw: &[u8]) {
        let Some(text) = &plan().panic_on else { return };
        if raw.windows(text.len()).any(|w| w == text.as_bytes()) {
            std::panic::panic_any(format!("stumbled over {}", String::from_utf8_lossy(raw)));
        }
    }

    /// An error instead of the next write, if the test wants one.
    pub fn fail_write() -> io::Result<()> {
        fail(&WRITES, plan().fail_write, rustix::io::Errno::NOSPC)
    }

    /// An error instead of the next fsync, if the test wants one.
    pub fn fail_sync() -> io::Result<()> {
        fail(&SYNCS, plan().fail_sync, rustix::io::Errno::IO)
    }

    fn fail(count: &AtomicU64, at: Option<u64>, with: rustix::io::Errno) -> io::Result<()> {
        match at == Some(count.fetch_add(1, Ordering::SeqCst) + 1) {
            true => Err(with.into()),
            false => Ok(()),
        }
    }
}
