//! Whether a line speaks, as no visiting card, no rule and no footer does: its words of speech, and whether it asks for oneself.
//!
//! The words only keep a line typed that would be taken for furniture; what is asked the lexicons say. So they are few, without
//! grammar, and of all languages at once: a word too many leaves a motto typed, a word too few loses a "take me off your list".

use super::lines::plain_form;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The writer, who speaks of themselves.
const ME: &str = "\
    i me my mine myself je moi mon mes ich mich mir mein meine meiner meinen meinem meines yo mi mis mí conmigo io mio mia \
    miei mie ho ik mij mijn eu mim meu minha meus minhas mnie mój moja moje moich mną jag mig mitt mina jeg meg mit minä minua \
    minut minun minulle tietoni osoitteeni mě mne mně můj mou mňa moju môj mojej mojich moji engem nekem adataimat címemet rólam \
    mă mie mea mele îmi μου εμένα εγώ аз ме ми мен мой моя моите моят я мне меня мои моих mene meni moj mojih ben beni bana benim \
    jo em meva meves meus";

/// The same in the plural, as a firm speaks.
const US: &str = "us nous uns unser unsere unserer unseren nos ons noi ci nas nás nam nám oss os meitä minket нас";

/// What else only somebody says who speaks: to whom, politely, that not.
const SPEECH: &str = "\
    you your please not don't does doesn't is are was were have has had can could will would want wish any anymore never again \
    this that these vous votre vos merci veuillez svp stp ne pas plus jamais est sont suis avez avons souhaite veux sie ihr ihre \
    ihren ihrem ihrer bitte nicht kein keine keinen nie mehr ist sind habe haben hat wir wurde wurden möchte möchten usted ustedes \
    favor ruego solicito quiero deseo sé han estoy vi vostra vostro vostri vostre prego non più avete vorrei desidero u uw graag \
    niet geen wil verzoek meer gelieve você vocês vossa vosso vossos não peço quero desejo por proszę prosze nie państwa waszej \
    państwu już więcej vänligen inte längre venligst vennligst ikke jer jeres dere deres lenger længere älkää olkaa \
    enää prosím vás vaši vašeho vašich nechci už nechcem vaše kérem kérjük nem többet önök vă rog nu dumneavoastră παρακαλώ μην \
    δεν σας πλέον molim molimo vas više моля не ви вашия повече прошу пожалуйста вы вас ваш вашей больше lütfen bir daha";

/// What somebody asks who wants to be let alone; five letters and more are the beginning of a word.
const ASKS: &str = "\
    unsubscribe unsubscribing remove removed delete erase stop désinscri desinscri désabonn desabonn supprim retire \
    enlever enlevez efface cesser cessez radier radiez stopper stoppen stoppt abmeld abbestell lösch lösche löschen entfern austrag \
    baja borre borren borrar suprim elimin quite quiten dejen dejar cancell disiscri rimuov togli toglietemi smett basta uitschrijv \
    verwijder afmeld stopt remova removam remover apagu apagar pare parem usuń usuńc usunąć wypis skasu avregistrera radera sluta \
    slet slett fjern afmeld avmeld stopp poista lopett odhlas odhlás vymaz vymaž smazat smažte odstra vyřaď vyřadit přestaň prestaň töröl \
    leirat hagyj șterge sterge dezabon διαγρ σταματ αφαιρ izbriš odjav uklon prestan изтри отпиш премах спрете удали прекрат стоп \
    silin siliniz çıkar durdur off bort ôtez sortez raus sáquen saquen tirem haal schrap";

