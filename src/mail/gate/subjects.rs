//! The subjects that mail programs give to automatic answers, in some twenty languages.
//!
//! A subject is a doubt (A5), never a proof: people write "absent" too. It counts only at the beginning, after any
//! Re:, Fw: and [EXTERNAL] tags, because our own subject stands in it as well.

use crate::record::{SubjectMark, subject_mark};

/// Beginnings, lower case.
const SUBJECTS: &[&str] = &[
    // fr
    "réponse automatique",
    "reponse automatique",
    "absence du bureau",
    "absence de bureau",
    "message d'absence",
    "en congé",
    "en congés",
    "absent du bureau",
    "absent :",
    "absence :",
    "absence -",
    "absente du",
    "absent du",
    "accusé de réception automatique",
    "message automatique",
    "notification d'absence",
    "je suis absent",
    "accusé de réception",
    "merci pour votre message",
    "merci de nous avoir contact",
    "nous avons bien reçu votre",
    "votre demande a été",
    // en
    "automatic reply",
    "auto-reply",
    "auto reply",
    "autoreply",
    "auto response",
    "auto-response",
    "autoresponse",
    "automatic response",
    "automated reply",
    "automated response",
    "out of office",
    "out of the office",
    "out-of-office",
    "ooo:",
    "ooo -",
    "ooo re:",
    "away from the office",
    "away from my",
    "vacation reply",
    "on vacation",
    "on leave",
    "annual leave",
    "i am away",
    "i'm away",
    "auto:",
    "automatic message",
    "i am out of",
    "i'm out of",
    "i will be out of",
    "i am on leave",
    "on holiday",
    "your request has been received",
    "your message has been received",
    "we have received your",
    "we received your",
    "thank you for your message",
    "thank you for your email",
    "thank you for your e-mail",
    "thank you for contacting",
    "thanks for contacting",
    "acknowledgement of receipt",
    "acknowledgment of receipt",
    "ticket received",
    "read:",
    "accepted:",
    "declined:",
    // de
    "automatische antwort",
    "abwesenheit",
    "abwesenheitsnotiz",
    "abwesenheitsnachricht",
    "automatische rückantwort",
    "automatische nachricht",
    "autoantwort",
    "auto-antwort",
    "außer haus",
    "ausser haus",
    "nicht im büro",
    "bin im urlaub",
    "urlaubsmeldung",
    "ich bin nicht im",
    "eingangsbestätigung",
    "empfangsbestätigung",
    "lesebestätigung",
    "vielen dank für ihre nachricht",
    "vielen dank für ihre anfrage",
    "vielen dank für ihre e-mail",
    "ihre anfrage ist eingegangen",
    // es
    "respuesta automática",
    "respuesta automatica",
    "fuera de la oficina",
    "fuera de oficina",
    "ausencia de oficina",
    "ausente de la oficina",
    "de vacaciones",
    "contestación automática",
    "autorespuesta",
    "mensaje automático",
    "ausencia:",
    "resposta automàtica",
    "hemos recibido su",
    "acuse de recibo",
    "gracias por contactar",
    "gracias por su mensaje",
    // it
    "risposta automatica",
    "fuori sede",
    "fuori ufficio",
    "assenza dall'ufficio",
    "assente dall'ufficio",
    "messaggio automatico",
    "in ferie",
    "risposta automat",
    "grazie per averci contattato",
    "abbiamo ricevuto",
    "conferma di ricezione",
    // nl
    "automatisch antwoord",
    "automatische reactie",
    "automatisch bericht",
    "afwezig",
    "afwezigheid",
    "afwezigheidsbericht",
    "niet aanwezig",
    "buiten kantoor",
    "niet op kantoor",
    "out of office",
    "ontvangstbevestiging",
    "bedankt voor uw bericht",
    "wij hebben uw bericht",
    "we hebben uw bericht",
    // pt
    "resposta automática",
    "resposta automatica",
    "ausência do escritório",
    "ausente do escritório",
    "fora do escritório",
    "ausência temporária",
    "resposta de ausência",
    "de férias",
    "mensagem automática",
    "recebemos a sua",
    "recebemos sua",
    "recebemos o seu",
    // pl
    "odpowiedź automatyczna",
    "odpowiedz automatyczna",
    "automatyczna odpowiedź",
    "autoodpowiedź",
    "poza biurem",
    "nieobecność",
    "nieobecny",
    "nieobecna",
    "wiadomość automatyczna",
    // sv, da, no
    "autosvar",
    "automatiskt svar",
    "automatisk svar",
    "frånvaro",
    "frånvarande",
    "ej på kontoret",
    "inte på kontoret",
    "semester",
    "fravær",
    "fraværende",
    "ikke på kontoret",
    "ikke til stede",
    "ikke til stede på kontoret",
    "automatisk besvarelse",
    "automatisk svar:",
    "fraværsmelding",
    "fraværsbesked",
    // cs, sk
    "automatická odpověď",
    "automaticka odpoved",
    "automatická odpoveď",
    "mimo kancelář",
    "nepřítomnost",
    "nepřítomen",
    "mimo kanceláriu",
    "neprítomnosť",
    "neprítomný",
    // ro
    "răspuns automat",
    "raspuns automat",
    "absent din birou",
    "în afara biroului",
    "mesaj automat",
    "plecat din birou",
    // fi
    "automaattinen vastaus",
    "poissa",
    "poissaolo",
    "poissaoloilmoitus",
    "automaattivastaus",
    "lomalla",
    // hu
    "automatikus válasz",
    "házon kívül",
    "távollét",
    "szabadság",
    "irodán kívül",
    "automatikus üzenet",
    // el
    "αυτόματη απάντηση",
    "εκτός γραφείου",
    "αυτόματο μήνυμα",
    "απουσία",
    // hr, sr, sl, bg
    "automatski odgovor",
    "automatska poruka",
    "izvan ureda",
    "odsutan",
    "odsutnost",
    "samodejni odgovor",
    "odsoten",
    "автоматичен отговор",
    "извън офиса",
    "отсъствие",
    // ru, uk
    "автоматический ответ",
    "автоответ",
    "вне офиса",
    "нет на месте",
    "отсутствую",
    "автоматична відповідь",
    "автоматичний відповідь",
    // tr
    "otomatik yanıt",
    "otomatik cevap",
    "ofis dışında",
    "ofis dışındayım",
    "izinde",
    // et, lv, lt
    "automaatvastus",
    "kontorist väljas",
    "automātiska atbilde",
    "automātiskā atbilde",
    "automatinis atsakymas",
    "nesu biure",
    // ja, zh, ko
    "自動応答",
    "自動返信",
    "不在通知",
    "不在のお知らせ",
    "自动回复",
    "自动答复",
    "自動回覆",
    "外出",
    "자동 회신",
    "자동 응답",
    "부재중",
];

