//! What a message holds that nobody here reads: an encrypted text, a text beyond the bounds, a letter in an attachment.
//!
//! Who asks in a letter often mails it as a PDF with three words above it. Nothing of it can be decided; that it is there is a
//! reason for a human to look, if what could be read asks nothing. Deliberately absent: opening attachments.

use super::{Defect, InboundMessage};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Why more may be asked than could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Only who has the key or the portal's link sees what was typed.
    Encrypted,
    /// The message is larger, or has more parts, than is looked at.
    Beyond,
    /// A document, and words that point to it or a name of a request.
    Attachment,
}

impl Unread {
    /// The word for it in a log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Beyond => "not_all_read",
            Self::Attachment => "attachment",
        }
    }
}

/// What of a message was not read, although somebody may ask in it.
pub fn unread(message: &InboundMessage) -> Option<Unread> {
    let has = |defect: &Defect| message.defects.contains(defect);
    match () {
        () if has(&Defect::Encrypted) => Some(Unread::Encrypted),
        () if has(&Defect::UnreadText) || has(&Defect::Parts) => Some(Unread::Beyond),
        () if encloses_a_letter(message) => Some(Unread::Attachment),
        () => None,
    }
}

/// Rows of words of which all stand in what a portal for encrypted mail writes instead of the text.
const PORTALS: &[&[&str]] = &[
    &["received an encrypted message"],
    &["received a protected message"],
    &["received a secure message", "open"],
    &["sent you a protected message"],
    &["sent you an encrypted message"],
    &["sent you a secure message"],
    &["encrypted message from", "read"],
    &["secure email message", "open"],
    &["view the secure message"],
    &["read the secure message"],
    &["message chiffré", "ouvrir"],
    &["message sécurisé", "pour le lire"],
    &["message sécurisé", "consulter le message"],
    &["verschlüsselte nachricht", "öffnen"],
    &["verschlüsselte e-mail", "öffnen"],
    &["mensaje cifrado", "abrir"],
    &["mensaje protegido", "leer"],
    &["messaggio crittografato", "aprire"],
    &["messaggio protetto", "leggere"],
    &["versleuteld bericht", "openen"],
    &["beveiligd bericht", "openen"],
    &["mensagem encriptada", "abrir"],
    &["zaszyfrowaną wiadomość", "otw"],
    &["krypterat meddelande", "öppna"],
    &["krypteret meddelelse", "åbne"],
    &["kryptert melding", "åpne"],
    &["salattu viesti", "avaa"],
    &["suojattu viesti", "avaa"],
];

/// Whether a text is what a portal writes instead of an encrypted one.
pub(super) fn is_of_a_portal(text: &str) -> bool {
    let seen = text[..text.floor_char_boundary(SEEN)].to_lowercase();
    let seen = seen.replace('’', "'");
    PORTALS
        .iter()
        .any(|row| row.iter().all(|w| seen.contains(w)))
}

/// Octets of a text that are looked at.
const SEEN: usize = 1000;
/// Words of a text, greeting and closing among them, that does no more than point to an attachment.
const POINTING: usize = 20;
/// The same above a document that is named after a request.
const NAMED: usize = 40;

/// Beginnings of the words with which people point to an attachment.
const POINTERS: &str = "\
    attach enclos joint annex pj anbei anhang anlage beigefügt beiliegend adjunt anexo anexa allegat bijlage bijgevoegd bijgaand \
    załącz załac zalacz bifog vedhæft vedlagt vedlegg vedlagd liite přílo přilož prílo prilož mellékl csatol atașat atasat anexat \
    συνημμ επισυνάπτ прикач прилож вложен prilog privit";

