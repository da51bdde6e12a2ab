//! Letters that nobody receives: the samples for `quitus templates preview` and for checking templates when they are loaded.
//!
//! There is one of every shape that facts can have (known by name or not, in force or not yet, a processor or a controller
//! as provider), because a mistake in a template shows only in the shape that meets it. All names are invented, all
//! domains reserved (RFC 2606).

use super::facts::*;
use super::line::Line;
use super::part::Part;
use crate::record::{self, Language, RequestKind};
use jiff::civil::{Date, date};

/// Why, purpose, basis, retention, origin, authority, salutation, what was erased, what is kept, why, decisions.
type Words = [&'static str; 11];

/// A code as it looks.
const CODE: &str = "K7Q2-9MWD";

/// Why something takes longer, as a reviewer would write it.
fn because(language: Language) -> &'static str {
    match language {
        Language::Fr => {
            "vos données se trouvent dans plusieurs systèmes, qui doivent tous être consultés"
        }
        _ => "your data lie in several systems, all of which must be asked",
    }
}

#[rustfmt::skip]
const FR: Words = ["votre fonction de directrice marketing chez Exemple SARL, à laquelle s’adresse Relais, notre outil de relation client", "prospection commerciale auprès de professionnels", "intérêt légitime (article 6, paragraphe 1, point f, du RGPD)", "trois ans après votre dernier message", "la page d’équipe du site entreprise.example", "la CNIL", "Madame Dupont", "effacé le 23 novembre 2026", "vos factures", "la loi nous y oblige pendant dix ans", "aucune"];
#[rustfmt::skip]
const EN: Words = ["your role as marketing director at Example Ltd, for whom Relais, our customer relations tool, is made", "business-to-business marketing", "legitimate interest (Article 6(1)(f) GDPR)", "three years after your last message", "the team page of company.example", "the CNIL", "Ms Smith", "erased on 23 November 2026", "your invoices", "the law obliges us to for ten years", "none"];
#[rustfmt::skip]
const DE: Words = ["Ihre Funktion als Marketingleiterin der Beispiel GmbH, für die unser Werkzeug Relais gemacht ist", "Werbung gegenüber Unternehmen", "berechtigtes Interesse (Artikel 6 Absatz 1 Buchstabe f DSGVO)", "drei Jahre nach Ihrer letzten Nachricht", "Teamseite von firma.example", "die CNIL", "Frau Müller", "gelöscht am 23. November 2026", "ein Fingerabdruck Ihrer Adresse", "um Ihnen nicht mehr zu schreiben", "keine"];
#[rustfmt::skip]
const ES: Words = ["su cargo de directora de marketing en Ejemplo SL, a quien se dirige Relais, nuestra herramienta de relación con clientes", "prospección comercial entre profesionales", "interés legítimo (artículo 6, apartado 1, letra f, del RGPD)", "tres años desde su último mensaje", "la página del equipo de empresa.example", "la CNIL", "Sra. García", "suprimido el 23 de noviembre de 2026", "una huella de su dirección", "para no volver a escribirle", "ninguna"];
#[rustfmt::skip]
const IT: Words = ["il Suo ruolo di direttrice marketing presso Esempio Srl, a cui si rivolge Relais, il nostro strumento per le relazioni con i clienti", "comunicazioni commerciali tra professionisti", "legittimo interesse (articolo 6, paragrafo 1, lettera f, del GDPR)", "tre anni dal Suo ultimo messaggio", "la pagina del team di azienda.example", "la CNIL", "Signora Rossi", "cancellato il 23 novembre 2026", "un’impronta del Suo indirizzo", "per non scriverLe più", "nessuna"];
#[rustfmt::skip]
const NL: Words = ["uw functie van marketingdirecteur bij Voorbeeld BV, voor wie Relais, ons hulpmiddel voor klantrelaties, is gemaakt", "zakelijke reclame", "gerechtvaardigd belang (artikel 6, lid 1, onder f, AVG)", "drie jaar na uw laatste bericht", "de teampagina van bedrijf.example", "de CNIL", "mevrouw De Vries", "gewist op 23 november 2026", "een vingerafdruk van uw adres", "om u niet meer te schrijven", "geen"];
#[rustfmt::skip]
const PT: Words = ["a sua função de diretora de marketing na Exemplo Lda., a quem se dirige a Relais, a nossa ferramenta de relação com clientes", "prospeção comercial entre profissionais", "interesse legítimo (artigo 6.º, n.º 1, alínea f), do RGPD)", "três anos após a sua última mensagem", "a página da equipa de empresa.example", "a CNIL", "Senhora Silva", "apagado em 23 de novembro de 2026", "uma impressão digital do seu endereço", "para não voltar a escrever-lhe", "nenhuma"];

