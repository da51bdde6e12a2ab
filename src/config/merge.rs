//! Lays one text of a configuration over another: settings override, `[[blocks]]` add up, and what cannot be both is told
//! with both places.
//!
//! A setting of a later text takes the place of an earlier one, and the earlier place is remembered, so that `quitus config
//! show` can tell it. Tables are merged setting by setting, but for the place of a secret, which is one thing.

use super::pieces::{Kind, PREFIX, Piece, piece_at};
use crate::record::Fault;
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Settings whose value says where a secret is. It is replaced as a whole: two places of one password are none.
pub const SECRETS: [&str; 5] = [
    "password",
    "secret",
    "token",
    "client_secret",
    "proxy_secret",
];

/// What was found while texts were laid over each other.
#[derive(Default)]
pub struct Merged<'t> {
    /// The whole.
    pub root: DeTable<'t>,
    /// What cannot be.
    pub faults: Vec<Fault>,
    /// Settings that no longer count: their path with dots, and where they stand.
    pub replaced: Vec<(String, Range<usize>)>,
}

/// Parses every text and lays it over those before it.
pub fn merge<'t>(row: &[Piece<'t>]) -> Merged<'t> {
    let mut merged = Merged::default();
    for piece in row {
        match piece.kind {
            Kind::File => {
                let (table, errors) = DeTable::parse_recoverable(piece.text);
                merged.faults.extend(errors.iter().map(|e| {
                    let fix = "correct the TOML here; strings stand in quotes";
                    let what = e.message().trim();
                    match e.span() {
                        Some(span) => piece.fault(piece.start + span.start, what, fix),
                        None => Fault::of_file(piece.name, what, fix),
                    }
                }));
                let over = shifted(table.into_inner(), piece.start);
                let mut root = std::mem::take(&mut merged.root);
                merged.lay(row, &mut root, over, "");
                merged.root = root;
            }
            Kind::Variable => merged.set(row, piece),
        }
    }
    merged
}

/// The same table with its places moved along the row.
fn shifted(table: DeTable<'_>, by: usize) -> DeTable<'_> {
    let moved = |span: Range<usize>| span.start + by..span.end + by;
    table
        .into_iter()
        .map(|(key, value)| {
            let key = Spanned::new(moved(key.span()), key.into_inner());
            (key, shifted_value(value, by))
        })
        .collect()
}

fn shifted_value(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let span = value.span();
    let inner = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(shifted(table, by)),
        DeValue::Array(array) => {
            DeValue::Array(array.into_iter().map(|v| shifted_value(v, by)).collect())
        }
        other => other,
    };
    Spanned::new(span.start + by..span.end + by, inner)
}

/// What a value is, when two texts must agree on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Table,
    Blocks,
    Value,
}

impl Shape {
    const fn word(self) -> &'static str {
        match self {
            Self::Table => "a table",
            Self::Blocks => "blocks in double brackets",
            Self::Value => "a value",
        }
    }
}

fn shape(row: &[Piece<'_>], value: &DeValue<'_>) -> Shape {
    let block = |v: &Spanned<DeValue<'_>>| {
        piece_at(row, v.span().start).is_some_and(|p| p.is_block(&v.span()))
    };
    match value {
        DeValue::Table(_) => Shape::Table,
        DeValue::Array(array) if !array.is_empty() && array.iter().all(block) => Shape::Blocks,
        _ => Shape::Value,
    }
}

