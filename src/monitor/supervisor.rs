//! What systemd, or whoever supervises the process in its way, is told over its socket (sd_notify(3)).
//!
//! A datagram for each message, by std alone. Where nobody asks to be told (no `NOTIFY_SOCKET`) nothing happens. A
//! supervisor that cannot be told holds nothing up: what it then does is its own decision.

use crate::service::{Beat, Pulse};
use rustix::time::{ClockId, clock_gettime};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long a message may wait for a supervisor that does not read.
const PATIENCE: Duration = Duration::from_secs(1);

/// The way to the supervisor, if there is one.
#[derive(Debug)]
pub struct Supervisor {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// Half of what it allows between two signs of life.
    watchdog: Option<Duration>,
    /// The line that it was told last.
    told: Mutex<String>,
}

impl Supervisor {
    /// Whoever the environment names.
    pub fn of_environment() -> Self {
        let [socket, usec, pid] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]
            .map(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
        let own = usec.filter(|_| is_meant(pid.as_deref(), std::process::id()));
        Self::of(socket.as_deref(), own.as_deref())
    }

    /// Whoever listens on this socket, and wants to be told so often (microseconds) that the process is alive.
    pub fn of(socket: Option<&OsStr>, watchdog: Option<&OsStr>) -> Self {
        let opened = socket.map(|name| (name, open(name)));
        let socket = match opened {
            None => None,
            Some((_, Ok(socket))) => Some(socket),
            Some((name, Err(error))) => {
                let name = name.display();
                tracing::warn!(%error, "the supervisor's socket {name} cannot be used, so it is told nothing");
                None
            }
        };
        let usec = watchdog.and_then(|text| text.to_str()?.parse::<u64>().ok());
        Self {
            watchdog: usec
                .filter(|n| *n > 1)
                .map(|n| Duration::from_micros(n / 2)),
            socket,
            told: Mutex::default(),
        }
    }

    /// Whether there is one.
    pub(super) fn listens(&self) -> bool {
        self.socket.is_some()
    }

    /// Everything is open and good: the process serves, and is as this line says.
    pub fn ready(&self, line: &str) {
        self.remember(line);
        self.say(&format!("READY=1\nSTATUS={}", one_line(line)));
    }

    /// How the process is, in a line; said only if it is another one than before.
    pub fn status(&self, line: &str) {
        if self.remember(line) {
            self.say(&format!("STATUS={}", one_line(line)));
        }
    }

    /// What people edit is read again; [`Self::ready`] says that it is done, whichever way it ended.
    pub fn reloading(&self) {
        let line = "reading settings, templates and lexicons again";
        self.remember(line);
        // The supervisor compares it with the moment at which it asked (Type=notify-reload).
        let now = clock_gettime(ClockId::Monotonic);
        let usec = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
        self.say(&format!(
            "RELOADING=1\nMONOTONIC_USEC={usec}\nSTATUS={line}"
        ));
    }

    /// The process ends.
    pub fn stopping(&self) {
        let line = "ending: letters on their way are finished";
        self.remember(line);
        self.say(&format!("STOPPING=1\nSTATUS={line}"));
    }

    /// Says twice in the time that the supervisor allows that the process is alive, as long as the sequencer takes work:
    /// without it no message ends, however busy the rest looks. It ends with the sequencer.
    pub fn feed(self: &Arc<Self>, pulse: Pulse) {
        let Some(every) = self.watchdog.filter(|_| self.listens()) else {
            return;
        };
        let own = self.clone();
        tokio::spawn(async move { own.fed(every, &pulse).await });
    }

    async fn fed(&self, every: Duration, pulse: &Pulse) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match timeout(every, pulse.beat()).await {
                Ok(Beat::Alive) => self.say("WATCHDOG=1"),
                Ok(Beat::Ended) => return,
                // Whoever watches the store ends the process.
                Ok(Beat::Failed) => {}
                Err(_) => tracing::error!(
                    "the sequencer takes no work, so the supervisor gets no sign of life; it will start the daemon again"
                ),
            }
        }
    }

    /// Whether the line is another one than before.
    fn remember(&self, line: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let other = *told != line;
        line.clone_into(&mut told);
        other
    }

    fn say(&self, message: &str) {
        let Some((socket, address)) = &self.socket else {
            return;
        };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), address) {
            tracing::warn!(%error, "the supervisor could not be told");
        }
    }
}

/// Whether the watchdog is this process's own; a child inherits the variables.
fn is_meant(pid: Option<&OsStr>, own: u32) -> bool {
    pid.is_none_or(|pid| pid == OsStr::new(&own.to_string()))
}

fn open(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes() {
        [b'@', name @ ..] if !name.is_empty() => without_file(name)?,
        [b'/', ..] => SocketAddr::from_pathname(name)?,
        _ => {
            let why = "it is neither an absolute path nor begins with @";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok((socket, address))
}

/// A socket that has a name and no file, as containers use them.
#[cfg(target_os = "linux")]
fn without_file(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn without_file(_: &[u8]) -> io::Result<SocketAddr> {
    let why = "only Linux has sockets without a file";
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}

/// A line break would begin another message.
fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut room = [0; 512];
        let many = socket.recv(&mut room).unwrap();
        String::from_utf8_lossy(&room[..many]).into_owned()
    }

    fn nothing_more(socket: &UnixDatagram) -> bool {
        socket.set_nonblocking(true).unwrap();
        let more = socket.recv(&mut [0; 1]);
        socket.set_nonblocking(false).unwrap();
        more.is_err()
    }

    #[test]
    fn a_line_is_told_once_and_never_as_two() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let supervisor = Supervisor::of(Some(path.as_os_str()), None);
        supervisor.status("a");
        supervisor.status("a");
        supervisor.status("b\nSTOPPING=1");
        assert_eq!(heard(&socket), "STATUS=a");
        assert_eq!(heard(&socket), "STATUS=b STOPPING=1");
        supervisor.reloading();
        let reloading = heard(&socket);
        let usec = reloading
            .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
            .and_then(|rest| rest.split('\n').next());
        assert!(usec.unwrap().parse::<u64>().unwrap() > 0, "{reloading}");
        supervisor.ready("b");
        assert_eq!(heard(&socket), "READY=1\nSTATUS=b");
        assert!(nothing_more(&socket));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_without_a_file_is_told_too() {
        use std::os::linux::net::SocketAddrExt as _;
        let name = format!("quitus-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        Supervisor::of(Some(OsStr::new(&format!("@{name}"))), None).stopping();
        assert!(heard(&socket).starts_with("STOPPING=1\n"));
    }

    #[test]
    fn without_a_supervisor_or_with_one_that_is_gone_nothing_happens() {
        for name in [None, Some("relative"), Some("@"), Some("/nowhere/at/all")] {
            let supervisor = Supervisor::of(name.map(OsStr::new), Some(OsStr::new("1000")));
            supervisor.ready("x");
        }
    }

    #[test]
    fn half_of_the_time_and_only_for_the_process_that_is_meant() {
        let of = |usec: &str| Supervisor::of(None, Some(OsStr::new(usec))).watchdog;
        assert_eq!(of("120000000"), Some(Duration::from_secs(60)));
        assert_eq!((of("0"), of("soon")), (None, None));
        assert!(is_meant(None, 7) && is_meant(Some(OsStr::new("7")), 7));
        assert!(!is_meant(Some(OsStr::new("8")), 7));
    }
}
