//! Asks a person at a terminal: the default in brackets, a wrong answer again with the reason, a password without echo.

use crate::cli::edge::End;
use crate::config::Secret;
use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use std::io::{self, BufRead, Write};
use zeroize::Zeroizing;

/// The languages that `init` speaks and writes comments in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Tongue {
    /// English.
    En,
    /// French.
    Fr,
}

impl Tongue {
    /// What the environment says, as `fr_FR.UTF-8` in the first of these that is set (POSIX's order).
    pub fn of_environment() -> Option<Self> {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))?;
        Self::of_locale(&set)
    }

    fn of_locale(locale: &str) -> Option<Self> {
        match locale.split(['_', '.', '-', '@']).next() {
            Some("fr") => Some(Self::Fr),
            Some("en") => Some(Self::En),
            // `C` says nothing, and in German nothing is written.
            _ => None,
        }
    }

    /// The words of this language.
    pub fn of<'t>(self, en: &'t str, fr: &'t str) -> &'t str {
        match self {
            Self::En => en,
            Self::Fr => fr,
        }
    }
}

/// Somebody who can be asked.
pub struct Asker<'a> {
    /// Where answers come from.
    pub input: &'a mut dyn BufRead,
    /// Where questions go.
    pub output: &'a mut dyn Write,
    /// In which language.
    pub tongue: Tongue,
}

