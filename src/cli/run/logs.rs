//! Log lines on standard error: text for people, JSON for programs, and for the journal text with a priority.

use crate::config::{LogFormat, LogSettings};
use std::ffi::OsStr;
use std::fmt;
use std::io::IsTerminal as _;
use std::os::fd::AsFd;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer, format};
use tracing_subscriber::registry::LookupSpan;

/// Begins to write them.
pub(super) fn begin(settings: &LogSettings) {
    let lines = tracing_subscriber::fmt()
        .with_max_level(settings.level.filter())
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let journal = std::env::var_os("JOURNAL_STREAM");
    match settings.format {
        LogFormat::Json => lines.json().init(),
        LogFormat::Text if is_journal(journal.as_deref(), std::io::stderr()) => {
            lines.with_ansi(false).event_format(Journal).init();
        }
        LogFormat::Text => lines.init(),
    }
    // A panic's own words may quote the text that it stumbled over, which is somebody's mail: only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            place = place.unwrap_or_default(),
            "a mistake inside Quitus; what was being done is parked, please report the place"
        );
    }));
}

/// Whether what is written here goes to the journal: the supervisor says which device and inode that is, so that a child whose
/// output goes elsewhere is not misled (systemd.exec(5)).
fn is_journal(said: Option<&OsStr>, stream: impl AsFd) -> bool {
    let named = said.and_then(|text| text.to_str()?.split_once(':'));
    let Some((device, inode)) = named else {
        return false;
    };
    rustix::fs::fstat(stream)
        .is_ok_and(|found| device.parse() == Ok(found.st_dev) && inode.parse() == Ok(found.st_ino))
}

/// As the journal takes lines from a stream: it knows the time itself, and reads a priority in front of each line
/// (sd-daemon(3)). The level is left in, for those who look at the text alone.
struct Journal;

impl<S, N> FormatEvent<S, N> for Journal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut text = String::new();
        let lines = format().without_time().with_ansi(false);
        lines.format_event(context, Writer::new(&mut text), event)?;
        let priority = priority(*event.metadata().level());
        // Each line is an entry of its own, and one without a priority would get another one.
        text.lines()
            .try_for_each(|line| writeln!(writer, "<{priority}>{}", line.trim_start()))
    }
}

/// As syslog(3) counts.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::MetadataExt as _;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_has_its_priority_and_no_time_and_no_colour() {
        let paper = Paper::default();
        let copy = paper.clone();
        let lines = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .event_format(Journal)
            .with_writer(move || copy.clone())
            .finish();
        tracing::subscriber::with_default(lines, || {
            tracing::error!(frame = 7, "a mistake\n  → what to do\n<0>forged");
            tracing::warn!("w");
            tracing::info!("i");
            tracing::debug!("d");
        });
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        let place = module_path!();
        let expected = format!(
            "<3>ERROR {place}: a mistake\n<3>→ what to do\n<3><0>forged frame=7\n<4>WARN {place}: w\n<6>INFO {place}: i\n\
             <7>DEBUG {place}: d\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn only_the_stream_that_was_named_is_the_journal() {
        let file = tempfile::tempfile().unwrap();
        let found = file.metadata().unwrap();
        let right = format!("{}:{}", found.dev(), found.ino());
        let other = format!("{}:{}", found.dev(), found.ino() + 1);
        let is = |said: &str| is_journal(Some(OsStr::new(said)), &file);
        assert!(is(&right));
        for wrong in [other.as_str(), "", ":", "1", "a:b"] {
            assert!(!is(wrong), "{wrong}");
        }
        assert!(!is_journal(None, &file));
    }
}
