//! The pages of the one click, in the reader's language: one sentence, one button, no script, nothing from elsewhere.

use crate::record::Language;
use crate::service::Office;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What is to be said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Say {
    /// A button, and what it does.
    Ask,
    /// It is done.
    Done,
    /// The link was good once.
    Expired,
    /// It is none of ours.
    Unknown,
    /// Nothing could be written down.
    Trouble,
    /// Too many from one place.
    TooMany,
}

/// The sentences of a language; `{firm}` and `{contact}` are filled in.
struct Words {
    language: Language,
    code: &'static str,
    title: &'static str,
    ask: &'static str,
    button: &'static str,
    done: &'static str,
    expired: &'static str,
    unknown: &'static str,
    trouble: &'static str,
    too_many: &'static str,
}

const WORDS: [Words; 7] = [
    Words {
        language: Language::Fr,
        code: "fr",
        title: "Ne plus recevoir nos messages",
        ask: "Un clic, et {firm} ne vous enverra plus de prospection.",
        button: "Ne plus m’écrire",
        done: "C’est fait : {firm} ne vous enverra plus de prospection. Un message déjà parti peut encore arriver.",
        expired: "Ce lien a expiré, et rien n’a été fait. Écrivez à {contact} : le mot STOP suffit.",
        unknown: "Ce lien n’est pas valable, et rien n’a été fait : il est peut-être coupé. Écrivez à {contact} : le mot STOP suffit.",
        trouble: "Votre demande n’a pas pu être traitée jusqu’au bout. Réessayez dans quelques minutes, ou écrivez à {contact}.",
        too_many: "Trop de demandes à la fois. Réessayez dans une minute, ou écrivez à {contact}.",
    },
    Words {
        language: Language::En,
        code: "en",
        title: "No more messages from us",
        ask: "One click, and {firm} will send you no more prospecting.",
        button: "Stop writing to me",
        done: "Done: {firm} will send you no more prospecting. A message already on its way may still arrive.",
        expired: "This link has expired, and nothing was done. Write to {contact}: the word STOP is enough.",
        unknown: "This link is not valid, and nothing was done: it may have been cut short. Write to {contact}: the word STOP is enough.",
        trouble: "Your request could not be carried out to its end. Try again in a few minutes, or write to {contact}.",
        too_many: "Too many requests at once. Try again in a minute, or write to {contact}.",
    },
    Words {
        language: Language::De,
        code: "de",
        title: "Keine Nachrichten mehr von uns",
        ask: "Ein Klick, und {firm} sendet Ihnen keine Werbung mehr.",
        button: "Nicht mehr anschreiben",
        done: "Erledigt: {firm} sendet Ihnen keine Werbung mehr. Eine Nachricht, die schon unterwegs ist, kann noch ankommen.",
        expired: "Dieser Link ist abgelaufen, es wurde nichts getan. Schreiben Sie an {contact}: das Wort STOP genügt.",
        unknown: "Dieser Link ist nicht gültig, es wurde nichts getan: vielleicht ist er abgeschnitten. Schreiben Sie an {contact}: das Wort STOP genügt.",
        trouble: "Ihre Bitte konnte nicht vollständig ausgeführt werden. Versuchen Sie es in einigen Minuten noch einmal, oder schreiben Sie an {contact}.",
        too_many: "Zu viele Anfragen auf einmal. Versuchen Sie es in einer Minute noch einmal, oder schreiben Sie an {contact}.",
    },
    Words {
        language: Language::Es,
        code: "es",
        title: "No recibir más mensajes nuestros",
        ask: "Un clic y {firm} no le enviará más publicidad.",
        button: "No me escriban más",
        done: "Hecho: {firm} no le enviará más publicidad. Un mensaje que ya ha salido aún puede llegar.",
        expired: "Este enlace ha caducado y no se ha hecho nada. Escriba a {contact}: basta la palabra STOP.",
        unknown: "Este enlace no es válido y no se ha hecho nada: quizá esté cortado. Escriba a {contact}: basta la palabra STOP.",
        trouble: "No se ha podido completar su solicitud. Inténtelo de nuevo dentro de unos minutos o escriba a {contact}.",
        too_many: "Demasiadas solicitudes a la vez. Inténtelo de nuevo dentro de un minuto o escriba a {contact}.",
    },
    Words {
        language: Language::It,
        code: "it",
        title: "Non ricevere più i nostri messaggi",
        ask: "Un clic e {firm} non Le invierà più pubblicità.",
        button: "Non scrivetemi più",
        done: "Fatto: {firm} non Le invierà più pubblicità. Un messaggio già partito può ancora arrivare.",
        expired: "Questo link è scaduto e non è stato fatto nulla. Scriva a {contact}: basta la parola STOP.",
        unknown: "Questo link non è valido e non è stato fatto nulla: forse è tagliato. Scriva a {contact}: basta la parola STOP.",
        trouble: "Non è stato possibile completare la Sua richiesta. Riprovi tra qualche minuto o scriva a {contact}.",
        too_many: "Troppe richieste insieme. Riprovi tra un minuto o scriva a {contact}.",
    },
    Words {
        language: Language::Nl,
        code: "nl",
        title: "Geen berichten meer van ons",
        ask: "Eén klik, en {firm} stuurt u geen reclame meer.",
        button: "Schrijf mij niet meer",
        done: "Gedaan: {firm} stuurt u geen reclame meer. Een bericht dat al onderweg is, kan nog aankomen.",
        expired: "Deze link is verlopen, en er is niets gedaan. Schrijf naar {contact}: het woord STOP volstaat.",
        unknown: "Deze link is niet geldig, en er is niets gedaan: misschien is hij afgebroken. Schrijf naar {contact}: het woord STOP volstaat.",
        trouble: "Uw verzoek kon niet volledig worden uitgevoerd. Probeer het over enkele minuten opnieuw, of schrijf naar {contact}.",
        too_many: "Te veel verzoeken tegelijk. Probeer het over een minuut opnieuw, of schrijf naar {contact}.",
    },
    Words {
        language: Language::Pt,
        code: "pt",
        title: "Não receber mais mensagens nossas",
        ask: "Um clique e {firm} não lhe enviará mais publicidade.",
        button: "Não me escrevam mais",
        done: "Feito: {firm} não lhe enviará mais publicidade. Uma mensagem que já partiu ainda pode chegar.",
        expired: "Esta ligação expirou e nada foi feito. Escreva para {contact}: basta a palavra STOP.",
        unknown: "Esta ligação não é válida e nada foi feito: talvez esteja cortada. Escreva para {contact}: basta a palavra STOP.",
        trouble: "Não foi possível concluir o seu pedido. Tente de novo dentro de alguns minutos ou escreva para {contact}.",
        too_many: "Demasiados pedidos de uma vez. Tente de novo dentro de um minuto ou escreva para {contact}.",
    },
];