impl Asker<'_> {
    /// Says something.
    pub fn tell(&mut self, words: &str) -> Result<(), End> {
        writeln!(self.output, "{words}")?;
        Ok(self.output.flush()?)
    }

    /// Asks until the answer is good. An empty one is the default, where there is one.
    pub fn ask<T>(
        &mut self,
        question: &str,
        default: Option<&str>,
        good: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, End> {
        loop {
            match default {
                Some(default) => write!(self.output, "{question} [{default}]: ")?,
                None => write!(self.output, "{question}: ")?,
            }
            self.output.flush()?;
            let line = self.line()?;
            let answer = match (line.trim(), default) {
                ("", Some(default)) => default,
                (answer, _) => answer,
            };
            match good(answer) {
                Ok(value) => return Ok(value),
                Err(why) => self.tell(&format!("  ✗ {why}"))?,
            }
        }
    }

    /// Asks for yes or no.
    pub fn agree(&mut self, question: &str, default: bool) -> Result<bool, End> {
        let tongue = self.tongue;
        let (yes, no) = (tongue.of("y", "o"), tongue.of("n", "n"));
        let shown = if default { yes } else { no };
        let question = format!("{question} ({yes}/{no})");
        self.ask(&question, Some(shown), |answer| {
            match answer.to_lowercase().chars().next() {
                Some('y' | 'o') => Ok(true),
                Some('n') => Ok(false),
                _ => Err(format!("{yes} / {no} ?")),
            }
        })
    }

    fn line(&mut self) -> Result<String, End> {
        let mut line = String::new();
        match self.input.read_line(&mut line)? {
            0 => Err(self.left()),
            _ => Ok(line),
        }
    }

    /// Asks for a password; nothing of it is shown. Ctrl-C ends it, with the terminal as it was.
    pub fn secret(&mut self, question: &str) -> Result<Secret, End> {
        loop {
            let typed = {
                // Before the question: whoever answers at once is not shown either.
                let _silent = Silent::new()?;
                write!(self.output, "{question}: ")?;
                self.output.flush()?;
                self.typed()?
            };
            self.tell("")?;
            if !typed.is_empty() {
                return Ok(Secret::new(typed.to_string()));
            }
            let tongue = self.tongue;
            self.tell(tongue.of("  ✗ nothing was typed", "  ✗ rien n'a été saisi"))?;
        }
    }

    /// What is typed up to Enter, by octets, since nothing else edits the line now.
    fn typed(&mut self) -> Result<Zeroizing<String>, End> {
        let mut typed = Zeroizing::new(Vec::with_capacity(1024));
        loop {
            let mut octet = [0];
            if self.input.read(&mut octet)? == 0 {
                return Err(self.left());
            }
            match octet[0] {
                b'\r' | b'\n' => break,
                // Ctrl-C and Ctrl-D: the terminal sends them as they are while it is silent.
                3 | 4 => return Err(self.left()),
                8 | 0x7f => backspace(&mut typed),
                0x15 => typed.clear(),
                other => typed.push(other),
            }
        }
        let text = std::str::from_utf8(&typed).map_err(|_| {
            let tongue = self.tongue;
            End::Usage(
                tongue
                    .of(
                        "the password is not UTF-8 text",
                        "le mot de passe n'est pas du texte UTF-8",
                    )
                    .to_owned(),
            )
        })?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn left(&self) -> End {
        End::Usage(
            self.tongue
                .of(
                    "ended; nothing was written",
                    "interrompu ; rien n'a été écrit",
                )
                .to_owned(),
        )
    }
}

/// Takes back the last character, which may be several octets.
fn backspace(typed: &mut Vec<u8>) {
    while let Some(octet) = typed.pop() {
        if octet & 0xc0 != 0x80 {
            return;
        }
    }
}

/// The terminal of standard input without echo, and as it was when this is dropped. Nothing where there is none.
struct Silent(Option<Termios>);

impl Silent {
    fn new() -> io::Result<Self> {
        let Ok(before) = termios::tcgetattr(io::stdin()) else {
            return Ok(Self(None));
        };
        let mut silent = before.clone();
        // Without ISIG too: a signal would end the process and leave the terminal without echo.
        silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Self(Some(before)))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // There is nobody to tell: the terminal is gone.
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(input: &str, ask: impl FnOnce(&mut Asker<'_>) -> T) -> (T, String) {
        let (mut input, mut output) = (input.as_bytes(), Vec::new());
        let got = ask(&mut Asker {
            input: &mut input,
            output: &mut output,
            tongue: Tongue::En,
        });
        (got, String::from_utf8(output).unwrap())
    }

    #[test]
    fn a_wrong_answer_is_asked_again_with_the_reason_and_enter_takes_the_default() {
        let number = |text: &str| {
            text.parse::<u16>()
                .map_err(|_| format!("{text} is no port"))
        };
        let (port, said) = with("imap\n\n", |a| a.ask("Port", Some("993"), number));
        assert_eq!(port.unwrap(), 993);
        assert_eq!(said, "Port [993]:   ✗ imap is no port\nPort [993]: ");
        let (none, _) = with("", |a| a.ask("Port", Some("993"), number));
        assert!(matches!(none, Err(End::Usage(why)) if why.contains("nothing was written")));
    }

    #[test]
    fn yes_and_no_in_both_languages() {
        let (answers, _) = with("oui\nN\n?\n\n", |a| {
            [true, true, false].map(|default| a.agree("Sure?", default).unwrap())
        });
        assert_eq!(answers, [true, false, false]);
    }

    #[test]
    fn a_password_is_not_shown_can_be_corrected_and_left() {
        let (secret, said) = with("\nhunté\u{7f}er2\n", |a| a.secret("Password"));
        assert_eq!(secret.unwrap().expose(), "hunter2");
        assert!(!said.contains("hunt"), "{said}");
        let (left, _) = with("hun\u{3}ter2\n", |a| a.secret("Password"));
        assert!(matches!(left, Err(End::Usage(_))));
    }

    #[test]
    fn the_locale_names_the_language() {
        for (locale, tongue) in [
            ("fr_FR.UTF-8", Some(Tongue::Fr)),
            ("en", Some(Tongue::En)),
            ("C.UTF-8", None),
            ("frr_DE", None),
        ] {
            assert_eq!(Tongue::of_locale(locale), tongue, "{locale}");
        }
    }
}