impl<'t> Merged<'t> {
    fn lay(&mut self, row: &[Piece<'t>], base: &mut DeTable<'t>, over: DeTable<'t>, path: &str) {
        for (key, value) in over {
            let name = key.get_ref().to_string();
            let path = match path {
                "" => name.clone(),
                above => format!("{above}.{name}"),
            };
            let Some((before, below)) = base.remove_entry(&key) else {
                base.insert(key, value);
                continue;
            };
            let shapes = [&below, &value].map(|v| shape(row, v.get_ref()));
            let whole = SECRETS.contains(&name.as_str());
            let (place, upper_place) = (below.span(), value.span());
            let kept = match (below.into_inner(), value.into_inner(), shapes) {
                (DeValue::Table(mut under), DeValue::Table(upper), _) if !whole => {
                    self.lay(row, &mut under, upper, &path);
                    DeValue::Table(under)
                }
                (DeValue::Array(mut all), DeValue::Array(more), [Shape::Blocks, Shape::Blocks]) => {
                    more.into_iter().for_each(|block| all.push(block));
                    DeValue::Array(all)
                }
                (_, upper, [was, is]) if whole || was == is => {
                    self.replaced.push((path, before.span()));
                    base.insert(key, Spanned::new(upper_place, upper));
                    continue;
                }
                (under, _, shapes) => {
                    self.clash(row, &name, [before.span(), key.span()], shapes);
                    under
                }
            };
            base.insert(before, Spanned::new(place, kept));
        }
    }

    fn clash(
        &mut self,
        row: &[Piece<'t>],
        name: &str,
        [was, is]: [Range<usize>; 2],
        [before, now]: [Shape; 2],
    ) {
        let places = [was.start, is.start].map(|at| piece_at(row, at).map(|p| (p, at)));
        let [Some((first, there)), Some((second, here))] = places else {
            return;
        };
        let what = format!(
            "\"{name}\" is {} here, and {} at {}",
            now.word(),
            before.word(),
            first.place(there)
        );
        let fix = "write it in the same way in both, or remove one of them";
        self.faults.push(second.fault(here, &what, fix));
    }

    /// Lays the value of an environment variable over the setting that its name says.
    fn set(&mut self, row: &[Piece<'t>], piece: &Piece<'t>) {
        let steps: Vec<String> = piece.name[PREFIX.len()..]
            .split("__")
            .map(str::to_lowercase)
            .collect();
        let mut wrong =
            |what: &str, fix: &str| self.faults.push(piece.fault(piece.start, what, fix));
        if steps.iter().any(String::is_empty) {
            wrong(
                "the variable names no setting",
                "write two underscores between section and setting, as in QUITUS__SMTP__HOST, or unset it",
            );
            return;
        }
        let value = match value_of(piece) {
            Ok(value) => value,
            Err(what) => {
                wrong(
                    &what,
                    "write the value as in the file; a text needs no quotes",
                );
                return;
            }
        };
        let mut root = std::mem::take(&mut self.root);
        match root.get_mut(steps[0].as_str()).map(Spanned::get_mut) {
            Some(DeValue::Array(blocks)) if steps.len() > 1 => {
                let found = blocks.iter().position(|b| is_called(b, &steps[1]));
                let block = found.and_then(|n| Some((n, blocks.get_mut(n)?.get_mut())));
                match (block, steps.len()) {
                    (Some((n, DeValue::Table(table))), 3..) => {
                        let over = nested(&steps[2..], value, piece);
                        self.lay(row, table, over, &format!("{}.{n}", steps[0]));
                    }
                    _ => self
                        .faults
                        .push(piece.fault(piece.start, &nobody(&steps), NOBODY)),
                }
            }
            _ => self.lay(row, &mut root, nested(&steps, value, piece), ""),
        }
        self.root = root;
    }
}

const NOBODY: &str = "write QUITUS__MAILBOX__SALES__POLL_SECONDS for poll_seconds of the [[mailbox]] called \"sales\"; a block itself is made in a file";

fn nobody(steps: &[String]) -> String {
    format!("it names no setting of a [[{}]] that is there", steps[0])
}

/// Whether a block has this name, or this id, as a variable can spell it.
fn is_called(block: &Spanned<DeValue<'_>>, name: &str) -> bool {
    let spelt = |text: &str| -> String {
        let letter = |c: char| if c.is_alphanumeric() { c } else { '_' };
        text.to_lowercase().chars().map(letter).collect()
    };
    let DeValue::Table(table) = block.get_ref() else {
        return false;
    };
    let called = ["name", "id"]
        .iter()
        .filter_map(|key| table.get(*key)?.get_ref().as_str());
    called.map(spelt).any(|called| called == name)
}

/// What a variable says: TOML, or a text without its quotes.
fn value_of<'t>(piece: &Piece<'t>) -> Result<Spanned<DeValue<'t>>, String> {
    match DeValue::parse(piece.text) {
        Ok(value) => Ok(shifted_value(value, piece.start)),
        Err(e) if piece.text.trim_start().starts_with(['[', '{', '"', '\'']) => {
            Err(format!("the value is no TOML: {}", e.message().trim()))
        }
        Err(_) => {
            let span = piece.start..piece.start + piece.text.len();
            Ok(Spanned::new(
                span,
                DeValue::String(Cow::Borrowed(piece.text)),
            ))
        }
    }
}

/// A value below the steps of its path.
fn nested<'t>(steps: &[String], value: Spanned<DeValue<'t>>, piece: &Piece<'t>) -> DeTable<'t> {
    let span = || piece.start..piece.start + piece.text.len();
    let mut table = DeTable::new();
    let Some((first, rest)) = steps.split_first() else {
        return table;
    };
    let below = match rest {
        [] => value,
        _ => Spanned::new(span(), DeValue::Table(nested(rest, value, piece))),
    };
    table.insert(Spanned::new(span(), Cow::Owned(first.clone())), below);
    table
}
