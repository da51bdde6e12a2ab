//! How far it is: one line, written anew, on a terminal only.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Signs of the bar.
const WIDTH: u64 = 24;
/// Between two drawings.
const EVERY: Duration = Duration::from_millis(100);

/// The line.
pub struct Progress {
    shown: bool,
    name: String,
    done: u64,
    total: u64,
    began: Instant,
    drawn: Option<Instant>,
    before: u64,
}

impl Progress {
    /// Of something with a name, of which some is done already.
    pub fn of(name: &str, done: u64, total: u64) -> Self {
        Self {
            shown: std::io::stderr().is_terminal(),
            name: super::super::output::harmless(name),
            done,
            total,
            began: Instant::now(),
            drawn: None,
            before: done,
        }
    }

    /// So many more are done.
    pub fn more(&mut self, many: u64) {
        self.done = (self.done + many).min(self.total);
        if self.shown && self.drawn.is_none_or(|at| at.elapsed() >= EVERY) {
            self.drawn = Some(Instant::now());
            let line = line(&self.name, self.done, self.total, self.left());
            let mut out = std::io::stderr().lock();
            // Nobody may be looking any more; the work goes on.
            let _ = write!(out, "\r\x1b[2K{line}").and_then(|()| out.flush());
        }
    }

    /// Seconds left at the pace so far.
    fn left(&self) -> Option<u64> {
        let now = self.done.checked_sub(self.before).filter(|n| *n > 0)?;
        let spent = self.began.elapsed().as_secs_f64();
        // Far below 2^53, and only shown.
        let left = spent / now as f64 * (self.total - self.done) as f64;
        (spent > 2.0).then_some(left as u64)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown && self.drawn.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

fn line(name: &str, done: u64, total: u64, left: Option<u64>) -> String {
    let full = (done * WIDTH)
        .checked_div(total)
        .unwrap_or(WIDTH)
        .min(WIDTH);
    let bar: String = (0..WIDTH)
        .map(|n| if n < full { '#' } else { '.' })
        .collect();
    let left = match left {
        Some(seconds) if seconds >= 90 => format!("  ~{} min", seconds.div_ceil(60)),
        Some(seconds) => format!("  ~{seconds} s"),
        None => String::new(),
    };
    let percent = (done * 100).checked_div(total).unwrap_or(100);
    let line = format!("[{bar}] {percent:>3} %  {done}/{total}{left}  {name}");
    line.chars().take(79).collect()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn the_bar_fits_a_terminal_and_divides_by_nothing() {
        assert!(line("x", 0, 0, None).contains("100 %"));
        let half = line("sales/INBOX", 50, 100, Some(600));
        assert!(
            half.contains("############............") && half.contains("~10 min"),
            "{half}"
        );
        assert!(line(&"x".repeat(200), 1, 2, None).chars().count() < 80);
    }
}
