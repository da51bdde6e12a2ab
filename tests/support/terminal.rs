//! A terminal with somebody at it: the real binary on a pseudo-terminal that is its controlling one, so that Ctrl-C is a signal.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    child: Child,
    /// Everything that was shown.
    pub shown: String,
    octets: Vec<u8>,
    passed: usize,
}

impl Terminal {
    /// Starts `quitus` with these words in a folder, on so many columns (0 = nobody says how many), in this environment, which says
    /// nothing else of a language.
    pub fn of(folder: &Path, words: &[&str], columns: u16, environment: &[(&str, &str)]) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        let size = Winsize {
            ws_row: 50,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&keyboard, size).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let name = std::ffi::OsStr::from_bytes(name.as_bytes()).to_owned();
        let line = || File::options().read(true).write(true).open(&name).unwrap();
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_quitus")]);
        for variable in ["QUITUS_CONFIG", "LC_ALL", "LC_MESSAGES"] {
            command.env_remove(variable);
        }
        let child = command
            .args(words)
            .current_dir(folder)
            .envs(environment.iter().copied())
            .stdin(Stdio::from(line()))
            .stdout(Stdio::from(line()))
            .stderr(Stdio::from(line()))
            .spawn()
            .unwrap();
        let keyboard = File::from(keyboard);
        let (tell, screen) = channel();
        let mut reader = keyboard.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            // The end is an error (EIO): nobody has the other side open any more.
            while let Ok(octets @ 1..) = reader.read(&mut some) {
                if tell.send(some[..octets].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keyboard,
            screen,
            child,
            shown: String::new(),
            octets: Vec::new(),
            passed: 0,
        }
    }

    /// Waits until this is shown, after what was waited for before.
    pub fn sees(&mut self, words: &str) {
        let began = Instant::now();
        loop {
            if let Some(at) = self.shown[self.passed..].find(words) {
                self.passed += at + words.len();
                return;
            }
            let left = PATIENCE.saturating_sub(began.elapsed());
            let Ok(some) = self.screen.recv_timeout(left) else {
                panic!("waited in vain for {words}:\n{}", self.shown);
            };
            self.shows(&some);
        }
    }

    /// More is on the screen; a letter may have come in two pieces.
    fn shows(&mut self, some: &[u8]) {
        self.octets.extend_from_slice(some);
        self.shown = String::from_utf8_lossy(&self.octets).into_owned();
    }

    /// Types this, without Enter.
    pub fn types(&mut self, words: &str) {
        self.keyboard.write_all(words.as_bytes()).unwrap();
    }

    /// Waits for a question, and answers it.
    pub fn answers(&mut self, question: &str, answer: &str) {
        self.sees(question);
        self.types(answer);
        self.types("\n");
    }

    /// Waits for the end, and gives the exit code; `None` after a signal.
    pub fn ends(&mut self) -> Option<i32> {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "it goes on:\n{}", self.shown);
            std::thread::sleep(Duration::from_millis(10));
        };
        while let Ok(some) = self.screen.recv_timeout(Duration::from_millis(200)) {
            self.shows(&some);
        }
        status.code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended, and then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