/// Beginnings of the words of everyday business: such documents ask nothing of this kind.
const BUSINESS: &str = "\
    order orders purchase quote quotes quotation invoice contract agreement catalog brochure cv resume plan plans photo picture \
    drawing price pricing receipt delivery presentation datasheet commande devis facture contrat plaquette tarif livraison \
    bestell auftrag angebot rechnung vertrag katalog lebenslauf zeichnung foto lieferschein preisliste pedido presupuesto factura \
    contrato catálogo oferta ordine preventivo fattura contratto catalogo disegno listino offerta bestelling offerte factuur \
    tekening prijslijst proposta encomenda orçamento fatura zamówien faktur umow cennik beställning offert avtal ordre tilbud \
    kontrakt tilaus tarjou lasku sopimus objednávk nabídk faktúr smlouv zmluv megrendel számla árajánl szerződ comandă comanda \
    ofertă contractul παραγγελ τιμολόγ προσφορ narudžb ponud račun ugovor поръчк оферт договор";

/// Beginnings of words in the names of documents in which somebody exercises a right.
const RIGHTS: &str = "\
    gdpr rgpd dsgvo dsar erasure deletion unsubscribe objection optout cease complaint effacement suppression \
    opposition désinscription desinscription plainte widerspruch löschung loeschung löschantrag auskunft beschwerde abmahnung \
    unterlassung supresión supresion oposición oposicion reclamación cancellazione opposizione diffida reclamo verwijder \
    bezwaar inzage klacht apagamento oposição sprzeciw usunięci usunieci radering invändning sletning indsigt indsigelse sletting \
    innsyn poistopyyntö výmaz námitk námietk törlés ștergere opoziție διαγραφή εναντίωση brisanje prigovor изтриване възражение";

/// The same in whole words, which stand in the names of everyday documents too.
const REGULATIONS: &[&str] = &["rodo", "sar"];
/// Words for a right that mean one alone, or beside one of [`ASKING`]: "Access request", not "Plan d'accès" or "Baja California".
const ENTRANCES: &[&str] = &["access", "accès", "acces", "baja"];
/// Beginnings of the words beside which they do.
const ASKING: &[&str] = &[
    "request",
    "right",
    "subject",
    "data",
    "personal",
    "demande",
    "droit",
    "données",
    "donnees",
    "solicitud",
    "petición",
    "peticion",
    "derecho",
    "datos",
    "lista",
    "art",
];

static POINTS: LazyLock<Vec<&str>> = LazyLock::new(|| POINTERS.split_whitespace().collect());
static SELLS: LazyLock<Vec<&str>> = LazyLock::new(|| BUSINESS.split_whitespace().collect());
static CLAIMS: LazyLock<Vec<&str>> = LazyLock::new(|| RIGHTS.split_whitespace().collect());

/// A short text above a document: it points to it, or the document is named after a right.
fn encloses_a_letter(message: &InboundMessage) -> bool {
    let names = message.attachments.iter().map(|(name, _)| name.as_str());
    let documents: Vec<&str> = names.filter(|name| is_document(name)).collect();
    let text = &message.fresh.text;
    let words = text.split_whitespace().take(NAMED + 1).count();
    if documents.is_empty() || words > NAMED {
        return false;
    }
    if documents.iter().any(|name| names_a_right(name)) {
        return true;
    }
    let is_business = || holds(text, &SELLS) || documents.iter().any(|name| holds(name, &SELLS));
    words <= POINTING && holds(text, &POINTS) && !is_business()
}

/// Whether a document is named after a right that somebody exercises.
fn names_a_right(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words = words(stem);
    let whole = |table: &[&str]| words.iter().any(|w| table.contains(&w.as_str()));
    let alone = || words.len() == 1 || holds(stem, ASKING);
    let entrance = || whole(ENTRANCES) && alone();
    holds(name, &CLAIMS) || ((whole(REGULATIONS) || entrance()) && !holds(name, &SELLS))
}

