//! Everything of `quitus status` that a number can say, as families of metrics. config/README.md has the same list, and a test
//! holds both together.
//!
//! A family is there also when it has no sample, so that what is told does not depend on what happened.

mod connections;
mod work;

use crate::service::Status;
use std::fmt::Write as _;

/// What sort of number it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only goes up; its name ends with `_total`.
    Counter,
    /// Always 1, its labels say something; its name ends with `_info`.
    Info,
}

/// Numbers of one name.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    pub(super) labels: &'static [&'static str],
    samples: Vec<(Vec<String>, f64)>,
}

impl Family {
    fn new(
        kind: Kind,
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            help,
            labels,
            samples: Vec::new(),
        }
    }

    /// One that goes up and down.
    fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self::new(Kind::Gauge, name, labels, help)
    }

    /// One that only goes up.
    fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self::new(Kind::Counter, name, labels, help)
    }

    /// One sample more.
    fn with(mut self, labels: &[&str], value: impl Into<Number>) -> Self {
        self.add(labels, value);
        self
    }

    fn add(&mut self, labels: &[&str], value: impl Into<Number>) {
        let labels = labels.iter().map(|l| super::nobody::masked(l)).collect();
        self.samples.push((labels, value.into().0));
    }
}

/// A sample's value.
struct Number(f64);

impl From<u64> for Number {
    fn from(n: u64) -> Self {
        // Counts stay far below 2^53, from where a float is not exact.
        Self(n as f64)
    }
}

impl From<usize> for Number {
    fn from(n: usize) -> Self {
        Self::from(n as u64)
    }
}

impl From<bool> for Number {
    fn from(b: bool) -> Self {
        Self(f64::from(u8::from(b)))
    }
}

/// A moment as status writes it, in seconds since 1970.
struct Moment(f64);

impl Moment {
    fn of(text: &str) -> Option<Self> {
        let at = text.parse::<jiff::Timestamp>().ok()?;
        Some(Self(at.as_millisecond() as f64 / 1000.0))
    }
}

impl From<Moment> for Number {
    fn from(m: Moment) -> Self {
        Self(m.0)
    }
}

/// All of them, in their order.
pub(super) fn families(status: &Status) -> Vec<Family> {
    let mut all = work::of_daemon(status);
    all.extend(work::of_needs(status));
    all.extend(work::of_mail(status));
    all.extend(work::of_people(status));
    all.extend(connections::of_mailboxes(status));
    all.extend(connections::of_senders(status));
    all.extend(connections::of_smtp(status));
    all.extend(connections::of_guard(status));
    all.extend(connections::of_canary(status));
    all
}

/// As a page: OpenMetrics 1.0, or the text format of Prometheus (0.0.4), which differ in the names of two sorts.
pub(super) fn page(families: &[Family], open: bool) -> String {
    let mut page = String::new();
    for family in families {
        let (family_name, kind) = match (family.kind, open) {
            (Kind::Gauge, _) => (family.name, "gauge"),
            (Kind::Counter, false) => (family.name, "counter"),
            (Kind::Info, false) => (family.name, "gauge"),
            (Kind::Counter, true) => (family.name.trim_end_matches("_total"), "counter"),
            (Kind::Info, true) => (family.name.trim_end_matches("_info"), "info"),
        };
        // Writing to a String does not fail.
        let _ = writeln!(page, "# HELP {family_name} {}", family.help);
        let _ = writeln!(page, "# TYPE {family_name} {kind}");
        for (values, number) in &family.samples {
            let labels: Vec<String> = (family.labels.iter().zip(values))
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let labels = match labels.is_empty() {
                true => String::new(),
                false => format!("{{{}}}", labels.join(",")),
            };
            let _ = writeln!(page, "{}{labels} {number}", family.name);
        }
    }
    if open {
        page += "# EOF\n";
    }
    page
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => out += "\\\\",
            '"' => out += "\\\"",
            '\n' => out += "\\n",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
pub(super) mod tests;
