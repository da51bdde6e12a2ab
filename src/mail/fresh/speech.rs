//! Whether a line speaks, as no visiting card, no rule and no footer does: its words of speech, and whether it asks for oneself.
//!
//! The words only keep a line typed that would be taken for furniture; what is asked the lexicons say. So they are few, without
//! grammar, and of all languages at once: a word too many leaves a motto typed, a word too few loses a "take me off your list".

use super::lines::plain_form;
use super::words::{AFTER_I, IFS, OFFERS};
use std::collections::HashSet;
use std::sync::LazyLock;

/// The writer, who speaks of themselves. What is an "in", "the" or "with" of a neighbouring language is none of these words: of
/// all that a banner or a disclaimer says, none may be among them.
const ME: &str = "\
    me my mine myself je moi mon mes ich mich mir mein meine meiner meinen meinem meines yo mi mis mí conmigo io mio mia \
    miei mie ik mij mijn eu mim meu minha meus minhas mnie mój moja moje moich mną jag mig mitt mina min jeg meg minä minua \
    minut minun minulle tietoni osoitteeni mě mne mně můj mou mňa moju môj mojej mojich moji engem nekem adataimat címemet rólam \
    mă mea mele îmi μου εμένα εγώ аз ме ми мен мой моя моите моят я мне меня мои моих mene meni moj mojih ben beni bana benim \
    meva meves meus";

/// Of these, what says something else in Hungarian ("what", and half of a verb), and letters by which that is known.
const NOT_IN_HUNGARIAN: &[(&str, &[char])] = &[
    ("mi", &['ő', 'ű']),
    ("meg", &['á', 'í', 'ó', 'ö', 'ü', 'ő', 'ű']),
];

/// The writer in the plural, as a firm speaks.
const US: &str = "\
    us nous uns unser unsere unserer unseren ons noi nás nam nám oss meitä meidät minket bizi нас";

/// The same in words that elsewhere are an "in the" or a "there": only right beside what asks.
const US_BESIDE: &[&str] = &["nos", "nas", "ci", "μας", "ни"];

/// What may stand between what asks and who does: "löschen Sie uns", "ons te verwijderen".
const FILLERS: &[&str] = &["sie", "bitte", "te", "zu"];

/// Behind these, and nowhere else, "os" and "mit" are Danish.
const DANISH: &[&str] = &["slet", "slett", "fjern", "afmeld", "stop"];

/// What else only somebody says who speaks: to whom, politely, that not.
const SPEECH: &str = "\
    you your please not don't does doesn't is are was were have has had can could will would want wish any anymore never again \
    this that these vous votre vos merci veuillez svp stp ne pas plus jamais est sont suis avez avons souhaite veux sie ihr ihre \
    ihren ihrem ihrer bitte nicht kein keine keinen nie mehr ist sind habe haben hat wir wurde wurden möchte möchten usted ustedes \
    favor ruego solicito quiero deseo sé han estoy vi vostra vostro vostri vostre prego ho non più avete vorrei desidero u uw graag \
    niet geen wil verzoek meer gelieve você vocês vossa vosso vossos não peço quero desejo por proszę prosze nie państwa waszej \
    państwu już więcej vänligen inte längre venligst vennligst ikke jer jeres dere deres lenger længere älkää olkaa \
    enää prosím vás vaši vašeho vašich nechci už nechcem vaše kérem kérjük nem többet önök vă rog nu dumneavoastră παρακαλώ μην \
    δεν σας πλέον molim molimo vas više моля не ви вашия повече прошу пожалуйста вы вас ваш вашей больше lütfen bir daha";

/// With one of these a line without a full stop refuses something, as no motto does.
const REFUSALS: &str = "\
    not don't doesn't no never ne pas jamais nicht kein keine keinen nie niet geen non não nunca inte aldrig ikke aldri älkää \
    emme nem μην δεν не";

