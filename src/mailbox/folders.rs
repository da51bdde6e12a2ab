//! Which folder is meant: names in any language, and the special uses `\Junk`, `\Sent`, `\Drafts` (RFC 6154).
//!
//! Servers that know no special uses are asked by the names that mail programs give these folders. A folder that cannot be found
//! is said in the status; it never stops the others.

use super::utf7;
use async_imap::imap_proto::{MailboxListData, NameAttribute};

/// A folder as the server lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folder {
    /// Its name as people read it.
    pub name: String,
    /// Its name as it goes over the wire.
    pub wire: String,
    /// Its special uses, such as `\Sent`.
    pub uses: Vec<String>,
    /// Whether mail can be in it.
    pub selectable: bool,
}

impl Folder {
    /// A folder that is only known by its name.
    pub fn named(name: &str) -> Self {
        let inbox = name.eq_ignore_ascii_case("INBOX");
        Self {
            name: if inbox { "INBOX" } else { name }.to_owned(),
            wire: if inbox {
                "INBOX".to_owned()
            } else {
                utf7::encode(name)
            },
            uses: Vec::new(),
            selectable: true,
        }
    }

    /// A folder from the answer to LIST.
    pub fn listed(data: &MailboxListData<'_>) -> Self {
        let wire = unescape(&data.name);
        // A name that would not come back the same is shown raw, so that it always names the same folder.
        let name = utf7::decode(&wire).filter(|name| utf7::encode(name) == wire);
        let mut uses = Vec::new();
        let mut selectable = true;
        for attribute in &data.name_attributes {
            match attribute {
                NameAttribute::NoSelect => selectable = false,
                NameAttribute::Extension(word) if word.eq_ignore_ascii_case("\\NonExistent") => {
                    selectable = false;
                }
                NameAttribute::Junk => uses.push("\\Junk".to_owned()),
                NameAttribute::Sent => uses.push("\\Sent".to_owned()),
                NameAttribute::Drafts => uses.push("\\Drafts".to_owned()),
                NameAttribute::Trash => uses.push("\\Trash".to_owned()),
                NameAttribute::Archive => uses.push("\\Archive".to_owned()),
                NameAttribute::All => uses.push("\\All".to_owned()),
                _ => {}
            }
        }
        Self {
            name: name.unwrap_or_else(|| wire.clone()),
            wire,
            uses,
            selectable,
        }
    }
}

/// imap-proto gives quoted names with their escapes.
fn unescape(quoted: &str) -> String {
    let mut name = String::with_capacity(quoted.len());
    let mut rest = quoted.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => name.push(rest.next().unwrap_or('\\')),
            c => name.push(c),
        }
    }
    name
}

/// Finds the folder that is meant by a name or a special use.
pub fn find<'a>(folders: &'a [Folder], meant: &str) -> Option<&'a Folder> {
    let mut there = folders.iter().filter(|f| f.selectable);
    if meant.eq_ignore_ascii_case("INBOX") {
        return there.find(|f| f.name == "INBOX");
    }
    if !meant.starts_with('\\') {
        return there.find(|f| f.name == meant);
    }
    let by_use = folders
        .iter()
        .find(|f| f.selectable && f.uses.iter().any(|u| u.eq_ignore_ascii_case(meant)));
    by_use.or_else(|| by_custom(folders, meant))
}

/// The folder that mail programs use for it, where the server says nothing: the last part of its name decides.
fn by_custom<'a>(folders: &'a [Folder], meant: &str) -> Option<&'a Folder> {
    let (_, names) = CUSTOM
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(meant))?;
    let last = |f: &Folder| {
        let last = f.name.rsplit(['/', '.']).next().unwrap_or_default();
        last.to_lowercase()
    };
    names
        .iter()
        .find_map(|name| folders.iter().find(|f| f.selectable && last(f) == *name))
}

/// Whether mail programs call a folder of sent mail so.
pub fn is_sent_name(name: &str) -> bool {
    is_custom("\\Sent", name)
}

/// Whether mail programs call a folder of junk so.
pub fn is_junk_name(name: &str) -> bool {
    is_custom("\\Junk", name)
}

fn is_custom(meant: &str, name: &str) -> bool {
    // A Maildir's folders are named as on the wire.
    let name = utf7::decode(name).unwrap_or_else(|| name.to_owned());
    let name = name.to_lowercase();
    let last = name.rsplit(['/', '.']).next().unwrap_or_default();
    CUSTOM
        .iter()
        .any(|(word, names)| *word == meant && names.contains(&last))
}