/// Words with which Notes and others name the absent person first; they count where no tag of an answer stands before.
const ANYWHERE: &[&str] = &[
    "is out of the office",
    "is out of office",
    "is away from the office",
    "is on leave",
    "est absent(e)",
    "est absente du bureau",
    "est absent du bureau",
    "ist außer haus",
    "ist ausser haus",
    "ist nicht im büro",
    "no está en la oficina",
    "está ausente",
    "è fuori ufficio",
    "non è in ufficio",
    "is niet op kantoor",
    "is afwezig",
    "jest nieobecn",
    "är inte på kontoret",
    "er ikke på kontoret",
    "(out of office)",
];

/// Tags of gateways that stand before the subject itself.
const TAGS: &[&str] = &["external", "ext", "extern", "externe", "spam"];

/// The beginning that matched, if the subject is one of an automatic answer.
pub(super) fn automatic(subject: &str) -> Option<&'static str> {
    let lower = subject.to_lowercase().replace(['’', '\u{a0}'], "'");
    let bare = without_tags(&lower);
    SUBJECTS
        .iter()
        .find(|s| {
            bare.strip_prefix(**s).is_some_and(|rest| {
                let wide = !s.is_ascii() && s.chars().any(|c| c > '\u{3000}');
                wide || s.ends_with([':', '-']) || !rest.starts_with(char::is_alphabetic)
            })
        })
        .copied()
        .or_else(|| {
            let untagged = bare.len() == lower.trim_start().len();
            ANYWHERE
                .iter()
                .find(|s| untagged && lower.contains(**s))
                .copied()
        })
}

/// Whether the subject begins with a mark of an answer (`Re:` and the like, not of a forward).
pub(super) fn is_answer(subject: &str) -> bool {
    let mut rest = subject.trim_start();
    while let Some(shorter) = bracketed(rest) {
        rest = shorter.trim_start();
    }
    matches!(subject_mark(rest), Some((SubjectMark::Answer, _)))
}

fn without_tags(subject: &str) -> &str {
    let mut rest = subject.trim_start();
    for _ in 0..8 {
        let shorter = bracketed(rest).or_else(|| tagged(rest));
        match shorter {
            Some(s) => rest = s.trim_start(),
            None => break,
        }
    }
    rest
}

/// `[EXTERNAL]`, `[ticket 12]`, `(ext)`; up to 30 octets.
fn bracketed(text: &str) -> Option<&str> {
    let close = match text.chars().next()? {
        '[' => ']',
        '(' => ')',
        '*' => '*',
        _ => return None,
    };
    let end = text
        .char_indices()
        .skip(1)
        .take(30)
        .find(|(_, c)| *c == close)?
        .0;
    Some(&text[end + 1..])
}

fn tagged(text: &str) -> Option<&str> {
    if let Some((_, rest)) = subject_mark(text) {
        return Some(rest);
    }
    let (tag, rest) = text.split_once([':', '：'])?;
    TAGS.contains(&tag.trim_end()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::automatic;

    #[test]
    fn an_absence_is_seen_behind_tags_and_only_at_the_beginning() {
        for yes in [
            "Réponse automatique : Vos bureaux",
            "RE: [EXTERNAL] Automatic reply: hello",
            "AW: Abwesenheitsnotiz",
            "自动回复: x",
            "Re: Autosvar: x",
        ] {
            assert!(automatic(yes).is_some(), "{yes}");
        }
        for no in [
            "Re: votre réponse automatique",
            "Stop",
            "Re: Semesterticket?",
            "Automatic replyx",
            "Re: portes automatiques",
        ] {
            assert!(automatic(no).is_none(), "{no}");
        }
    }
}
