//! A finding: what was looked at, how it is, and what to do. Data; the text for people is made from it, here alone.

use crate::cli::output::{self, BAD, CARE, FAINT, GOOD, painted};
use serde::Serialize;
use std::io::{self, Write};

/// Every kind of finding, by the word that `--json` and config/README.md use.
macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident = $word:literal),+ $(,)?) => {
        /// What a finding is about. config/README.md says of each what it means and what to do.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
        pub enum Id { $($(#[$doc])+ #[serde(rename = $word)] $name),+ }

        impl Id {
            /// All of them, in the order of the guide.
            #[cfg(test)]
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

ids! {
    /// The file of settings.
    Configuration = "configuration",
    /// Templates and lexicons.
    Sheets = "sheets",
    /// Whether a password can be had.
    Secret = "secret",
    /// Who else can read a password or a key.
    SecretPrivate = "secret.private",
    /// Who else can enter the store.
    StorePrivate = "store.private",
    /// Free space.
    Disk = "disk",
    /// Log, keys and index.
    Store = "store",
    /// The daemon.
    Daemon = "daemon",
    /// What leaves.
    Mode = "daemon.mode",
    /// When each mailbox was last looked at.
    Poll = "daemon.poll",
    /// A server's name.
    Name = "server.name",
    /// Whether a server can be reached.
    Reach = "server.reach",
    /// TLS: whom a server is, and for how long.
    Certificate = "server.certificate",
    /// Name and password.
    Login = "server.login",
    /// A log-in by token.
    Oauth = "server.oauth",
    /// What an IMAP server can do.
    Capability = "imap.capability",
    /// The folders that are read and looked at.
    Folder = "imap.folder",
    /// What was sent last.
    Sent = "imap.sent",
    /// Whose reply is this.
    Matched = "imap.matched",
    /// Who judges what arrives.
    Border = "imap.border",
    /// What an SMTP server offers.
    Offers = "smtp.offers",
    /// This machine's clock.
    Clock = "clock",
    /// What DNS says of our domain.
    Domain = "dns",
    /// A tool that must obey.
    Sender = "sender",
    /// Who asks before writing.
    Guard = "guard",
    /// A letter to oneself, and back.
    Letter = "letter",
}

/// How it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Good,
    /// It works, and something is lost or near.
    Warning,
    /// It does not work.
    Wrong,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What it is about.
    pub id: Id,
    /// Which one, where there are several: `mailbox sales`, `smtp`.
    pub about: String,
    /// How it is.
    pub state: State,
    /// What was found.
    pub what: String,
    /// What to do; empty where all is good.
    pub fix: String,
}

/// All that was found.
#[derive(Default, Debug)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    fn add(&mut self, id: Id, about: &str, state: State, what: String, fix: String) {
        let about = about.to_owned();
        self.0.push(Finding {
            id,
            about,
            state,
            what,
            fix,
        });
    }

    /// All is well.
    pub fn good(&mut self, id: Id, about: &str, what: impl Into<String>) {
        self.add(id, about, State::Good, what.into(), String::new());
    }

    /// It works, but.
    pub fn warn(&mut self, id: Id, about: &str, what: impl Into<String>, fix: impl Into<String>) {
        self.add(id, about, State::Warning, what.into(), fix.into());
    }

    /// It does not.
    pub fn wrong(&mut self, id: Id, about: &str, what: impl Into<String>, fix: impl Into<String>) {
        self.add(id, about, State::Wrong, what.into(), fix.into());
    }

    /// How many there are of a state.
    pub fn count(&self, state: State) -> usize {
        self.0.iter().filter(|f| f.state == state).count()
    }

    /// For people, in the order in which they were looked at.
    pub fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        for finding in &self.0 {
            let (style, word) = match finding.state {
                State::Good => (GOOD, "good   "),
                State::Warning => (CARE, "warning"),
                State::Wrong => (BAD, "wrong  "),
            };
            let about = match finding.about.as_str() {
                "" => String::new(),
                about => format!("{}: ", output::harmless(about)),
            };
            let id = painted(FAINT, &format!("{:<18}", finding.id.word()));
            let mut lines = finding.what.lines().map(output::harmless);
            let first = lines.next().unwrap_or_default();
            writeln!(out, "{} {id} {about}{first}", painted(style, word))?;
            let fix = finding
                .fix
                .lines()
                .map(|l| format!("→ {}", output::harmless(l)));
            for line in lines.chain(fix) {
                writeln!(out, "{:27}{line}", "")?;
            }
        }
        let [wrong, warnings, good] =
            [State::Wrong, State::Warning, State::Good].map(|s| self.count(s));
        writeln!(out, "{wrong} wrong, {warnings} warnings, {good} good")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of config/README.md and the list here are one list, in one order.
    #[test]
    fn every_finding_stands_in_the_operators_guide_and_no_other() {
        let guide = include_str!("../../../config/README.md");
        let section = guide
            .split("\n## ")
            .find(|s| s.starts_with("`quitus doctor`"));
        let rows = section.unwrap_or_default().lines().filter_map(|line| {
            let (word, rest) = line.strip_prefix("| `")?.split_once("` |")?;
            assert_eq!(
                rest.matches(" | ").count(),
                1,
                "meaning and what to do: {line}"
            );
            Some(word)
        });
        let rows: Vec<&str> = rows.collect();
        let words: Vec<&str> = Id::ALL.iter().map(|id| id.word()).collect();
        assert_eq!(rows, words);
    }

    #[test]
    fn the_text_names_state_id_and_fix_and_nobody_elses_words_move_the_cursor() {
        let mut all = Findings::default();
        all.good(Id::Disk, "", "9 GiB are free");
        all.wrong(Id::Login, "mailbox sales", "no\u{1b}[2Jgood", "correct it");
        let mut out = Vec::new();
        all.tell(&mut anstream::StripStream::new(&mut out)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("wrong   server.login       mailbox sales: no [2Jgood\n"),
            "{text}"
        );
        assert!(
            text.contains("→ correct it\n1 wrong, 0 warnings, 1 good\n"),
            "{text}"
        );
    }
}
