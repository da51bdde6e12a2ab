//! Messages built to be slow: each aims at one loop, and is as long as anything that is read.

/// As much text as is read of a message.
const FULL: usize = 256 << 10;

fn plain(body: &str) -> Vec<u8> {
    format!(
        "From: a@b.example\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\n{body}\n"
    )
    .into_bytes()
}

fn html(body: &str) -> Vec<u8> {
    format!("From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n{body}\n").into_bytes()
}

fn full(piece: &str) -> String {
    piece.repeat(FULL / piece.len())
}

/// All of them, by name.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let mut all: Vec<(&str, Vec<u8>)> = words();
    all.extend(shapes());
    all.extend(quotations());
    all
}

/// Words that begin, or nearly end, many phrases.
fn words() -> Vec<(&'static str, Vec<u8>)> {
    [
        ("one word that every lexicon knows", "stop "),
        (
            "a request over and over, in one sentence",
            "remove me from your list ",
        ),
        (
            "a request over and over, a sentence each",
            "Remove me from your list. ",
        ),
        (
            "requests that beat each other",
            "Delete all my data and remove me from your list. ",
        ),
        (
            "requests that traps explain away",
            "Do not remove me, don't stop. ",
        ),
        (
            "the beginnings of phrases with gaps",
            "ne me do not you have où avez ",
        ),
        (
            "words of all languages",
            "stop desinscrire remove loschen baja cancella verwijder remover usun ta bort ",
        ),
        ("questions", "Where did you get my address? "),
        ("clauses", "stop, "),
        ("one-letter words", "a "),
        ("addresses of other people", "stop a@b.example "),
        ("key words with a wrong letter", "unsuscribe desincrire "),
    ]
    .map(|(name, piece)| (name, plain(&full(piece))))
    .into()
}

/// Characters in odd rows.
fn shapes() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("one endless word", plain(&full("a"))),
        (
            "a chunk that could be an address all along",
            plain(&full("a:")),
        ),
        ("a chunk of dots", plain(&full("a."))),
        ("a chunk of dashes", plain(&full("a-"))),
        ("at signs", plain(&full("@"))),
        ("at signs with a name", plain(&full("a@"))),
        ("apostrophes", plain(&full("a'"))),
        ("e and dashes", plain(&full("e-"))),
        (
            "letters that grow when they are folded",
            plain(&full("\u{fdfa}")),
        ),
        (
            "accents upon accents",
            plain(&format!("e{}", full("\u{301}"))),
        ),
        ("invisible characters", plain(&full("s\u{200b}"))),
        ("numbered lines", plain(&full("1. a\n"))),
        (
            "numbers behind a long indent",
            plain(&format!(
                "a\n{}{}",
                " ".repeat(FULL / 2),
                "1. ".repeat(FULL / 8)
            )),
        ),
        ("empty lines", plain(&format!("a{}b", full("\n")))),
        ("spaces", plain(&format!("a\n{}b", full(" ")))),
        ("question marks", plain(&full("?"))),
        ("brackets", plain(&full("("))),
        (
            "a long subject",
            format!(
                "From: a@b.example\nSubject: {}\n\nx",
                "stop, ".repeat(40_000)
            )
            .into_bytes(),
        ),
        ("open tags", html(&full("<div>"))),
        ("comments that never end", html(&full("<!--"))),
        ("attributes that never end", html(&full("<a b=\""))),
        ("entities", html(&full("&amp;"))),
        ("blockquotes in blockquotes", html(&full("<blockquote>x"))),
        ("tables", html(&full("<table><tr><td>x"))),
        (
            "many header fields",
            format!("From: a@b.example\n{}\nhi", "X: y\n".repeat(50_000)).into_bytes(),
        ),
        (
            "many recipients",
            format!(
                "From: a@b.example\nTo: {}\n\nhi",
                "x@y.example, ".repeat(15_000)
            )
            .into_bytes(),
        ),
        ("parts in parts", {
            let nested: String = (0..3_000)
                .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
                .collect();
            format!("From: a@b.example\n{nested}hi").into_bytes()
        }),
        ("many parts", {
            let part = "--b\nContent-Type: text/plain\n\nstop\n".repeat(20_000);
            format!("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n{part}")
                .into_bytes()
        }),
        (
            "encoded words",
            format!(
                "From: a@b.example\nSubject: {}\n\nx",
                "=?utf-8?b?c3RvcA==?= ".repeat(12_000)
            )
            .into_bytes(),
        ),
        ("ten megabytes", plain(&"stop the mails. ".repeat(650_000))),
    ]
}

/// What is set apart, and the words in it that could be an opt-out.
fn quotations() -> Vec<(&'static str, Vec<u8>)> {
    let below = |typed: &str, quoted: String| {
        plain(&format!(
            "{typed}\n\nOn Mon, 2 Mar 2026 at 10:00, A <x@y.example> wrote:\n{quoted}"
        ))
    };
    vec![
        (
            "a word that the quotation repeats",
            below("a", full("> a a a a a a a a a a a a a a a a\n")),
        ),
        (
            "a number that the quotation repeats",
            below("3", full("> 3 = 3 = 3 = 3 = 3 = 3 = 3 = 3 =\n")),
        ),
        (
            "a number in one endless quoted line",
            below("3", format!("> {}", full("3 "))),
        ),
        (
            "deep quotation marks",
            plain(&format!("stop\n{}", full("> "))),
        ),
        (
            "attribution lines",
            plain(&full(
                "On Mon, 2 Mar 2026 at 10:00, A <x@y.example> wrote:\n",
            )),
        ),
        (
            "header blocks",
            plain(&full("From: a\nSent: b\nTo: c\nSubject: d\n")),
        ),
        ("signature marks", plain(&full("-- \na\n"))),
        (
            "disclaimers",
            plain(&full(
                "This e-mail is confidential and may be privileged.\n",
            )),
        ),
        (
            "lines that are nearly attributions",
            plain(&full("a@b 10:00 wrote\n")),
        ),
    ]
}