/// What somebody asks who wants to be let alone; five letters and more are the beginning of a word.
const ASKS: &str = "\
    unsubscribe unsubscribing remove removed delete erase stop désinscri desinscri désabonn desabonn supprim retire \
    enlever enlevez efface cesser cessez radier radiez stopper stoppen stoppt abmeld abbestell lösch lösche löschen entfern austrag \
    baja borre borren borrar suprim elimin quite quiten dejen dejar cancell disiscri rimuov togli toglietemi smett basta uitschrijv \
    verwijder afmeld stopt remova removam remover apagu apagar pare parem usuń usuńc usunąć wypis skasu avregistrera radera sluta \
    slet slett fjern afmeld avmeld stopp poista lopett odhlas odhlás vymaz vymaž smazat smažte odstra vyřaď vyřadit přestaň prestaň töröl \
    leirat hagyj șterge sterge dezabon διαγρ σταματ αφαιρ izbriš odjav uklon prestan изтри отпиш премах спрете удали прекрат стоп \
    silin siliniz çıkar durdur off bort ôtez sortez raus sáquen saquen tirem haal schrap";

static MES: LazyLock<HashSet<&str>> = LazyLock::new(|| set(ME));
static AFTER_IS: LazyLock<HashSet<&str>> = LazyLock::new(|| set(AFTER_I));
static USES: LazyLock<HashSet<&str>> = LazyLock::new(|| set(US));
static SPOKEN: LazyLock<HashSet<&str>> = LazyLock::new(|| set(SPEECH));
static REFUSED: LazyLock<HashSet<&str>> = LazyLock::new(|| set(REFUSALS));
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
    /// "Remove us": a word for "us" right beside one that asks. Elsewhere in a line the firm may be whom a footer tells to call.
    beside: bool,
    refuses: bool,
}

/// What the word before was, if only a space or a hyphen and [`FILLERS`] stand behind it.
#[derive(Default)]
struct Last {
    asks: bool,
    us: bool,
    danish: bool,
}

fn said(text: &str) -> Said {
    let shouted = !text.contains(char::is_lowercase);
    let plain = text[..text.floor_char_boundary(SEEN)].replace('’', "'");
    let lower = plain.to_lowercase();
    let hungarian = |word: &str| {
        let of = NOT_IN_HUNGARIAN.iter().find(|(w, _)| *w == word);
        of.is_some_and(|(_, letters)| lower.contains(*letters))
    };
    let (mut said, mut last) = (Said::default(), Last::default());
    let mut words = words(&plain).peekable();
    while let Some((apart, written)) = words.next() {
        // "Mine" and "Silva" within a line are names; "EU" and "US" are regions.
        let capital = written.starts_with(char::is_uppercase) && written.chars().count() > 1;
        let named = said.words > 0 && !shouted && capital;
        let region = !shouted && matches!(written, "EU" | "US");
        said.words += 1;
        let word = written.to_lowercase();
        let word = word.trim_matches('\'');
        let (head, tail) = word.split_once('\'').unwrap_or((word, ""));
        let short = !tail.is_empty();
        let next = words.peek().map_or("", |(_, next)| *next);
        let me = (MES.contains(head) && !region && !hungarian(head))
            || (short && matches!(head, "m" | "j" | "i"))
            || is_english(written, next);
        let us = USES.contains(head) && !region;
        let asks = !named && (asks(word) || (short && asks(tail)));
        let refuses = REFUSED.contains(word) || (short && head == "n");
        said.me |= me;
        said.us |= us;
        said.asks |= asks;
        said.refuses |= refuses;
        let spoken = me || us || asks || refuses || SPOKEN.contains(word);
        said.spoken += usize::from(spoken && !named);
        said.opens |= spoken && said.words == 1;
        if apart {
            last = Last::default();
        }
        let us = us || US_BESIDE.contains(&head) || (last.danish && matches!(head, "os" | "mit"));
        said.beside |= (last.asks && us) || (last.us && asks);
        if !FILLERS.contains(&head) {
            let danish = DANISH.contains(&head);
            last = Last { asks, us, danish };
        }
    }
    said
}

/// The words of a text, and whether more than spaces and hyphens stand before each.
fn words(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let between = |c: char| !c.is_alphanumeric() && c != '\'';
    let mut apart = false;
    text.split_inclusive(between).filter_map(move |piece| {
        let word = piece.trim_end_matches(between);
        let before = apart;
        apart &= word.is_empty();
        apart |= piece[word.len()..].contains(|c: char| !c.is_whitespace() && c != '-');
        (!word.is_empty()).then_some((before, word))
    })
}

