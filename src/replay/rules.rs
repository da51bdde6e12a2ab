//! Why a message would wait for a human, in a sentence of the report's language.
//!
//! English has the sentences of the log already (`request::rule`); French has those that a replay can meet.

use super::tongue::Tongue;
use crate::record::RuleId;
use crate::request::rule;

/// The rule's sentence; its id where nobody wrote one.
pub fn why(tongue: Tongue, id: &str) -> String {
    let english = || rule::explain(&RuleId(id.to_owned().into())).map(str::to_owned);
    let said = match tongue {
        Tongue::En => english(),
        Tongue::Fr => french(id).map(str::to_owned).or_else(english),
    };
    said.unwrap_or_else(|| id.to_owned())
}

fn french(id: &str) -> Option<&'static str> {
    if id.starts_with("I.human.") {
        return Some("Le lecteur a trouvé quelque chose qu'une personne doit voir.");
    }
    let mut id = id;
    loop {
        if let Some((_, said)) = FRENCH.iter().find(|(known, _)| *known == id) {
            return Some(said);
        }
        id = &id[..id.rfind('.')?];
    }
}

const FRENCH: &[(&str, &str)] = &[
    (
        "A2",
        "Un message d'erreur, ou l'adresse a renvoyé un mail dans les 60 derniers jours.",
    ),
    ("A3", "Un message automatique qui contient une demande."),
    ("A5", "Il n'est pas sûr qu'une personne l'ait écrit."),
    (
        "A5.dmarc",
        "Le domaine de l'expéditeur le désavoue (DMARC) : il est peut-être falsifié.",
    ),
    ("A5.junk", "Il se trouvait dans les indésirables."),
    (
        "A5.repeated",
        "Les mêmes mots du même expéditeur, une minute après notre lettre : peut-être un robot.",
    ),
    ("A6", "Il ne nous est pas adressé."),
    (
        "A7",
        "Plus de lettres automatiques que la limite n'en permet.",
    ),
    (
        "A8",
        "Pas de modèle dans cette langue, des mots hors du texte frais, ou pas assez sûr.",
    ),
    (
        "A9",
        "Un collègue a déjà répondu à la main : la réponse est-elle complète ?",
    ),
    (
        "A10",
        "Pas un simple prospect, ou le registre ne permet pas de lettre automatique.",
    ),
    (
        "B3",
        "L'expéditeur n'est pas connu : il est obéi, et une personne cherche qui il est.",
    ),
    ("B4", "D'autres personnes ou adresses sont nommées."),
    ("B5", "Quelqu'un a parlé pour toute son entreprise."),
    ("B6", "L'un de nous l'a écrit ou transféré."),
    (
        "B8",
        "Qui demande n'est pas assez prouvé pour des données personnelles (il n'y a pas encore de registre).",
    ),
    ("B9", "L'expéditeur n'est pas la personne concernée."),
    (
        "B10",
        "Un décès, une maladie ou un départ : jamais de lettre automatique.",
    ),
    ("C2", "Le même message encore une fois."),
    (
        "D.again",
        "La personne demande après une opposition : a-t-elle reçu un mail depuis ?",
    ),
    (
        "D.contradiction",
        "Il contredit la demande en cours, ou demande autre chose.",
    ),
    (
        "I.unsure",
        "Quelque chose est peut-être demandé, mais quoi n'est pas clair.",
    ),
    (
        "I.kind",
        "Ce genre de demande est toujours décidé par une personne.",
    ),
    (
        "P.review",
        "Les lettres de ce genre sont relues par une personne.",
    ),
    (
        "P.systems",
        "Tous les systèmes qui détiennent des données n'ont pas répondu.",
    ),
    (
        "P.source",
        "Le registre ne prouve pas l'origine de chaque donnée.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_french_sentence_belongs_to_a_rule_of_the_log() {
        for (id, said) in FRENCH {
            let english = rule::explain(&RuleId::of(id));
            assert!(english.is_some(), "{id} is no rule");
            assert_eq!(why(Tongue::Fr, id), *said);
        }
        assert_eq!(
            why(Tongue::En, "B3.x"),
            rule::explain(&RuleId::of("B3")).unwrap_or_default()
        );
    }
}
