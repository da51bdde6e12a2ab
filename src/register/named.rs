//! Whom the lines of a list of suppressions name: by one column of a table, else by the line itself.
//!
//! An export of another tool has several columns of addresses (whose contact somebody was, who they are). The first that looks
//! like an address may be a colleague's: they would be suppressed, and the person who said STOP written to again. So the header
//! says which column counts, and a line without one that names several people is refused. A line is read where it stands,
//! without a copy: lists have millions.

use super::table::{NoTable, chosen};
use super::text::delimiter_of;
use crate::record::{Address, domain_to_ascii, unhex};

/// The hexadecimal digits of a SHA-256 sum.
const SUM_DIGITS: usize = 64;

/// What a line of a list names.
#[derive(Clone)]
pub enum Named {
    /// Somebody, by an address.
    Address(Address),
    /// Somebody, by the SHA-256 sum of an address.
    Sum([u8; 32]),
    /// A whole domain, in ASCII.
    Domain(String),
}

/// Why a line is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unnamed {
    /// It names nobody.
    Nobody,
    /// It names several, and nothing says who is meant.
    Several,
    /// It has more values than the header has columns, so what stands in which cannot be told.
    TooLong,
}

impl Unnamed {
    /// In words, behind the number of the line.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nobody => "no address, no SHA-256 sum, no @domain",
            Self::Several => "more than one address, and nothing says which is meant",
            Self::TooLong => "more values than the header has columns",
        }
    }
}

/// How the lines of a list are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Layout {
    /// Each names one, wherever it stands there.
    #[default]
    Lines,
    /// One column of a table names them.
    Table {
        /// What stands between two values.
        delimiter: char,
        /// How many columns the header has.
        columns: usize,
        /// The one that counts, from 0.
        column: usize,
    },
}

impl Layout {
    /// By the first line that says something, and the column that somebody named; and whether that line is a header.
    ///
    /// # Errors
    /// If not exactly one column of the header can be meant.
    pub fn of(first: &str, named: Option<&str>) -> Result<(Self, bool), NoTable> {
        let headed = is_header(first);
        let delimiter = char::from(delimiter_of(first));
        let header: Vec<&str> = match headed {
            true => values(first, delimiter).map(bared).collect(),
            false => Vec::new(),
        };
        if named.is_none() && header.len() < 2 {
            return Ok((Self::Lines, headed));
        }
        let columns = header.len();
        let column = chosen(&csv::StringRecord::from(header), named)?;
        let table = Self::Table {
            delimiter,
            columns,
            column,
        };
        Ok((table, true))
    }

    /// Whom a line names.
    ///
    /// # Errors
    /// If it names nobody, or several.
    pub fn read(self, line: &str) -> Result<Named, Unnamed> {
        let Self::Table {
            delimiter,
            columns,
            column,
        } = self
        else {
            return one_of(line);
        };
        let mut cell = "";
        for (place, value) in values(line, delimiter).enumerate() {
            if place == column {
                cell = value;
            }
            // Also if the last is empty: a name with the delimiter in it may have moved an address into the column.
            if place >= columns {
                return Err(Unnamed::TooLong);
            }
        }
        one_of(cell)
    }
}

/// Whether a first line names the columns, and nobody: whoever is misspelt there must be told like everybody else.
fn is_header(line: &str) -> bool {
    // The sum of another kind, or one that was cut short, is none that can be read.
    let like_sum = |word: &str| word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
    !line.contains('@') && !words.any(like_sum)
}

/// The values of a row (RFC 4180) as they stand there: one in quotation marks may hold the delimiter. Beside the `csv` of
/// `table`, because that copies each row, and takes a quotation mark that is never closed for a value of many lines: here
/// each line is told by its own number.
fn values(line: &str, delimiter: char) -> impl Iterator<Item = &str> {
    let mut left = Some(line);
    std::iter::from_fn(move || {
        let line = left.take()?;
        let end = end_of_value(line, delimiter);
        left = line.get(end + delimiter.len_utf8()..);
        line.get(..end)
    })
}

fn end_of_value(line: &str, delimiter: char) -> usize {
    let opens = line.trim_start_matches(' ').starts_with('"');
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        if c == '"' && opens {
            quoted = !quoted;
        } else if c == delimiter && !quoted {
            return at;
        }
    }
    line.len()
}

/// A value without its quotation marks.
fn bared(value: &str) -> &str {
    value.trim().trim_matches('"').trim()
}

