//! Words that no letter may contain, and words that only a proof allows: data for the linter, in seven languages.
//!
//! The first list holds claims that are a vendor's at best and never ours to make; the second what says "you have been
//! removed"; the third words for a source that are no source. All are compared in lower case, with plain apostrophes and
//! plain spaces. A claim that is missing here is a bug of the linter; it is no permission.

use super::phrases::{Counts, Phrases, alone, anywhere};
use crate::record::Language;
use std::sync::LazyLock;

/// Claims that are never ours to make (rights.md, Voice).
#[rustfmt::skip]
pub const FORBIDDEN: &[&str] = &[
    // fr
    "conforme au rgpd", "conformes au rgpd", "conformité rgpd", "conformité au rgpd", "validé par la cnil",
    "validée par la cnil", "agréé par la cnil", "approuvé par la cnil", "certifié rgpd", "audité", "auditée",
    "en conformité avec le rgpd", "respectueux du rgpd", "sans stocker", "ne stocke aucune", "ne stockons aucune", "aucune donnée", "100 % rgpd", "en toute légalité",
    // en
    "gdpr compliant", "gdpr-compliant", "in compliance with the gdpr", "complies with the gdpr", "compliant with the gdpr", "gdpr compliance",
    "approved by the cnil", "validated by the cnil", "audited by", "without storing", "stores no data", "no data is stored",
    "no personal data is stored", "fully compliant", "certified gdpr",
    // de
    "dsgvo-konform", "dsgvo konform", "im einklang mit der dsgvo", "konform mit der dsgvo", "datenschutzkonform", "von der cnil geprüft", "auditiert",
    "ohne speicherung", "ohne daten zu speichern", "keinerlei daten", "keine daten gespeichert",
    // es
    "conforme al rgpd", "conforme con el rgpd", "cumple con el rgpd", "cumple el rgpd", "validado por la cnil", "auditado por",
    "sin almacenar", "ningún dato",
    // it
    "conforme al gdpr", "conformi al gdpr", "validato dalla cnil", "sottoposto ad audit", "senza memorizzare",
    "senza conservare", "nessun dato",
    // nl
    "avg-conform", "avg-proof", "voldoet aan de avg", "conform de avg", "goedgekeurd door de cnil", "geauditeerd",
    "zonder op te slaan", "geen enkele gegevens", "geen gegevens opgeslagen",
    // pt
    "em conformidade com o rgpd", "conforme o rgpd", "cumpre o rgpd", "validado pela cnil", "auditado pela", "sem armazenar",
    "nenhum dado",
];

/// Sentences that say "it is done": true only when every sender obeyed.
#[rustfmt::skip]
pub const REMOVED: &[&str] = &[
    "c'est fait", "ne vous enverra plus", "ne vous enverrons plus", "ne recevrez plus", "est retirée de notre liste",
    "retirée de notre liste", "retiré de notre liste", "avons retiré votre", "ne vous contacterons plus",
    "êtes désinscrit", "êtes désinscrite", "avez été désinscrit", "avez été désinscrite", "vous avons désinscrit",
    "vous avons désinscrite", "êtes désabonné", "êtes désabonnée", "avez été retiré", "avez été retirée", "vous avons retiré",
    "vous avons retirée", "avons supprimé votre", "ne vous écrirons plus",
    "will send you no more", "has been removed", "was removed from", "have removed you", "will receive no more",
    "will not receive any more", "will not contact you again", "won't contact you",
    "you have been removed", "you are unsubscribed", "you have been unsubscribed", "have unsubscribed you", "have removed your",
    "verteiler ausgetragen", "liste gestrichen", "haben sie abgemeldet", "haben sie ausgetragen", "sind abgemeldet",
    "wurden abgemeldet", "schreiben ihnen nicht mehr", "erledigt", "keine werbung mehr", "aus unserer werbeliste entfernt", "erhalten keine nachrichten mehr", "wurden entfernt",
    "no le enviará más", "no le enviaremos más", "ha sido retirada", "ha sido eliminada", "no recibirá más",
    "dado de baja", "hemos eliminado su",
    "non le invierà più", "è stato rimosso", "non riceverà più", "cancellata dalla nostra",
    "cancellato dalla nostra", "non le scriveremo più",
    "geregeld", "stuurt u geen reclame meer", "is van onze mailinglijst verwijderd", "ontvangt geen berichten meer",
    "bent afgemeld", "bent uitgeschreven", "hebben u afgemeld",
    "está feito", "não lhe enviará mais", "foi retirado", "foi removido", "não receberá mais",
    "cancelámos a sua", "não lhe escreveremos mais",
];