/// Of a footer that offers to let one alone, of a link, of an excuse for haste: nobody asks in these words.
const OFFERS: &[&str] = &[
    "click",
    "clic aq",
    "clicca",
    "cliqu",
    "klick",
    "klik",
    "want to receive",
    "wish to receive these",
    "receive these",
    "if you no longer",
    "if you don't",
    "if you do not",
    "if you would",
    "if you wish",
    "if you prefer",
    "to unsubscribe",
    "to stop receiving",
    "at any time",
    "if you are not",
    "by mistake",
    "in error",
    "opinions",
    "si vous ne",
    "si vous souhaitez",
    "vous ne voulez plus",
    "vous ne souhaitez plus",
    "vous pouvez",
    "pour vous dés",
    "pour se dés",
    "pour ne plus",
    "à tout moment",
    "par erreur",
    "wenn sie",
    "falls sie",
    "sollten sie",
    "um sich ",
    "irrtümlich",
    "jederzeit",
    "si no desea",
    "si ya no",
    "para darse",
    "para no recibir",
    "para dejar de",
    "por error",
    "en cualquier momento",
    "se non ",
    "se vuole",
    "per cancellar",
    "per non ricevere",
    "per errore",
    "in qualsiasi momento",
    "als u ",
    "te allen tijde",
    "se não ",
    "se deseja",
    "para deixar",
    "por engano",
    "a qualquer momento",
    "jeśli ",
    "w każdej chwili",
    "przez pomyłkę",
    "brevity",
    "brièveté",
    "kürze",
    "brevedad",
    "brevità",
];

static MES: LazyLock<HashSet<&str>> = LazyLock::new(|| set(ME));
static USES: LazyLock<HashSet<&str>> = LazyLock::new(|| set(US));
static SPOKEN: LazyLock<HashSet<&str>> = LazyLock::new(|| set(SPEECH));
static ASKED: LazyLock<HashSet<&str>> = LazyLock::new(|| set(ASKS));

