//! What is quoted in the element in which a client keeps the mail that is answered: all of it, or what its blockquotes hold.
//!
//! Proton and its like write the attribution line, then blockquotes, and the cursor may be set between them: what is typed there
//! is an answer. But the mail that is quoted may hold a blockquote itself, even begin with one. So blockquotes are believed only
//! where an attribution line is all that stands above the first one, or, as Front writes it, stands at its head. A line above
//! the container is no sign: a client that writes it there quotes without blockquotes, and whatever of our own mail were taken
//! for typed would be a wrong "STOP" of everybody who answers it.

use super::attribution::attribution;
use super::lines::Line;

/// The containers of one body, in their order.
#[derive(Default)]
pub(super) struct Containers(Vec<Container>);

#[derive(Clone, Default)]
struct Container {
    /// Depth of quotation where it begins.
    quote: u16,
    /// The first line in it, and the last one above its first blockquote.
    above: Option<(usize, usize)>,
    /// The first line of its first blockquote.
    quoted: Option<usize>,
}

impl Containers {
    /// Opens one at this depth of quotation; its number, 1 for the first.
    pub fn open(&mut self, quote: u16) -> usize {
        self.0.push(Container {
            quote,
            ..Container::default()
        });
        self.0.len()
    }

    /// Once all lines are there: those that their container quotes are quoted.
    pub fn quote(mut self, lines: &mut [Line]) {
        if self.0.is_empty() {
            return;
        }
        for (n, line) in lines.iter().enumerate().filter(|(_, l)| !l.blank()) {
            let Some(of) = line
                .container
                .checked_sub(1)
                .and_then(|c| self.0.get_mut(c))
            else {
                continue;
            };
            if of.quoted.is_some() {
                continue;
            }
            if line.quote > of.quote {
                of.quoted = Some(n);
            } else {
                of.above = Some((of.above.map_or(n, |(first, _)| first), n));
            }
        }
        let open: Vec<bool> = self.0.iter().map(|c| c.is_open(lines)).collect();
        for line in lines.iter_mut().filter(|l| l.container > 0) {
            if open.get(line.container - 1) != Some(&true) {
                line.quote = line.quote.saturating_add(1);
            }
        }
    }
}

impl Container {
    /// Whether only its blockquotes quote.
    fn is_open(&self, lines: &[Line]) -> bool {
        let Some(quoted) = self.quoted else {
            return false;
        };
        let (first, last) = self.above.unwrap_or((quoted, quoted));
        attribution(lines, first).is_some_and(|line| line.body > last)
    }
}