/// Sentences of [`REMOVED`] that speak of the future only and are true as an announcement when nothing is in force.
#[rustfmt::skip]
pub const ANNOUNCED: &[&str] = &["wij sturen u geen reclame meer, maar"];

/// Sources that are none (EDF's fine: "no vague source").
#[rustfmt::skip]
pub const VAGUE: &[&str] = &[
    "service d'enrichissement", "outil d'enrichissement", "base de données partenaire", "nos partenaires", "un prestataire",
    "un partenaire", "sources publiques", "internet", "le web",
    "enrichment service", "enrichment tool", "data provider", "our partners", "a partner", "public sources", "the internet",
    "the web", "third party", "third parties",
    "anreicherungsdienst", "datenanbieter", "unsere partner", "öffentliche quellen", "servicio de enriquecimiento",
    "nuestros socios", "servizio di arricchimento", "nostri partner", "verrijkingsdienst", "onze partners",
    "serviço de enriquecimento", "nossos parceiros",
];

/// Marks of a place that somebody meant to fill in.
#[rustfmt::skip]
pub const PLACEHOLDERS: &[&str] = &["{{", "}}", "{%", "%}", "xxx", "todo", "lorem ipsum", "[…]", "[...]", "<nom>", "<name>"];

/// What makes an HTML letter fetch something, or follow somebody.
#[rustfmt::skip]
pub const REMOTE: &[&str] = &[
    "<img", "<script", "<iframe", "<link", "<object", "<embed", "<form", "<video", "<audio", "<base", "<svg",
    "src=", "srcset=", "background=", "url(", "@import", "http-equiv", "http://", "https://",
];

/// Places where meetings are booked.
#[rustfmt::skip]
pub const CALENDARS: &[&str] = &["calendly.com", "cal.com/", "meetings.hubspot", "calendar.app.google", "outlook.office.com/bookwithme", "zcal.co", "savvycal"];

/// "I" in a language: a letter without a named human does not say it.
pub fn first_person(language: Language) -> &'static [&'static str] {
    match language {
        Language::Fr => &["je", "j'ai", "j'"],
        Language::En => &["i", "i'm", "i've"],
        Language::De => &["ich"],
        Language::Es => &["yo"],
        Language::It => &["io"],
        Language::Nl => &["ik"],
        Language::Pt => &["eu"],
        _ => &[],
    }
}

/// How the right to object is spoken of in a language; empty where nobody has said.
pub fn objection(language: Language) -> &'static str {
    match language {
        Language::Fr => "opposer",
        Language::En => "object",
        Language::De => "widersprechen",
        Language::Es => "oponerse",
        Language::It => "opporsi",
        Language::Nl => "bezwaar",
        Language::Pt => "opor-se",
        _ => "",
    }
}

/// The tables that every letter is read for.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// [`FORBIDDEN`].
    Forbidden,
    /// [`REMOVED`].
    Removed,
    /// [`PLACEHOLDERS`].
    Placeholders,
    /// [`CALENDARS`].
    Calendars,
    /// [`first_person`] of every language.
    FirstPerson,
}

/// All of them, in the order of [`Of`].
pub(super) static ALL: LazyLock<Phrases> = LazyLock::new(|| {
    let i = Language::ALL.iter().flat_map(|l| first_person(*l));
    Phrases::of([
        (FORBIDDEN.to_vec(), alone as Counts),
        (REMOVED.to_vec(), alone),
        (PLACEHOLDERS.to_vec(), alone),
        (CALENDARS.to_vec(), anywhere),
        (i.copied().collect(), spoken),
    ])
});

/// As a word of its own, and not the end of a name of the net: "data@example.io" says nothing in Italian.
fn spoken(text: &str, at: usize, phrase: &str) -> bool {
    alone(text, at, phrase) && !text[..at].ends_with(['.', '@'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_is_asked_for_by_its_name() {
        let said = ALL.said("je vous écris, see calendly.com, mario@example.io");
        let i = said.of(Of::FirstPerson as usize);
        assert_eq!(i.collect::<Vec<_>>(), ["je"]);
        assert_eq!(said.of(Of::Calendars as usize).count(), 1);
        assert_eq!(said.of(Of::Forbidden as usize).count(), 0);
    }
}