/// The words of a text, in lower case. Apple names files with accents that are characters of their own: these are joined.
fn words(text: &str) -> Vec<String> {
    let whole = text.nfc().collect::<String>().to_lowercase();
    let words = whole.split(|c: char| !c.is_alphanumeric());
    words.filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Whether a word of the text begins with one of these; those of up to three letters are whole.
fn holds(text: &str, stems: &[&str]) -> bool {
    words(text).iter().any(|word| {
        let is = |stem: &&str| match stem.chars().count() {
            ..=3 => word == stem,
            _ => word.starts_with(*stem),
        };
        stems.iter().any(is)
    })
}

/// A file, or a media type where it has no name, in which somebody writes a letter; pictures stand in every signature.
fn is_document(name: &str) -> bool {
    const ENDS: &[&str] = &[
        ".pdf", ".doc", ".docx", ".odt", ".rtf", ".txt", ".pages", ".eml", ".msg",
    ];
    const TYPES: &[&str] = &[
        "application/pdf",
        "application/msword",
        "application/rtf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml",
        "application/vnd.oasis.opendocument.text",
        "message/rfc822",
        "text/plain",
        "text/rtf",
    ];
    let name = name.trim().to_lowercase();
    ENDS.iter().any(|end| name.ends_with(end)) || TYPES.iter().any(|t| name.starts_with(t))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Fresh;

    fn message(text: &str, file: &str) -> InboundMessage {
        InboundMessage {
            fresh: Fresh {
                text: text.to_owned(),
                elided: Vec::new(),
            },
            attachments: vec![(file.to_owned(), 1000)],
            ..InboundMessage::default()
        }
    }

    #[test]
    fn a_letter_in_an_attachment_is_unread_and_an_order_is_not() {
        for (text, file) in [
            (
                "Dear Sir or Madam,\n\nPlease see the attached letter.\n\nKind regards\nJane Doe",
                "GDPR erasure request.pdf",
            ),
            ("Please see attached.", "scan.pdf"),
            ("Bonjour, voir ma demande jointe", "demande.txt"),
            ("In allegato la richiesta.", "richiesta.pdf"),
            ("Zie bijlage.", "brief.docx"),
            ("W załączeniu pismo.", "pismo.odt"),
            ("Guten Tag", "Widerspruch.pdf"),
            ("Please see attached.", "application/pdf"),
            ("Guten Tag", "Lo\u{308}schung.pdf"),
            ("Bonjour", "Demande d'acce\u{300}s.pdf"),
            ("Buenos días", "Baja.pdf"),
            ("Hello", "Access request.pdf"),
            ("Dzień dobry", "wniosek RODO.pdf"),
        ] {
            let unread = unread(&message(text, file));
            assert_eq!(unread, Some(Unread::Attachment), "{text} {file}");
        }
        for (text, file) in [
            ("Please find attached our purchase order.", "PO 4711.pdf"),
            ("Ci-joint le devis signé", "devis.pdf"),
            ("anbei unsere Bestellung.", "Bestellung.pdf"),
            ("Please see attached.", "image001.png"),
            ("Thanks, Thursday works.", "agenda.pdf"),
            ("Bonjour, à jeudi.", "Plan d'accès.pdf"),
            ("Hello", "Accessories 2026.pdf"),
            ("Hola", "CV Rodolfo Pérez.pdf"),
            ("Hola", "Baja California.pdf"),
        ] {
            assert_eq!(unread(&message(text, file)), None, "{text} {file}");
        }
    }

    #[test]
    fn what_is_encrypted_or_beyond_the_bounds_is_unread() {
        for (defect, why) in [
            (Defect::Encrypted, Some(Unread::Encrypted)),
            (Defect::UnreadText, Some(Unread::Beyond)),
            (Defect::Parts, Some(Unread::Beyond)),
            (Defect::Truncated, None),
        ] {
            let damaged = InboundMessage {
                defects: vec![defect],
                ..InboundMessage::default()
            };
            assert_eq!(unread(&damaged), why);
        }
        assert!(is_of_a_portal(
            "You’ve received an encrypted message from jane@acme.example"
        ));
        assert!(!is_of_a_portal("I cannot open your encrypted message."));
    }
}