fn words(language: Language) -> &'static Words {
    match language {
        Language::Fr => &FR,
        Language::De => &DE,
        Language::Es => &ES,
        Language::It => &IT,
        Language::Nl => &NL,
        Language::Pt => &PT,
        _ => &EN,
    }
}

fn line(text: &str) -> Line {
    Line::new(text)
}

fn some(text: &str) -> Option<Line> {
    Some(Line::new(text))
}

const TODAY: Date = date(2026, 11, 23);

/// Facts with everything that facts can have: every list filled, every option known.
pub fn full(language: Language) -> LetterFacts {
    let w = words(language);
    LetterFacts {
        language,
        controller: controller(w),
        person: Person {
            salutation: some(w[6]),
            address: line("m.dupont@entreprise.example"),
        },
        case: Case {
            reference: line("Q-7F3K-92MD"),
            received_on: TODAY,
            due_on: Some(date(2026, 12, 21)),
        },
        requests: vec![
            RequestKind::Source,
            RequestKind::Access,
            RequestKind::Erasure,
        ],
        suppression: Some(Suppression::obeyed(
            record::Suppression::Suppressed,
            TODAY,
            vec![Channel::Email, Channel::Phone, Channel::Linkedin],
        )),
        origins: origins(w),
        providers: vec![provider("Dropcontact", ProviderRole::Controller)],
        processing: processing(w),
        copy: Some(copy(w)),
        erased: Some(erased(w)),
        identity: Some(IdentityCode {
            code: line(CODE),
            expires_on: date(2026, 12, 8),
        }),
        extension: Some(Extension {
            reason: line(because(language)),
            due_on: date(2027, 2, 23),
        }),
        apology: Some(Apology {
            mails: vec![date(2026, 11, 16), date(2026, 11, 17)],
            asked: true,
        }),
        thread: Thread {
            subject: line("Re: Relais"),
        },
    }
}

fn controller(w: &Words) -> Controller {
    Controller {
        name: line("Relais"),
        legal_name: line("Relais SAS"),
        address: line("12 rue de la Paix, 75002 Paris, France"),
        privacy_email: line("privacy@relais.example"),
        dpo: some("dpo@relais.example"),
        website: some("relais.example"),
        signatory: some("Camille Martin"),
        team: some("Relais"),
        authority: line(w[5]),
    }
}

fn provider(name: &str, role: ProviderRole) -> Provider {
    Provider {
        name: line(name),
        contact: some("data@dropcontact.example"),
        role,
    }
}

fn origins(w: &Words) -> Vec<Origin> {
    vec![
        Origin {
            data: vec![line("email")],
            provider: some("Dropcontact"),
            from: None,
            date: Some(date(2026, 3, 1)),
            until: None,
            public: Some(false),
        },
        Origin {
            data: ["name", "role", "firm"].map(line).to_vec(),
            provider: None,
            from: some(w[4]),
            date: Some(date(2026, 2, 26)),
            until: None,
            public: Some(true),
        },
    ]
}

fn processing(w: &Words) -> Processing {
    Processing {
        why: some(w[0]),
        product: some("Relais"),
        purpose: some(w[1]),
        basis: some(w[2]),
        categories: ["name", "email", "role", "firm"].map(line).to_vec(),
        recipients: Some(vec![line("HubSpot"), line("Dropcontact")]),
        retention: some(w[3]),
        transfers: some("HubSpot Inc. (EU-US Data Privacy Framework)"),
        decisions: some(w[10]),
    }
}

fn copy(w: &Words) -> Copy {
    let field = |label: &str, value: &str| Field {
        label: line(label),
        value: line(value),
    };
    Copy {
        fields: vec![
            field("name", w[6]),
            field("email", "m.dupont@entreprise.example"),
            field("segment", "B2B <100"),
        ],
        mails: vec![PastMail {
            date: date(2026, 11, 16),
            subject: some("Relais & vous"),
        }],
        systems: vec![SystemState {
            name: line("HubSpot"),
            state: line("OK"),
        }],
    }
}

