//! Any list with a header, row by row as it stands, with the columns found that say who somebody is: for lists that are checked, not imported.
//!
//! Encoding and delimiter are recognised as for an import; a row is read and forgotten, so that a list may be longer than memory.

use super::columns::{Column, bare};
use super::fields::country;
use super::import::recognised;
use super::text::Decoder;
use crate::record::Phone;
use std::io::Read;

/// Why a list cannot be read as a table.
#[derive(Debug, thiserror::Error)]
pub enum NoTable {
    /// The file could not be read.
    #[error("the list cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A line that is none of a table.
    #[error("the list cannot be read: {0}")]
    Csv(#[from] csv::Error),
    /// No column has this name.
    #[error("no column is called \"{name}\"; the header is: {header}")]
    NoColumn {
        /// What was asked for.
        name: String,
        /// What there is.
        header: String,
    },
    /// Two columns may be meant.
    #[error(
        "several columns may hold the addresses: {0}\n  → say with --column which; two of one name cannot be told apart"
    )]
    Several(String),
    /// More values than the header has columns, so what follows cannot be told apart.
    #[error(
        "line {line} has {values} values and the header {columns}\n  → put a value that holds the delimiter in quotation marks"
    )]
    TooLong {
        /// The line.
        line: u64,
        /// Its values.
        values: usize,
        /// The header's.
        columns: usize,
    },
}

/// A list that is being read.
pub struct Table<R: Read> {
    rows: csv::Reader<Decoder<R>>,
    header: csv::StringRecord,
    delimiter: u8,
    /// The column of addresses.
    column: Option<usize>,
    /// Other columns that say who somebody is.
    others: Vec<(usize, Column)>,
    country: Option<usize>,
}

impl<R: Read> Table<R> {
    /// Opens a list; `column` names the column of the addresses, else it is recognised by its header.
    ///
    /// # Errors
    /// If it has no header, or not exactly one column can be meant.
    pub fn open(source: R, column: Option<&str>) -> Result<Self, NoTable> {
        let (mut builder, delimiter, source) = recognised(source)?;
        let mut rows = builder.trim(csv::Trim::Headers).from_reader(source);
        let header = rows.headers()?.clone();
        let column = Some(chosen(&header, column)?);
        Ok(Self {
            rows,
            header,
            delimiter,
            column,
            others: Vec::new(),
            country: None,
        })
    }

    /// Opens a list of people, named by addresses, telephones, profiles, or ids of the CRM: by every column whose header says so;
    /// by `column` alone, if it is named.
    ///
    /// # Errors
    /// If it has no header, no column says who somebody is, or several may hold the addresses.
    pub fn of_people(source: R, column: Option<&str>) -> Result<Self, NoTable> {
        if column.is_some() {
            return Self::open(source, column);
        }
        let (mut builder, delimiter, source) = recognised(source)?;
        let mut rows = builder.trim(csv::Trim::Headers).from_reader(source);
        let header = rows.headers()?.clone();
        let columns = || header.iter().map(Column::of_header).enumerate();
        let says = |c: &Column| matches!(c, Column::Phone | Column::Profile | Column::CrmId);
        let others: Vec<(usize, Column)> = columns().filter(|(_, c)| says(c)).collect();
        let country = columns().find(|(_, c)| *c == Column::Country);
        let column = match chosen(&header, None) {
            Err(NoTable::NoColumn { .. }) if !others.is_empty() => None,
            found => Some(found?),
        };
        Ok(Self {
            rows,
            delimiter,
            column,
            others,
            country: country.map(|(n, _)| n),
            header,
        })
    }

    /// The header.
    pub fn header(&self) -> &csv::StringRecord {
        &self.header
    }

    /// What stands between two values.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The next row, as long as the header: values that the line leaves out at its end are empty. `false` at the end.
    ///
    /// # Errors
    /// If the row is longer than the header, or cannot be read.
    pub fn next(&mut self, row: &mut csv::StringRecord) -> Result<bool, NoTable> {
        if !self.rows.read_record(row)? {
            return Ok(false);
        }
        let columns = self.header.len();
        if row.len() > columns {
            let line = self.rows.get_ref().line(row.position());
            let values = row.len();
            return Err(NoTable::TooLong {
                line,
                values,
                columns,
            });
        }
        while row.len() < columns {
            row.push_field("");
        }
        Ok(true)
    }