/// Whether a word is the English "I", by the one behind it. In lower case fewer are believed: "i do" is "and to" in Polish.
fn is_english(written: &str, next: &str) -> bool {
    if !written.eq_ignore_ascii_case("i") {
        return false;
    }
    let next = next.to_lowercase();
    let verb = AFTER_IS.contains(next.as_str());
    match written {
        "I" => verb || (next.len() >= 5 && next.ends_with("ed")),
        _ => verb && !matches!(next.as_str(), "do" | "just" | "like" | "no" | "was"),
    }
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
    said.asks && (said.me || said.beside) && said.words >= 3 && !offers(text)
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
    is_whole(text) || is_unended(text)
}

/// The same within a card, where a motto may stand: "Nous sommes à votre écoute" speaks, but neither ends, nor asks, nor refuses.
pub(super) fn is_no_motto(text: &str) -> bool {
    let refuses = || said(text).refuses && is_unended(text);
    is_whole(text) || asks_for_oneself(text) || asks_barely(text) || refuses()
}

/// A sentence by its form.
fn is_whole(text: &str) -> bool {
    let text = text.trim();
    let words = text.split_whitespace().count();
    let card = text.contains(['@', '|']);
    let ended = text.ends_with(['.', '?', '!', '…']) && words >= 4;
    is_question(text) || (!card && (ended || words >= 12)) || is_postscript(text)
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
    let request = said.asks && (said.me || said.us || said.beside || said.opens);
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
    let begins_a_word = |at: usize| !plain[..at].ends_with(char::is_alphanumeric);
    let stands = |words: &&str| plain.match_indices(*words).any(|(at, _)| begins_a_word(at));
    OFFERS.iter().any(|o| plain.contains(o)) || IFS.iter().any(stands)
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
            assert!(is_no_motto(typed), "{typed}");
        }
        for firm in [
            "please remove us from your list",
            "Bitte löschen Sie uns aus dem Verteiler",
            "Merci de nous désinscrire",
            "Gelieve ons te verwijderen",
            "Slet os fra jeres liste",
            "Prosimy usunąć nas z listy",
        ] {
            assert!(asks_for_oneself(firm), "{firm}");
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
            "Ønsker du ikke flere mails fra os, kan du afmelde dig her",
            "Hvis du ikke vil have flere mails fra mig, så afmeld dig",
            "Désinscription : écrivez-nous",
            "Avregistrera dig hos oss",
            "Contact us, unsubscribe or print",
            "Si ce message ne m'est pas destiné, merci de m'en informer et de le supprimer",
            "Indien u dit ten onrechte ontvangt, verzoeken wij u ons te informeren en het te verwijderen",
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

    #[test]
    fn function_words_of_other_languages_are_nobody() {
        for anybody in [
            "Non aprire allegati i link sospetti",
            "nie klikaj w linki i załączniki",
            "Não abra os anexos nem clique nos links",
            "Mit dieser E-Mail nach EU-Recht",
            "Kérjük, semmisítse meg az üzenetet",
            "I link esterni sono pericolosi",
        ] {
            assert!(!of_us(anybody), "{anybody}");
        }
        for somebody in [
            "I never subscribed",
            "i don't want this",
            "To leave this list I clicked there",
            "I'm out",
            "Slett meg fra listen",
            "Borren mi correo",
        ] {
            assert!(of_oneself(somebody), "{somebody}");
        }
    }

    #[test]
    fn a_motto_speaks_and_asks_nothing() {
        for motto in [
            "Nous sommes à votre écoute",
            "Wir sind für Sie da, bitte sehr",
        ] {
            assert!(!is_no_motto(motto), "{motto}");
        }
        for typed in [
            "Nous ne souhaitons plus recevoir vos mails",
            "Wir möchten keine Mails mehr",
        ] {
            assert!(is_no_motto(typed), "{typed}");
        }
    }
}
