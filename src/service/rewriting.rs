//! A draft in a human's words: written over the letter of the template, and read by the linter as that is.
//!
//! The recipient, the attachments and the headers stay those of the draft. The hash covers the new words, so what is
//! approved is what was read after rewriting. Nothing of it is kept before it is approved.

use super::composing::{self, Unwritten};
use super::drafting::Draft;
use super::house::House;
use crate::answer::{Finding, lint, rewrite};

impl Draft<'_> {
    /// The same draft with this subject and text, and what the linter finds in them: with a finding it must not leave.
    pub fn rewritten(
        self,
        house: &House,
        words: (&str, &str),
    ) -> Result<(Self, Vec<Finding>), Unwritten> {
        let facts = composing::facts(house, &self.plan, &self.occasion);
        let parts = super::gathering::parts_of(self.plan.kind, &self.plan.answers);
        let letter = rewrite(&house.templates, &parts, &facts, self.letter, words)
            .map_err(|e| Unwritten(e.to_string()))?;
        let findings = lint(&letter, &facts, &parts);
        Ok((Self { letter, ..self }, findings))
    }
}
