//! The mails of a quoted thread, nearest first, without the lines that introduce each.
//!
//! What was set apart stands there as one text, with or without its marks (`>`). A short answer ("Yes", "3") means something only by
//! the mail that it answers, so its reader asks which words are that mail's and which are those of an older one.

use super::lines::{Line, of_plain};
use super::quotation::{Reaches, beginning, labels};

/// Lines of the thread that are looked at.
const LINES: usize = 400;

/// The mails of `quoted`, without marks, attribution lines, header blocks; those in which nothing stands are left out.
pub fn earlier(quoted: &str) -> Vec<String> {
    let mut end = quoted.match_indices('\n').skip(LINES - 1);
    let seen = &quoted[..end.next().map_or(quoted.len(), |(at, _)| at)];
    let lines = of_plain(seen, false);
    let labels = labels(&lines);
    let mut mails = vec![String::new()];
    let (mut at, mut depth) = (0, 0);
    while let Some(line) = lines.get(at) {
        let head = Some(line).filter(|l| !l.blank());
        let head = head.and_then(|_| beginning(&lines, &labels, at, false, None));
        let deeper = !line.blank() && line.quote != depth;
        if deeper || head.as_ref().is_some_and(|h| h.reaches != Reaches::Itself) {
            mails.push(String::new());
        }
        if !line.blank() {
            depth = line.quote;
        }
        match head {
            Some(head) => at = head.body.max(at + 1),
            None => {
                add(mails.last_mut(), line);
                at += 1;
            }
        }
    }
    mails.retain(|mail| !mail.trim().is_empty());
    mails
}

fn add(mail: Option<&mut String>, line: &Line) {
    if let Some(mail) = mail {
        // A table of a mail in HTML became bars.
        mail.push_str(line.text.trim_start_matches([' ', '|']));
        mail.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::earlier;

    #[test]
    fn each_mail_of_a_thread_stands_by_itself() {
        let below = "On 3 March 2026 at 10:12, Ada <ada@firm.example> wrote:\n\
            > Shall I send you a sample?\n>\n> Ada\n>\n>> Shall I stop?\n>> Bo";
        assert_eq!(
            earlier(below),
            [
                "Shall I send you a sample?\n\nAda\n\n",
                "Shall I stop?\nBo\n"
            ]
        );
        let unmarked = "Le 3 mars 2026 à 10:12, Ada <ada@firm.example> a écrit :\nUn échantillon ?\n\
            De : Bo <bo@firm.example>\nEnvoyé : lundi 1 mars 2026 09:00\nÀ : Moi <me@own.example>\nObjet : Moules\n\nDois-je arrêter ?";
        assert_eq!(
            earlier(unmarked),
            ["Un échantillon ?\n", "\nDois-je arrêter ?\n"]
        );
        let bare = "Shall I stop?\nReply OUT.";
        assert_eq!(earlier(bare), ["Shall I stop?\nReply OUT.\n"]);
        assert!(earlier("\n> \n").is_empty());
    }

    #[test]
    fn a_long_thread_is_cut() {
        let long = "> line\n".repeat(5_000);
        assert_eq!(earlier(&long)[0].lines().count(), super::LINES);
    }
}