fn erased(w: &Words) -> Erased {
    Erased {
        systems: vec![SystemState {
            name: line("HubSpot"),
            state: line(w[7]),
        }],
        kept: vec![Kept {
            what: line(w[8]),
            why: line(w[9]),
        }],
        told: vec![
            ToldRecipient {
                name: line("Dropcontact"),
                told_on: Some(date(2026, 11, 23)),
                acknowledged_on: Some(date(2026, 11, 24)),
                state: None,
            },
            ToldRecipient {
                name: line("Kaspr"),
                told_on: Some(date(2026, 11, 23)),
                acknowledged_on: None,
                state: Some(line(w[7])),
            },
        ],
        backups_expire: Some(date(2026, 12, 23)),
    }
}

/// The facts that `quitus templates preview` shows a letter with: a plain prospect, known by name, one request.
pub fn sample_facts(language: Language, part: Part) -> LetterFacts {
    let mut facts = full(language);
    facts.requests = match part {
        Part::Stop => vec![RequestKind::Stop],
        Part::Source => vec![RequestKind::Source],
        Part::Acknowledgement | Part::Access | Part::Identity | Part::Extension => {
            vec![RequestKind::Access]
        }
        Part::Erasure => vec![RequestKind::Erasure],
        Part::Apology => Vec::new(),
    };
    facts
}

/// The same with nothing that a letter of these parts can do without.
fn bare(language: Language) -> LetterFacts {
    let mut f = full(language);
    f.person.salutation = None;
    f.controller.dpo = None;
    f.controller.website = None;
    f.controller.team = None;
    f.controller.signatory = None;
    f.providers.clear();
    f.processing.transfers = None;
    f.processing.product = None;
    f.processing.recipients = Some(Vec::new());
    f.suppression = Some(Suppression::on_its_way(
        record::Suppression::Suppressed,
        TODAY,
    ));
    f.thread.subject = Line::default();
    f.apology = Some(Apology {
        mails: vec![date(2026, 11, 16)],
        asked: false,
    });
    for origin in &mut f.origins {
        origin.public = None;
    }
    f.copy = Some(Copy {
        // A mail whose subject nobody knows.
        mails: vec![PastMail {
            date: date(2026, 11, 16),
            subject: None,
        }],
        ..Copy::default()
    });
    f.erased = Some(Erased {
        systems: f.erased.take().map(|e| e.systems).unwrap_or_default(),
        ..Erased::default()
    });
    f
}

/// Every letter that is tried when templates are loaded.
pub fn every_shape(language: Language) -> Vec<(Vec<Part>, LetterFacts)> {
    let mut paused = full(language);
    paused.suppression = Some(Suppression::obeyed(
        record::Suppression::Paused,
        TODAY,
        vec![Channel::Email],
    ));
    paused.providers = vec![provider("Dropcontact", ProviderRole::Processor)];
    let mut untouched = full(language);
    untouched.suppression = None;
    let shapes = [full(language), bare(language), paused, untouched];
    let several = [
        vec![Part::Stop, Part::Source],
        vec![Part::Stop, Part::Source, Part::Acknowledgement],
        vec![Part::Source, Part::Access, Part::Erasure],
        vec![Part::Stop, Part::Erasure],
    ];
    let alone = Part::ALL.map(|p| vec![p]);
    let all: Vec<Vec<Part>> = alone.into_iter().chain(several).collect();
    let mut tried = Vec::new();
    for facts in shapes {
        for parts in &all {
            if parts.iter().all(|p| p.missing(&facts).is_empty()) {
                tried.push((parts.clone(), facts.clone()));
            }
        }
    }
    // A copy tells what is known of a source, also where nobody noted the day.
    let mut undated = full(language);
    undated.origins.iter_mut().for_each(|o| o.date = None);
    tried.push((vec![Part::Access], undated));
    // Data that were collected on several days, of which a letter must state the last, too.
    let mut spanned = full(language);
    let last = Some(date(2026, 3, 12));
    spanned.origins.iter_mut().for_each(|o| o.until = last);
    tried.push((vec![Part::Source], spanned));
    tried
}
