//! Which column of a list is what: headers as people write them, in seven languages.
//!
//! A header is compared without accents, case and punctuation, as a whole: `Adresse e-mail` is `adresseemail`. What
//! matches nothing is kept as an extra column, because an access letter must show it.

use unicode_normalization::UnicodeNormalization;

/// What a column holds.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The address on file, or several, apart by spaces or semicolons.
    Email,
    /// "Madame".
    Civility,
    /// "Madame", or what somebody does: the word means both. The value says which.
    Title,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// Function.
    Role,
    /// Firm.
    Firm,
    /// The firm's country.
    Country,
    /// Language.
    Language,
    /// Telephone.
    Phone,
    /// Profile page.
    Profile,
    /// The CRM's id.
    CrmId,
    /// Prospect, customer, …
    Relation,
    /// The salesperson.
    Owner,
    /// Campaign or list.
    Campaign,
    /// Lawful basis.
    Basis,
    /// Why this person is relevant.
    Why,
    /// Provider of the data.
    Provider,
    /// What the data were taken from.
    From,
    /// Day of collection.
    Date,
    /// Whether the source is public.
    Public,
    /// None of these: kept as it is.
    Extra,
}

const HEADERS: &[(Column, &str)] = &[
    (
        Column::Email,
        "email mail emailaddress adresseemail adressemail courriel adressedecourriel emailpro emailprofessionnel mailpro workemail emailadresse correo correoelectronico emaildireccion indirizzoemail posta postaelettronica emailadres correioeletronico enderecodeemail",
    ),
    (
        Column::Civility,
        "civilite civility salutation anrede tratamiento aanhef tratamento",
    ),
    (Column::Title, "titre title titolo"),
    (
        Column::FirstName,
        "prenom firstname givenname vorname nombre nome voornaam primeironome",
    ),
    (
        Column::LastName,
        "nom nomdefamille lastname surname familyname nachname name familienname apellido apellidos cognome achternaam sobrenome apelido",
    ),
    (
        Column::Role,
        "fonction poste role jobtitle position intituledeposte metier funktion stelle cargo puesto ruolo funzione functie funcao",
    ),
    (
        Column::Firm,
        "societe entreprise firm company companyname organisation organization account firma unternehmen empresa azienda societa bedrijf",
    ),
    (
        Column::Country,
        "pays country codepays countrycode land pais paese",
    ),
    (
        Column::Language,
        "langue language lang sprache idioma lingua taal lingua2",
    ),
    (
        Column::Phone,
        "telephone tel phone phonenumber mobile portable telefon telefonnummer telefono telefoon telefone",
    ),
    (
        Column::Profile,
        "linkedin profil profile profileurl linkedinurl urllinkedin profillinkedin",
    ),
    (Column::CrmId, "crmid idcrm contactid idcontact externalid"),
    (
        Column::Relation,
        "relation statut status lifecyclestage beziehung relacion relazione relatie relacao",
    ),
    (
        Column::Owner,
        "proprietaire commercial owner contactowner salesperson besitzer verantwortlich propietario responsabile eigenaar proprietario",
    ),
    (
        Column::Campaign,
        "campagne liste campaign list sequence kampagne campana lista campagna campagnenaam campanha",
    ),
    (
        Column::Basis,
        "base baselegale basis lawfulbasis legalbasis rechtsgrundlage baselegal basegiuridica grondslag",
    ),
    (
        Column::Why,
        "raison motif why reason pourquoi grund motivo razon reden razao",
    ),
    (
        Column::Provider,
        "fournisseur provider supplier datasource anbieter lieferant proveedor fornitore leverancier fornecedor",
    ),
    (
        Column::From,
        "origine source origin provenance herkunft quelle origen fuente origine2 fonte herkomst bron origem",
    ),
    (
        Column::Date,
        "date datedecollecte collectedon collected datecollecte origindate sourcedate dateorigine datedorigine datum erhobenam fecha data verzameldop",
    ),
    (
        Column::Public,
        "public sourcepublique publicsource offentlich publico pubblico openbaar",
    ),
];

impl Column {
    /// What a header says.
    pub fn of_header(header: &str) -> Self {
        let bare = bare(header);
        let known = HEADERS
            .iter()
            .find(|(_, all)| all.split(' ').any(|h| h == bare));
        known.map_or(Self::Extra, |(column, _)| *column)
    }

    /// What a column of it is taken for, in words for whoever hands a list over.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Email => "address",
            Self::Civility => "civility",
            Self::Title => "civility, else the role",
            Self::FirstName => "first name",
            Self::LastName => "last name",
            Self::Role => "role",
            Self::Firm => "firm",
            Self::Country => "country",
            Self::Language => "language",
            Self::Phone => "telephone",
            Self::Profile => "profile page",
            Self::CrmId => "CRM id",
            Self::Relation => "relation",
            Self::Owner => "owner",
            Self::Campaign => "campaign",
            Self::Basis => "lawful basis",
            Self::Why => "why they were written to",
            Self::Provider => "provider of the data",
            Self::From => "what the data were taken from",
            Self::Date => "day of collection",
            Self::Public => "whether the source is public",
            Self::Extra => "kept as it is",
        }
    }

    /// Whether a list may have several columns of it, each of which counts.
    pub const fn may_repeat(self) -> bool {
        matches!(self, Self::Email | Self::Phone | Self::Extra)
    }
}

/// Letters and digits only, lower case, without accents.
pub(super) fn bare(text: &str) -> String {
    let letters = text.nfd().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_seven_languages_are_recognised() {
        for (header, column) in [
            ("Adresse e-mail", Column::Email),
            ("PRÉNOM", Column::FirstName),
            ("Société", Column::Firm),
            ("Nachname", Column::LastName),
            ("Correo electrónico", Column::Email),
            ("Azienda", Column::Firm),
            ("Bedrijf", Column::Firm),
            ("Função", Column::Role),
            ("job_title", Column::Role),
            ("Date de collecte", Column::Date),
            ("Title", Column::Title),
            ("Anrede", Column::Civility),
            ("Couleur", Column::Extra),
        ] {
            assert_eq!(Column::of_header(header), column, "{header}");
        }
    }
}