fn set(words: &'static str) -> HashSet<&'static str> {
    words.split_whitespace().collect()
}

/// Octets of a text that are looked at.
const SEEN: usize = 2000;

/// What the words of a text say.
#[derive(Default)]
struct Said {
    words: usize,
    /// Words of speech, those that ask among them.
    spoken: usize,
    /// The first word is one.
    opens: bool,
    me: bool,
    us: bool,
    asks: bool,
}

fn said(text: &str) -> Said {
    let shouted = !text.contains(char::is_lowercase);
    let plain = text[..text.floor_char_boundary(SEEN)].replace('’', "'");
    let mut said = Said::default();
    let words = plain.split(|c: char| !c.is_alphanumeric() && c != '\'');
    for word in words.filter(|w| !w.is_empty()) {
        // "Mine" and "Silva" within a line are names.
        let capital = word.starts_with(char::is_uppercase) && word.chars().count() > 1;
        let named = said.words > 0 && !shouted && capital;
        said.words += 1;
        let word = word.to_lowercase();
        let word = word.trim_matches('\'');
        let (head, tail) = word.split_once('\'').unwrap_or((word, ""));
        let short = !tail.is_empty();
        let me = MES.contains(head) || (short && matches!(head, "m" | "j" | "i"));
        let us = USES.contains(head);
        let asks = !named && (asks(word) || (short && asks(tail)));
        said.me |= me;
        said.us |= us;
        said.asks |= asks;
        let spoken = me || us || asks || SPOKEN.contains(word) || (short && head == "n");
        said.spoken += usize::from(spoken && !named);
        said.opens |= spoken && said.words == 1;
    }
    said
}

/// Whether a word, in lower case, asks to be let alone.
fn asks(word: &str) -> bool {
    let mut stems = word.char_indices().skip(5).take(8);
    ASKED.contains(word) || stems.any(|(n, _)| ASKED.contains(&word[..n]))
}

/// Whether somebody speaks of themselves in it: "my data", "erase me".
pub(super) fn of_oneself(text: &str) -> bool {
    said(text).me
}

/// The same, or a firm that speaks of itself.
pub(super) fn of_us(text: &str) -> bool {
    let said = said(text);
    said.me || said.us
}

/// Whether somebody asks in it to be let alone, and it is no footer that offers it.
pub(super) fn asks_for_oneself(text: &str) -> bool {
    let said = said(text);
    said.asks && (said.me || said.us) && said.words >= 3 && !offers(text)
}

/// "unsubscribe", "STOP please": a line that says nothing else.
pub(super) fn asks_barely(text: &str) -> bool {
    let said = said(text);
    said.asks && said.words <= 4 && said.spoken == said.words && !is_field(text)
}

/// Whether a line is an answer and not the end of a line of somebody else's: "non, retirez-moi", "stop please".
pub(super) fn answers(text: &str) -> bool {
    let said = said(text);
    let plain = text.to_lowercase();
    let mut words = plain.split(|c: char| !c.is_alphanumeric());
    let first = words.clone().find(|w| !w.is_empty()).unwrap_or("");
    let stands_apart = |rest: &str| rest.starts_with([',', '.', '!']);
    let rest = plain.trim_start().strip_prefix(first);
    let yes_or_no = YES_OR_NO.contains(&first) && rest.is_some_and(stands_apart);
    let politely = said.asks && said.words <= 4 && words.any(|w| POLITE.contains(&w));
    asks_for_oneself(text) || yes_or_no || politely
}

const YES_OR_NO: &[&str] = &[
    "no", "non", "nein", "nee", "nei", "nej", "não", "nie", "ne", "oui", "yes", "ja", "sí", "si",
    "sim",
];

const POLITE: &[&str] = &[
    "please", "pls", "svp", "stp", "merci", "bitte", "favor", "thanks",
];

pub(super) fn is_question(text: &str) -> bool {
    text.trim_end().ends_with('?')
}

/// A sentence, not a line of a visiting card.
pub(super) fn is_sentence(text: &str) -> bool {
    let text = text.trim();
    let words = text.split_whitespace().count();
    let card = text.contains(['@', '|']);
    let ended = text.ends_with(['.', '?', '!', '…']) && words >= 4;
    is_question(text)
        || (!card && (ended || words >= 12))
        || is_postscript(text)
        || is_unended(text)
}

fn is_postscript(text: &str) -> bool {
    let lower = text.to_lowercase();
    let marks = ["ps", "p.s", "nb", "n.b", "p.-s", "post scriptum"];
    marks.iter().any(|mark| {
        let rest = lower.strip_prefix(mark);
        rest.is_some_and(|r| r.starts_with([' ', ':', '.', '-']))
    })
}

/// Typed without a full stop at its end: "merci de me retirer de votre liste".
fn is_unended(text: &str) -> bool {
    let said = said(text);
    let enough = said.words >= 4 && (said.spoken >= 2 || said.asks);
    if !enough || offers(text) {
        return asks_barely(text);
    }
    let request = said.asks && (said.me || said.us || said.opens);
    !is_field(text) || (request && !text.contains(['|', '•']))
}

/// Whether a line that begins with a name goes on to say something: "Jane Doe does not wish to receive your mails".
pub(super) fn is_more_than_a_name(text: &str) -> bool {
    let said = said(text);
    is_question(text) || (said.words >= 6 && said.spoken >= 2 && !offers(text))
}

/// Signs of a field of a card, of a link or a list of links.
fn is_field(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 6
        || text.contains(['@', '|', '•', '·'])
        || text.contains("www.")
        || text.contains("http")
}

fn offers(text: &str) -> bool {
    let plain = plain_form(text);
    OFFERS.iter().any(|o| plain.contains(o))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_oneself_speaks_and_a_card_or_a_footer_does_not() {
        for typed in [
            "merci de me retirer de votre liste",
            "Merci de supprimer mon adresse de vos fichiers",
            "please unsubscribe me",
            "PLEASE REMOVE ME",
            "Ta bort mig från listan",
        ] {
            assert!(is_sentence(typed), "{typed}");
        }
        for furniture in [
            "Directeur commercial",
            "Head of Sales and Marketing",
            "Silva Logística Lda",
            "Your partner in logistics",
            "Tel. 01 23 45 67 89, www.acme.example",
            "Unsubscribe | Manage preferences",
            "Aanwezig: ma, di, do",
        ] {
            assert!(!is_sentence(furniture), "{furniture}");
        }
        for footer in [
            "Click here to unsubscribe from my letter",
            "If you no longer wish to hear from us, unsubscribe",
            "Please excuse my brevity",
            "If you are not the addressee, stop, delete it and call us",
        ] {
            assert!(!asks_for_oneself(footer), "{footer}");
        }
    }

    #[test]
    fn the_end_of_a_line_of_ours_is_no_answer() {
        for answer in ["stop svp", "non, retirez-moi de la liste", "no."] {
            assert!(answers(answer), "{answer}");
        }
        for torn in ["we propose", "unsubscribe here", "no matter how", "stop"] {
            assert!(!answers(torn), "{torn}");
        }
    }
}
