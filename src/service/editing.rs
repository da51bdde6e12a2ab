//! A draft in a human's own words: the same recipient, facts and attachments, the same linter, another text.

use super::composing::{self, Unwritten};
use super::drafting::Draft;
use super::house::House;

impl Draft<'_> {
    /// The draft with this text in place of the template's.
    ///
    /// # Errors
    /// If the linter finds something in it that must not be sent.
    pub fn edited(self, house: &House, text: &str) -> Result<Self, Unwritten> {
        let letter = composing::write_in(house, &self.plan, &self.occasion, Some(text))?;
        Ok(Self { letter, ..self })
    }
}
