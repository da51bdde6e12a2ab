//! What every letter needs from its language: how a day is written, how a list is joined, what a datum is called.
//!
//! These are facts of a language, not of a firm, so they are here and not in the templates; a word of the register that
//! this table does not know is shown as the register spells it. A non-breaking space (U+00A0) keeps day and month together.

use crate::record::Language;
use jiff::civil::Date;

/// The seven languages of the tables below, in their order.
const COLUMNS: [Language; 7] = [
    Language::Fr,
    Language::En,
    Language::De,
    Language::Es,
    Language::It,
    Language::Nl,
    Language::Pt,
];

fn column(language: Language) -> Option<usize> {
    COLUMNS.iter().position(|l| *l == language)
}

const MONTHS: [&str; 7] = [
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "January February March April May June July August September October November December",
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
];

/// A day as the language writes it: "1er mars 2026", "23. November 2026"; ISO 8601 in a language without a table.
pub fn date(language: Language, day: Date) -> String {
    let month = |column: usize| {
        let index = usize::from(day.month().unsigned_abs()).saturating_sub(1);
        MONTHS[column].split(' ').nth(index).unwrap_or_default()
    };
    let (d, y) = (day.day(), day.year());
    match (language, column(language)) {
        (_, None) => day.to_string(),
        (Language::Fr, Some(c)) if d == 1 => format!("1er\u{a0}{} {y}", month(c)),
        (Language::It, Some(c)) if d == 1 => format!("1º\u{a0}{} {y}", month(c)),
        (Language::De, Some(c)) => format!("{d}.\u{a0}{} {y}", month(c)),
        (Language::Es | Language::Pt, Some(c)) => format!("{d}\u{a0}de {} de {y}", month(c)),
        (_, Some(c)) => format!("{d}\u{a0}{} {y}", month(c)),
    }
}

/// How the last two of a list are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Join {
    /// "a, b et c"
    And,
    /// "a, b ou c"
    Or,
}

/// "a, b et c" in the language; a semicolon list in a language without a table.
pub fn list<S: AsRef<str>>(language: Language, items: &[S], join: Join) -> String {
    let words = match join {
        Join::And => ["et", "and", "und", "y", "e", "en", "e"],
        Join::Or => ["ou", "or", "oder", "o", "o", "of", "ou"],
    };
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    let Some(column) = column(language) else {
        return items.join("; ");
    };
    match items.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => {
            let word = euphonic(language, words[column], last);
            format!("{} {word} {last}", first.join(", "))
        }
    }
}

/// Spanish: "e" before an i, "u" before an o.
fn euphonic<'a>(language: Language, word: &'a str, next: &str) -> &'a str {
    let next = next.to_lowercase();
    match (language, word) {
        (Language::Es, "y") if next.starts_with(['i', 'í']) || next.starts_with("hi") => "e",
        (Language::Es, "o") if next.starts_with(['o', 'ó']) || next.starts_with("ho") => "u",
        _ => word,
    }
}

/// What a word of the register, of a channel or of a request is called: `email`, `channel.email`, `request.access`.
pub fn word(language: Language, id: &str) -> Option<&'static str> {
    let (_, words) = WORDS.iter().find(|(word, _)| *word == id)?;
    Some(words[column(language)?])
}