/// The one whom a text names. A sum beside an address is one of it, or says nothing of anybody.
fn one_of(text: &str) -> Result<Named, Unnamed> {
    let mut found: Option<Named> = None;
    for named in text.split([',', ';', '\t', ' ']).filter_map(named) {
        found = match (found, named) {
            (None | Some(Named::Sum(_)), named @ Named::Address(_)) | (None, named) => Some(named),
            (Some(one), named) if is_same(&one, &named) => Some(one),
            _ => return Err(Unnamed::Several),
        };
    }
    found.ok_or(Unnamed::Nobody)
}

fn named(field: &str) -> Option<Named> {
    let field = bared(field);
    if let Some(domain) = field.strip_prefix('@') {
        let ascii = domain_to_ascii(domain).filter(|d| d.contains('.'))?;
        return Some(Named::Domain(ascii));
    }
    if field.contains('@') {
        return Address::parse(field).ok().map(Named::Address);
    }
    let is_sum = field.len() == SUM_DIGITS;
    let sum = is_sum.then(|| unhex(&field.to_lowercase()));
    sum.flatten().map(Named::Sum)
}

/// Whether the second says nobody else.
fn is_same(one: &Named, other: &Named) -> bool {
    match (one, other) {
        (Named::Address(one), Named::Address(other)) => one.same_person(other),
        (Named::Address(_), Named::Sum(_)) => true,
        (Named::Sum(one), Named::Sum(other)) => one == other,
        (Named::Domain(one), Named::Domain(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(read: Result<Named, Unnamed>) -> String {
        match read {
            Ok(Named::Address(address)) => address.as_str().to_owned(),
            Ok(Named::Sum(_)) => "a sum".to_owned(),
            Ok(Named::Domain(domain)) => format!("@{domain}"),
            Err(why) => format!("{why:?}"),
        }
    }

    fn read(first: &str, column: Option<&str>, line: &str) -> String {
        let (layout, headed) = Layout::of(first, column).unwrap();
        assert!(headed, "{first}");
        said(layout.read(line))
    }

    #[test]
    fn the_header_says_which_address_counts_and_not_the_first_that_is_one() {
        let header = "owner,email,unsubscribed";
        let (claire, z1) = ("claire@relais.example", "z1@client.example");
        for (line, who) in [
            (format!("{claire},{z1},yes"), z1),
            (format!("\"Blanc, Claire\",\"{z1}\",yes"), z1),
            (format!("{claire},{z1}"), z1),
            (format!("{claire},{z1},yes,"), "TooLong"),
            (format!("{claire},,yes"), "Nobody"),
            (claire.to_owned(), "Nobody"),
            (format!("{claire},{z1},yes,no"), "TooLong"),
            (format!("x,{z1} z2@client.example,yes"), "Several"),
            (format!("{claire},@client.example,yes"), "@client.example"),
            (format!("\"{claire},{z1},yes"), "Nobody"),
        ] {
            assert_eq!(read(header, None, &line), who, "{line}");
        }
        let tabs = "Owner\tAdresse e-mail\tcc";
        let line = "\tz1@client.example\tboss@client.example";
        assert_eq!(read(tabs, None, line), z1);
        let line = format!("{z1};{claire}");
        assert_eq!(read("contact;owner", Some("CONTACT"), &line), z1);
    }

    #[test]
    fn where_no_column_or_several_may_be_meant_nothing_is_guessed() {
        for header in ["owner,contact", "email,mail", "contact;since"] {
            assert!(Layout::of(header, None).is_err(), "{header}");
        }
        assert!(Layout::of("owner,email", Some("adress")).is_err());
        assert!(Layout::of("anna@client.example", Some("email")).is_err());
        let lines = |first: &str| Layout::of(first, None).unwrap();
        assert_eq!(lines("addresses of last year"), (Layout::Lines, true));
        assert_eq!(lines("anna@client.example"), (Layout::Lines, false));
    }

    #[test]
    fn without_a_header_a_line_names_one_or_is_refused() {
        let sum = "ab".repeat(32);
        let z1 = "z1@client.example";
        for (line, who) in [
            ("z1@client.example;Doe", z1),
            ("Doe z1@client.example, Z1@client.example", z1),
            ("claire@relais.example,z1@client.example", "Several"),
            ("z1@client.example,@client.example", "Several"),
            ("nobody", "Nobody"),
            (sum.as_str(), "a sum"),
        ] {
            assert_eq!(said(Layout::Lines.read(line)), who, "{line}");
        }
        for line in [format!("{sum},{z1}"), format!("{z1},{sum}")] {
            assert_eq!(said(Layout::Lines.read(&line)), z1, "{line}");
        }
    }
}