    /// The address of a row, as it stands there.
    pub fn address<'r>(&self, row: &'r csv::StringRecord) -> &'r str {
        let column = self.column.and_then(|c| row.get(c));
        column.unwrap_or_default()
    }

    /// Whom a row names, in a line, apart by tabs, as `clear_row` takes it. What stands in a cell is no line and no tab.
    pub fn person(&self, row: &csv::StringRecord) -> String {
        let plain = |text: &str| text.replace(['\r', '\n', '\t'], " ");
        let mut line = format!("email:{}", plain(self.address(row)));
        let home = self.country.and_then(|c| row.get(c)).and_then(country);
        for (place, column) in &self.others {
            let cell = row.get(*place).unwrap_or_default().trim();
            let parts: Vec<&str> = match column {
                Column::Phone => cell.split([';', ',', '|', '\n']).collect(),
                _ => vec![cell],
            };
            for part in parts.into_iter().filter(|p| !p.trim().is_empty()) {
                line.push('\t');
                line.push_str(&match column {
                    Column::Phone => format!("phone:{}", number(part, home.as_deref())),
                    Column::Profile => format!("profile:{}", plain(part)),
                    _ => format!("crm:{}", plain(part)),
                });
            }
        }
        line
    }
}

/// A telephone of the row's own country; of a row that says none, as it stands.
fn number(text: &str, home: Option<&str>) -> String {
    match home {
        None => text.replace(['\r', '\n', '\t'], " "),
        // Doubtful at home is doubtful everywhere: nobody shall read it as a number of another country.
        Some(_) => Phone::parse(text, home).map_or_else(String::new, |p| p.as_str().to_owned()),
    }
}

/// The number of the column that is named, or the one whose header says that it holds addresses.
pub(super) fn chosen(header: &csv::StringRecord, named: Option<&str>) -> Result<usize, NoTable> {
    let all = || header.iter().collect::<Vec<_>>().join(", ");
    let those = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let fitting = header.iter().enumerate().filter(|(_, h)| fits(h));
        fitting.map(|(n, _)| n).collect()
    };
    let found = match named {
        None => those(&|h| Column::of_header(h) == Column::Email),
        Some(name) => {
            let exact = those(&|h| h == name.trim());
            match exact.is_empty() {
                true => those(&|h| bare(h) == bare(name)),
                false => exact,
            }
        }
    };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(NoTable::NoColumn {
            name: named.unwrap_or("email").to_owned(),
            header: all(),
        }),
        _ => Err(NoTable::Several(all())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &[u8], column: Option<&str>) -> Result<Vec<String>, String> {
        let mut table = Table::open(text, column).map_err(|e| e.to_string())?;
        let (mut row, mut all) = (csv::StringRecord::new(), Vec::new());
        while table.next(&mut row).map_err(|e| e.to_string())? {
            all.push(table.address(&row).to_owned());
        }
        Ok(all)
    }

    #[test]
    fn the_column_of_addresses_is_found_or_asked_for() {
        let list = b"Nom;Adresse e-mail;Autre mail\nA;a@x.example\nB;b@x.example;c@x.example\n";
        assert_eq!(
            addresses(list, None).unwrap(),
            ["a@x.example", "b@x.example"]
        );
        assert_eq!(
            addresses(list, Some("autre MAIL")).unwrap(),
            ["", "c@x.example"]
        );
        assert!(
            addresses(list, Some("mail"))
                .unwrap_err()
                .contains("Adresse e-mail")
        );
        assert!(
            addresses(b"email,email\na,b\n", None)
                .unwrap_err()
                .contains("several")
        );
    }

    #[test]
    fn whom_a_row_names_is_read_from_every_column_that_says_it() {
        let people = |text: &str, column: Option<&str>| -> Vec<String> {
            let mut table = Table::of_people(text.as_bytes(), column).unwrap();
            let (mut row, mut all) = (csv::StringRecord::new(), Vec::new());
            while table.next(&mut row).unwrap() {
                all.push(table.person(&row));
            }
            all
        };
        let list = "email,téléphone,LinkedIn,crm_id,pays\n\
                    a@x.example,01 23 45 67 89;06 12 34 56 78,linkedin.com/in/a,7,France\n\
                    ,0123456789,,,\n\
                    phone:1,0171 1234567,,,FR\n";
        assert_eq!(
            people(list, None),
            [
                "email:a@x.example\tphone:+33123456789\tphone:+33612345678\tprofile:linkedin.com/in/a\tcrm:7",
                "email:\tphone:0123456789",
                "email:phone:1\tphone:",
            ]
        );
        assert_eq!(
            people(list, Some("email")),
            ["email:a@x.example", "email:", "email:phone:1"]
        );
        assert_eq!(
            people("phone\n+33123456789\n", None),
            ["email:\tphone:+33123456789"]
        );
        assert!(Table::of_people(&b"name\nA\n"[..], None).is_err());
    }

    #[test]
    fn a_row_that_is_too_long_ends_it() {
        let wrong = addresses(b"email,name\na@x.example,A\nb@x.example,B,C\n", None).unwrap_err();
        assert!(wrong.contains("line 3 has 3 values"), "{wrong}");
    }
}