const STYLE: &str = "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.25rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.5rem}button{font:inherit;padding:.7rem 1.3rem;border:0;border-radius:.4rem;background:#14507a;color:#fff;cursor:pointer}\
button:focus-visible{outline:3px solid #e08a00;outline-offset:3px}";

/// A page for one reader.
pub(super) struct Page {
    words: &'static Words,
    firm: String,
    contact: String,
}

impl Page {
    /// In the language that the browser prefers, else the firm's own.
    pub(super) fn of(office: &Office, headers: &HeaderMap) -> Self {
        let house = office.house.load();
        let wanted = headers.get(header::ACCEPT_LANGUAGE);
        let wanted = wanted.and_then(|v| v.to_str().ok()).and_then(preferred);
        let own = house.config.policy.settings.default_language;
        let of = |language: Language| WORDS.iter().find(|w| w.language == language);
        let controller = &house.config.controller;
        Self {
            words: wanted.or_else(|| of(own)).unwrap_or(&WORDS[1]),
            firm: controller.name.clone(),
            contact: controller.privacy_email.as_str().to_owned(),
        }
    }

    /// The page, which nobody keeps, frames or tells where it was.
    pub(super) fn say(&self, what: Say, status: StatusCode) -> Response {
        let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            (header::CONTENT_LANGUAGE, self.words.code.to_owned()),
            (header::CACHE_CONTROL, "no-store".to_owned()),
            (header::REFERRER_POLICY, "no-referrer".to_owned()),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            (header::VARY, "Accept-Language".to_owned()),
        ];
        (status, headers, self.html(what)).into_response()
    }

    fn html(&self, what: Say) -> String {
        let words = self.words;
        let sentence = match what {
            Say::Ask => words.ask,
            Say::Done => words.done,
            Say::Expired => words.expired,
            Say::Unknown => words.unknown,
            Say::Trouble => words.trouble,
            Say::TooMany => words.too_many,
        };
        let sentence = sentence
            .replace("{firm}", &escaped(&self.firm))
            .replace("{contact}", &escaped(&self.contact));
        let button = match what {
            // Without an action the form goes to the page's own address.
            Say::Ask => format!(
                "<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\"><button>{}</button></form>",
                words.button
            ),
            _ => String::new(),
        };
        let (code, title) = (words.code, words.title);
        format!(
            "<!doctype html>\n<html lang=\"{code}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1><p>{sentence}</p>{button}</main></body></html>\n"
        )
    }
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}

/// The language of ours that an Accept-Language prefers (RFC 9110, section 12.5.4); the first of equals.
fn preferred(header: &str) -> Option<&'static Words> {
    let mut best: Option<(f32, &'static Words)> = None;
    for part in header.split(',').take(32) {
        let (range, parameters) = part.split_once(';').unwrap_or((part, ""));
        let code = range.trim().split('-').next().unwrap_or_default();
        let weight = parameters.trim().strip_prefix("q=");
        let weight = weight.map_or(Some(1.0), |q| q.trim().parse::<f32>().ok());
        let known = WORDS.iter().find(|w| w.code.eq_ignore_ascii_case(code));
        let (Some(weight), Some(words)) = (weight, known) else {
            continue;
        };
        if weight > 0.0 && best.is_none_or(|(before, _)| weight > before) {
            best = Some((weight, words));
        }
    }
    best.map(|(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_chooses_the_language() {
        let code = |header: &str| preferred(header).map(|w| w.code);
        assert_eq!(code("de-AT,de;q=0.9,en;q=0.8"), Some("de"));
        assert_eq!(code("sv, en;q=0.4, PT-br;q=0.7"), Some("pt"));
        assert_eq!(code("fr;q=0, *"), None);
        assert_eq!(code("🦀;q=x,,;"), None);
    }

    #[test]
    fn a_page_runs_nothing_and_loads_nothing() {
        let page = Page {
            words: &WORDS[0],
            firm: "<Dupont & Cie>".into(),
            contact: "privacy@firm.example".into(),
        };
        for what in [
            Say::Ask,
            Say::Done,
            Say::Expired,
            Say::Unknown,
            Say::Trouble,
            Say::TooMany,
        ] {
            let html = page.html(what);
            assert!(!html.contains("{") || html.contains(STYLE));
            for bad in [
                "<script",
                "http:",
                "https:",
                "src=",
                "<Dupont",
                "{firm}",
                "{contact}",
            ] {
                assert!(!html.contains(bad), "{bad} in {html}");
            }
            assert_eq!(html.contains("<button>"), what == Say::Ask);
        }
    }
}
