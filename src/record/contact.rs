//! What the register holds about a person: each datum with its provider, its origin and its date.
//!
//! A `Contact` in plain text exists only in memory, while a letter is written or a reviewer looks; in the log it is
//! sealed under the person's contact key.

use super::{Address, Language, Relation, is_civility};
use serde::{Deserialize, Serialize};

/// One person of the register.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Contact {
    /// All known addresses; the first is the address on file.
    pub addresses: Vec<Address>,
    /// "Madame", "Herr", … as the register spells it; without one no letter uses a name (rights.md, Voice).
    pub civility: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// What the person does at the firm: "Directrice marketing".
    pub role: Option<String>,
    /// The firm.
    pub firm: Option<String>,
    /// The firm's country, ISO 3166-1 alpha-2 in upper case; from its record, never guessed from a language or TLD.
    pub country: Option<String>,
    /// The language in which the person was written to.
    pub language: Option<Language>,
    /// Telephone, as the register spells it; several are apart by `;`.
    pub phone: Option<String>,
    /// A profile page (LinkedIn and the like).
    pub profile_url: Option<String>,
    /// The CRM's own id.
    pub crm_id: Option<String>,
    /// Prospect, customer, …; `None` in an import leaves what is known.
    pub relation: Option<Relation>,
    /// The salesperson's address.
    pub owner: Option<String>,
    /// The list or campaign through which the person was mailed.
    pub campaign: Option<String>,
    /// Lawful basis, in the firm's words: "intérêt légitime".
    pub basis: Option<String>,
    /// The sentence that says why this person was relevant.
    pub why: Option<String>,
    /// Where each datum comes from.
    pub origins: Vec<Origin>,
    /// Other columns of the import, kept because an access letter must show them.
    pub extra: Vec<(String, String)>,
}

/// Where one datum (or several) comes from. A source letter leaves by itself only if none of these is vague.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Origin {
    /// Which data: `email`, `name`, `role`, `firm`, `phone`, `profile`; or `all`.
    pub data: Vec<String>,
    /// The id of the `[[provider]]` that supplied it.
    pub provider: Option<String>,
    /// What the provider or we took it from: "page d'équipe du site entreprise.com", "salon Produrable 2026".
    pub from: Option<String>,
    /// Day on which it was collected, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Whether it came from a source that anybody can read (Art. 14(2)(f)).
    pub public: Option<bool>,
}

impl Contact {
    /// "Madame Dupont", only with a known civility and family name. A row of an older version may have a job in its place: that
    /// greets nobody.
    pub fn formal_name(&self) -> Option<String> {
        let civility = self.civility.as_deref().filter(|c| is_civility(c))?;
        Some(format!("{civility} {}", self.last_name.as_deref()?))
    }
}
