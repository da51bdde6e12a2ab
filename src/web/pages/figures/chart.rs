//! Where lines and bars of a drawing stand: numbers in, places out; the template draws them as SVG.
//!
//! Two series are told apart by their shape (filled or hatched, whole or dashed line, round or square mark), never by colour
//! alone.

use serde::Serialize;

/// The drawing's size, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
/// Room for the numbers at the left, and for the weeks below.
const LEFT: f64 = 48.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 8.0;
const BOTTOM: f64 = 28.0;
/// Weeks that are written below at most.
const NAMED: usize = 8;

/// A row of numbers with its name.
pub struct Series {
    name: String,
    style: &'static str,
    values: Vec<Option<f64>>,
}

impl Series {
    /// `style`: `all` (filled, whole line) or `part` (hatched, dashed).
    pub fn of(name: String, style: &'static str, values: Vec<Option<f64>>) -> Self {
        Self {
            name,
            style,
            values,
        }
    }
}

/// A drawing.
#[derive(Debug, Serialize)]
pub struct Chart {
    id: &'static str,
    title: String,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    ground: f64,
    ticks: Vec<Tick>,
    names: Vec<Name>,
    drawn: Vec<Drawn>,
}

/// A line across, and its number.
#[derive(Debug, Serialize)]
struct Tick {
    y: f64,
    label: String,
}

/// A week below.
#[derive(Debug, Serialize)]
struct Name {
    x: f64,
    label: String,
}

/// A series, drawn.
#[derive(Debug, Serialize)]
struct Drawn {
    name: String,
    style: &'static str,
    bars: Vec<Bar>,
    /// Pieces of a line, each as SVG's `points`.
    lines: Vec<String>,
    marks: Vec<Mark>,
}

#[derive(Debug, Serialize)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

#[derive(Debug, Serialize)]
struct Mark {
    x: f64,
    y: f64,
}

/// A number with one decimal: more is nothing that anybody sees.
fn round(n: f64) -> f64 {
    (n * 10.0).round() / 10.0
}

/// The least round number that is not below the highest value, and how many steps lead there.
fn scale(highest: f64) -> (f64, usize) {
    if highest <= 0.0 {
        return (1.0, 1);
    }
    let power = 10f64.powf((highest / 4.0).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|s| s * power);
    let step = steps
        .into_iter()
        .find(|s| s * 4.0 >= highest)
        .unwrap_or(10.0 * power);
    let step = if highest >= 4.0 { step.ceil() } else { step };
    let many = (highest / step).ceil().max(1.0);
    (step * many, many as usize)
}

fn number(n: f64) -> String {
    match n.fract().abs() < 1e-9 {
        true => format!("{n:.0}"),
        false => format!("{n:.2}").trim_end_matches('0').to_owned(),
    }
}

struct Frame {
    highest: f64,
    step: f64,
    slot: f64,
}

impl Frame {
    fn of(labels: usize, series: &[Series]) -> (Self, usize) {
        let values = series.iter().flat_map(|s| s.values.iter().flatten());
        let (highest, steps) = scale(values.copied().fold(0.0, f64::max));
        let step = highest / steps as f64;
        let slot = (WIDTH - LEFT - RIGHT) / labels.max(1) as f64;
        (
            Self {
                highest,
                step,
                slot,
            },
            steps,
        )
    }

    fn x(&self, at: usize) -> f64 {
        round(LEFT + self.slot * (at as f64 + 0.5))
    }

    fn y(&self, value: f64) -> f64 {
        round(HEIGHT - BOTTOM - value / self.highest * (HEIGHT - TOP - BOTTOM))
    }

    fn bars(&self, series: &Series, (at, of): (usize, usize)) -> Vec<Bar> {
        let width = self.slot * 0.8 / of as f64;
        let bar = |(week, value): (usize, &Option<f64>)| {
            let value = value.filter(|v| *v > 0.0)?;
            let (x, y) = (
                self.x(week) - self.slot * 0.4 + width * at as f64,
                self.y(value),
            );
            Some(Bar {
                x: round(x),
                width: round(width),
                height: round(HEIGHT - BOTTOM - y),
                y,
            })
        };
        series.values.iter().enumerate().filter_map(bar).collect()
    }

    /// Weeks without a number break the line.
    fn lines(&self, series: &Series) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for (week, value) in series.values.iter().enumerate() {
            match (value, pieces.last_mut()) {
                (Some(value), Some(piece)) => {
                    *piece += &format!("{},{} ", self.x(week), self.y(*value));
                }
                _ => pieces.push(String::new()),
            }
        }
        let whole = |p: &String| p.trim().contains(' ');
        pieces
            .into_iter()
            .filter(whole)
            .map(|p| p.trim().to_owned())
            .collect()
    }

    fn marks(&self, series: &Series) -> Vec<Mark> {
        let mark = |(week, value): (usize, &Option<f64>)| {
            let (x, y) = (self.x(week), self.y((*value)?));
            Some(Mark { x, y })
        };
        series.values.iter().enumerate().filter_map(mark).collect()
    }
}