/// What mail programs call these folders, in lower case, the commonest first.
const CUSTOM: &[(&str, &[&str])] = &[
    (
        "\\Sent",
        &[
            "sent",
            "sent items",
            "sent mail",
            "sent messages",
            "éléments envoyés",
            "envoyés",
            "messages envoyés",
            "gesendet",
            "gesendete elemente",
            "gesendete objekte",
            "enviados",
            "elementos enviados",
            "correo enviado",
            "inviati",
            "posta inviata",
            "inviata",
            "verzonden",
            "verzonden items",
            "itens enviados",
            "mensagens enviadas",
            "wysłane",
            "elementy wysłane",
            "skickat",
            "sendt",
            "sendt post",
            "lähetetyt",
            "odeslané",
            "odoslané",
            "trimise",
            "elküldött",
        ],
    ),
    (
        "\\Junk",
        &[
            "junk",
            "spam",
            "junk e-mail",
            "junk email",
            "bulk mail",
            "courrier indésirable",
            "indésirables",
            "pourriel",
            "junk-e-mail",
            "spamverdacht",
            "unerwünscht",
            "correo no deseado",
            "no deseado",
            "posta indesiderata",
            "indesiderata",
            "ongewenste e-mail",
            "ongewenst",
            "lixo eletrónico",
            "lixo eletrônico",
            "lixo",
            "wiadomości-śmieci",
            "śmieci",
            "skräppost",
            "uønsket",
            "uønsket e-post",
            "roskaposti",
            "nevyžádaná pošta",
            "nevyžiadaná pošta",
            "levélszemét",
        ],
    ),
    (
        "\\Drafts",
        &[
            "drafts",
            "draft",
            "brouillons",
            "entwürfe",
            "borradores",
            "bozze",
            "concepten",
            "rascunhos",
            "kopie robocze",
            "szkice",
            "wersje robocze",
            "utkast",
            "kladder",
            "luonnokset",
            "koncepty",
            "ciorne",
            "piszkozatok",
        ],
    ),
    (
        "\\Trash",
        &[
            "trash",
            "deleted items",
            "deleted messages",
            "deleted",
            "bin",
            "corbeille",
            "éléments supprimés",
            "messages supprimés",
            "papierkorb",
            "gelöschte elemente",
            "gelöscht",
            "papelera",
            "elementos eliminados",
            "cestino",
            "posta eliminata",
            "prullenbak",
            "verwijderde items",
            "lixeira",
            "itens eliminados",
            "itens excluídos",
            "kosz",
            "papperskorgen",
            "papirkurv",
            "roskakori",
            "koš",
        ],
    ),
    (
        "\\Archive",
        &[
            "archive", "archives", "archiv", "archivo", "archivio", "archief", "arquivo",
            "archiwum", "arkiv", "arkisto",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn listed(name: &str, attributes: Vec<NameAttribute<'static>>) -> Folder {
        Folder::listed(&MailboxListData {
            name_attributes: attributes,
            delimiter: None,
            name: Cow::Owned(name.to_owned()),
        })
    }

    #[test]
    fn a_special_use_goes_before_a_name() {
        let folders = [
            listed("Sent", vec![]),
            listed("Archiv/Raus", vec![NameAttribute::Sent]),
        ];
        assert_eq!(
            find(&folders, "\\Sent").map(|f| f.name.as_str()),
            Some("Archiv/Raus")
        );
        assert_eq!(
            find(&folders[..1], "\\sent").map(|f| f.name.as_str()),
            Some("Sent")
        );
        assert_eq!(find(&folders, "\\Junk"), None);
    }

    #[test]
    fn without_special_uses_the_custom_of_the_language_decides() {
        let folders = [
            listed("INBOX.&AMk-l&AOk-ments envoy&AOk-s", vec![]),
            listed("Entw&APw-rfe", vec![]),
            listed("Spam", vec![NameAttribute::NoSelect]),
        ];
        assert_eq!(
            find(&folders, "\\Sent").map(|f| f.name.as_str()),
            Some("INBOX.Éléments envoyés")
        );
        assert_eq!(
            find(&folders, "\\Drafts").map(|f| f.wire.as_str()),
            Some("Entw&APw-rfe")
        );
        assert_eq!(
            find(&folders, "Entwürfe").map(|f| f.wire.as_str()),
            Some("Entw&APw-rfe")
        );
        assert_eq!(find(&folders, "\\Junk"), None);
    }

    #[test]
    fn odd_names_stay_as_they_are() {
        assert_eq!(listed("R&D", vec![]).name, "R&D");
        assert_eq!(listed("a\\\\b\\\"c", vec![]).wire, "a\\b\"c");
    }
}