#[rustfmt::skip]
const WORDS: &[(&str, [&str; 7])] = &[
    ("email", ["adresse e-mail", "e-mail address", "E-Mail-Adresse", "dirección de correo electrónico", "indirizzo e-mail", "e-mailadres", "endereço de e-mail"]),
    ("name", ["nom", "name", "Name", "nombre", "nome", "naam", "nome"]),
    ("civility", ["civilité", "title", "Anrede", "tratamiento", "titolo", "aanhef", "forma de tratamento"]),
    ("first_name", ["prénom", "first name", "Vorname", "nombre de pila", "nome di battesimo", "voornaam", "nome próprio"]),
    ("last_name", ["nom de famille", "last name", "Nachname", "apellidos", "cognome", "achternaam", "apelido"]),
    ("role", ["fonction", "job title", "Funktion", "cargo", "ruolo", "functie", "função"]),
    ("firm", ["entreprise", "company", "Unternehmen", "empresa", "azienda", "bedrijf", "empresa"]),
    ("country", ["pays de l’entreprise", "country of the company", "Land des Unternehmens", "país de la empresa", "paese dell’azienda", "land van het bedrijf", "país da empresa"]),
    ("language", ["langue", "language", "Sprache", "idioma", "lingua", "taal", "língua"]),
    ("phone", ["numéro de téléphone", "telephone number", "Telefonnummer", "número de teléfono", "numero di telefono", "telefoonnummer", "número de telefone"]),
    ("profile", ["page de profil", "profile page", "Profilseite", "página de perfil", "pagina del profilo", "profielpagina", "página de perfil"]),
    ("profile_url", ["page de profil", "profile page", "Profilseite", "página de perfil", "pagina del profilo", "profielpagina", "página de perfil"]),
    ("crm_id", ["numéro dans notre CRM", "number in our CRM", "Nummer in unserem CRM", "número en nuestro CRM", "numero nel nostro CRM", "nummer in ons CRM", "número no nosso CRM"]),
    ("relation", ["relation commerciale", "business relation", "Geschäftsbeziehung", "relación comercial", "rapporto commerciale", "zakelijke relatie", "relação comercial"]),
    ("owner", ["interlocuteur chez nous", "contact on our side", "Ansprechpartner bei uns", "persona de contacto en nuestra empresa", "referente presso di noi", "contactpersoon bij ons", "interlocutor na nossa empresa"]),
    ("campaign", ["campagne", "campaign", "Kampagne", "campaña", "campagna", "campagne", "campanha"]),
    ("basis", ["base légale", "lawful basis", "Rechtsgrundlage", "base jurídica", "base giuridica", "rechtsgrond", "fundamento jurídico"]),
    ("why", ["raison du contact", "reason for contacting you", "Grund der Kontaktaufnahme", "motivo del contacto", "motivo del contatto", "reden van contact", "motivo do contacto"]),
    ("all", ["toutes vos données", "all your data", "alle Ihre Daten", "todos sus datos", "tutti i Suoi dati", "al uw gegevens", "todos os seus dados"]),
    ("reference", ["Notre référence", "Our reference", "Unser Zeichen", "Nuestra referencia", "Nostro riferimento", "Ons kenmerk", "Nossa referência"]),
    ("channel.email", ["e-mail", "e-mail", "E-Mail", "correo electrónico", "e-mail", "e-mail", "e-mail"]),
    ("channel.phone", ["téléphone", "telephone", "Telefon", "teléfono", "telefono", "telefoon", "telefone"]),
    ("channel.linkedin", ["LinkedIn", "LinkedIn", "LinkedIn", "LinkedIn", "LinkedIn", "LinkedIn", "LinkedIn"]),
    ("request.stop", ["opposition à la prospection", "objection to marketing", "Widerspruch gegen Werbung", "oposición a la prospección comercial", "opposizione al marketing", "bezwaar tegen reclame", "oposição à prospeção comercial"]),
    ("request.source", ["origine de vos données", "source of your data", "Herkunft Ihrer Daten", "origen de sus datos", "origine dei Suoi dati", "herkomst van uw gegevens", "origem dos seus dados"]),
    ("request.access", ["accès à vos données", "access to your data", "Auskunft über Ihre Daten", "acceso a sus datos", "accesso ai Suoi dati", "inzage in uw gegevens", "acesso aos seus dados"]),
    ("request.erasure", ["effacement de vos données", "erasure of your data", "Löschung Ihrer Daten", "supresión de sus datos", "cancellazione dei Suoi dati", "wissing van uw gegevens", "apagamento dos seus dados"]),
    ("request.rectification", ["rectification de vos données", "rectification of your data", "Berichtigung Ihrer Daten", "rectificación de sus datos", "rettifica dei Suoi dati", "rectificatie van uw gegevens", "retificação dos seus dados"]),
    ("request.restriction", ["limitation du traitement", "restriction of processing", "Einschränkung der Verarbeitung", "limitación del tratamiento", "limitazione del trattamento", "beperking van de verwerking", "limitação do tratamento"]),
    ("request.portability", ["portabilité de vos données", "portability of your data", "Übertragung Ihrer Daten", "portabilidad de sus datos", "portabilità dei Suoi dati", "overdracht van uw gegevens", "portabilidade dos seus dados"]),
    ("request.complaint", ["réclamation", "complaint", "Beschwerde", "reclamación", "reclamo", "klacht", "reclamação"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_a_day_its_own_way() {
        let day = jiff::civil::date(2026, 11, 23);
        let all: Vec<_> = COLUMNS.iter().map(|l| date(*l, day)).collect();
        assert_eq!(
            all.join("|").replace('\u{a0}', " "),
            "23 novembre 2026|23 November 2026|23. November 2026|23 de noviembre de 2026|\
             23 novembre 2026|23 november 2026|23 de novembro de 2026"
        );
        assert_eq!(
            date(Language::Fr, jiff::civil::date(2026, 3, 1)),
            "1er\u{a0}mars 2026"
        );
        assert_eq!(date(Language::Pl, day), "2026-11-23");
    }

    #[test]
    fn a_list_ends_with_and_or_or() {
        let abc = ["a", "b", "c"];
        assert_eq!(list(Language::Fr, &abc, Join::And), "a, b et c");
        assert_eq!(list(Language::De, &abc[..2], Join::Or), "a oder b");
        assert_eq!(
            list(Language::Es, &["a", "Ignacio"], Join::And),
            "a e Ignacio"
        );
        assert_eq!(list(Language::En, &abc[..1], Join::And), "a");
        assert_eq!(list::<&str>(Language::En, &[], Join::And), "");
    }

    #[test]
    fn every_datum_has_a_word_in_every_language() {
        for (id, words) in WORDS {
            assert!(words.iter().all(|w| !w.is_empty()), "{id}");
        }
        assert_eq!(word(Language::De, "role"), Some("Funktion"));
        assert_eq!(word(Language::De, "budget"), None);
    }
}