impl Chart {
    /// Bars side by side.
    pub fn bars(of: (&'static str, String), labels: &[String], series: &[Series]) -> Self {
        let draw = |frame: &Frame, at: usize, one: &Series| Drawn {
            name: one.name.clone(),
            style: one.style,
            bars: frame.bars(one, (at, series.len())),
            lines: Vec::new(),
            marks: Vec::new(),
        };
        Self::drawn(of, labels, series, draw)
    }

    /// Lines with a mark at each week.
    pub fn lines(of: (&'static str, String), labels: &[String], series: &[Series]) -> Self {
        let draw = |frame: &Frame, _: usize, one: &Series| Drawn {
            name: one.name.clone(),
            style: one.style,
            bars: Vec::new(),
            lines: frame.lines(one),
            marks: frame.marks(one),
        };
        Self::drawn(of, labels, series, draw)
    }

    fn drawn(
        (id, title): (&'static str, String),
        labels: &[String],
        series: &[Series],
        draw: impl Fn(&Frame, usize, &Series) -> Drawn,
    ) -> Self {
        let (frame, steps) = Frame::of(labels.len(), series);
        let tick = |n: usize| {
            let value = frame.step * n as f64;
            let (y, label) = (frame.y(value), number(value));
            Tick { y, label }
        };
        let every = labels.len().div_ceil(NAMED).max(1);
        let named = labels.iter().enumerate().step_by(every);
        Self {
            id,
            title,
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: WIDTH - RIGHT,
            ground: HEIGHT - BOTTOM,
            ticks: (0..=steps).map(tick).collect(),
            names: named
                .map(|(at, label)| Name {
                    x: frame.x(at),
                    label: label.clone(),
                })
                .collect(),
            drawn: series
                .iter()
                .enumerate()
                .map(|(at, s)| draw(&frame, at, s))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[Option<f64>]) -> Series {
        Series::of("x".into(), "all", values.to_vec())
    }

    fn labels(n: usize) -> Vec<String> {
        (0..n).map(|n| format!("W{n}")).collect()
    }

    #[test]
    fn the_scale_ends_at_a_round_number_that_nothing_exceeds() {
        for (highest, end) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (3.0, 3.0),
            (7.0, 8.0),
            (10.0, 12.0),
            (97.0, 100.0),
            (1234.0, 1500.0),
        ] {
            assert_eq!(scale(highest).0, end, "{highest}");
        }
        for n in 1..5000 {
            let highest = f64::from(n) / 7.0;
            let (end, steps) = scale(highest);
            assert!(
                end >= highest - 1e-9 && steps <= 5,
                "{highest}: {end} in {steps}"
            );
        }
    }

    #[test]
    fn the_highest_bar_reaches_its_line_and_nothing_leaves_the_drawing() {
        let values: Vec<_> = (0..53).map(|n| Some(f64::from(n))).collect();
        let all = [series(&values), series(&values)];
        let chart = Chart::bars(("requests", "t".into()), &labels(53), &all);
        let bars = chart.drawn.iter().flat_map(|d| &d.bars);
        for bar in bars {
            assert!(
                bar.x >= LEFT - 0.2 && bar.x + bar.width <= WIDTH - RIGHT + 0.2,
                "{bar:?}"
            );
            assert!(
                bar.y >= TOP - 0.1 && (bar.y + bar.height - chart.ground).abs() < 0.2,
                "{bar:?}"
            );
        }
        assert_eq!(chart.drawn[0].bars.len(), 52);
        assert!(chart.names.len() <= NAMED);
        let top = chart.ticks.last().unwrap();
        assert!((top.y - TOP).abs() < 0.1, "{top:?}");
    }

    #[test]
    fn a_week_without_a_number_breaks_the_line() {
        let values = [
            Some(1.0),
            Some(2.0),
            None,
            Some(3.0),
            None,
            Some(1.0),
            Some(1.0),
        ];
        let chart = Chart::lines(("times", "t".into()), &labels(7), &[series(&values)]);
        assert_eq!(chart.drawn[0].lines.len(), 2);
        assert_eq!(chart.drawn[0].marks.len(), 5);
        let none = Chart::lines(("times", "t".into()), &labels(0), &[series(&[])]);
        assert!(none.drawn[0].lines.is_empty() && !none.ticks.is_empty());
    }
}
