//! The findings as a report that a person reads: sections in the order of urgency, in French or English, without any layout.
//!
//! Text, page and terminal are three ways to show the same [`Report`], so that none says more than another.

mod machines;

use super::findings::{Asked, Findings, Heard};
use super::note::Passed;
use super::rules::why;
use super::tongue::Tongue;
use crate::record::Timestamp;
use crate::request::Calendar;

/// A report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Its title.
    pub title: String,
    /// What it is, and what was read.
    pub lead: Vec<String>,
    /// What was found, the most urgent first.
    pub sections: Vec<Section>,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Tone {
    /// Somebody's right was passed over.
    Bad,
    /// A human should look.
    Care,
    /// Nothing to do.
    Good,
    /// For knowing.
    #[default]
    Plain,
}

/// One subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Its title, with the number.
    pub title: String,
    /// How bad it is.
    pub tone: Tone,
    /// What it means, and what to do.
    pub lead: String,
    /// The columns' names.
    pub columns: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Lines to be copied into a file.
    pub code: Vec<String>,
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// As many as there are columns.
    pub cells: Vec<String>,
    /// Somebody's words, and what else is said beneath the row.
    pub detail: Vec<String>,
}

impl Report {
    /// Says what was found.
    pub fn of(found: &Findings, tongue: Tongue, calendar: &Calendar) -> Self {
        let teller = Teller { tongue, calendar };
        let sections = [
            teller.mailed_after(found),
            teller.objections(found),
            teller.requests(found),
            teller.doubtful(found),
            teller.letters(found),
            teller.held(found),
            teller.machines(found),
            teller.addresses(found),
            teller.passed(found),
        ];
        Self {
            title: tongue
                .say(
                    "What this mailbox has missed so far",
                    "Ce que cette boîte a manqué jusqu'ici",
                )
                .to_owned(),
            lead: teller.lead(found),
            sections: sections.into_iter().flatten().collect(),
        }
    }
}

struct Teller<'a> {
    tongue: Tongue,
    calendar: &'a Calendar,
}

fn words(text: &str) -> Vec<String> {
    match text.is_empty() {
        true => Vec::new(),
        false => vec![format!("“{text}”")],
    }
}

impl Teller<'_> {
    fn say(&self, en: &'static str, fr: &'static str) -> &'static str {
        self.tongue.say(en, fr)
    }

    /// A title with its number, and the space that French puts before a colon.
    fn titled(&self, title: &str, number: impl std::fmt::Display) -> String {
        format!("{title}{} {number}", self.say(":", " :"))
    }

    fn day(&self, at: Timestamp) -> String {
        self.calendar.day(at).to_string()
    }

    fn days(&self, days: i64) -> String {
        let days = u64::try_from(days).unwrap_or(0);
        self.tongue.many(days, ("day", "days"), ("jour", "jours"))
    }

    fn lead(&self, found: &Findings) -> Vec<String> {
        let t = self.tongue;
        let counts = &found.counts;
        let read = t.many(
            counts.read,
            ("message", "messages"),
            ("message", "messages"),
        );
        let sent = t.many(
            counts.sent,
            ("sent mail", "sent mails"),
            ("mail envoyé", "mails envoyés"),
        );
        let span = match (found.from, found.until) {
            (Some(from), Some(until)) => match t {
                Tongue::En => format!(" from {} to {}", self.day(from), self.day(until)),
                Tongue::Fr => format!(" du {} au {}", self.day(from), self.day(until)),
            },
            _ => String::new(),
        };
        let told = self.day(found.told);
        let sources = found.sources.join(", ");
        let mut lead = vec![
            match t {
                Tongue::En => format!("{sources}, on {told}: {read} and {sent}{span} were read."),
                Tongue::Fr => format!("{sources}, le {told} : {read} et {sent}{span} ont été lus."),
            },
            self.say(
                "Nothing was sent and nothing was changed; no message was marked as read.",
                "Rien n'a été envoyé, rien n'a été changé ; aucun message n'a été marqué comme lu.",
            )
            .to_owned(),
        ];
        if !found.knows_sent {
            lead.push(self.say(
                "No sent mail was found: whose reply something is, who was mailed after a STOP, and what was answered by hand is not known.",
                "Aucun mail envoyé n'a été trouvé : on ne sait ni à quoi une réponse répond, ni qui a été relancé après un STOP, ni ce qui a été répondu à la main.",
            ).to_owned());
        }
        for trouble in &found.trouble {
            lead.push(match t {
                Tongue::En => format!("Not everything could be read: {trouble}"),
                Tongue::Fr => format!("Tout n'a pas pu être lu : {trouble}"),
            });
        }
        lead
    }

    fn mailed_after(&self, found: &Findings) -> Option<Section> {
        let people = found.mailed_after.len();
        let title = self.say("Mailed after their STOP", "Relancés après leur STOP");
        if !found.knows_sent {
            return None;
        }
        if people == 0 {
            return Some(Section {
                title: self.titled(title, 0),
                tone: Tone::Good,
                lead: self.say("Nobody was.", "Personne.").to_owned(),
                ..Section::default()
            });
        }
        let row = |m: &super::MailedAfter| Row {
            cells: vec![
                self.day(m.stopped),
                m.mails.to_string(),
                self.day(m.last),
                self.days(m.days),
                m.who.clone(),
            ],
            detail: Vec::new(),
        };
        Some(Section {
            title: self.titled(title, people),
            tone: Tone::Bad,
            lead: self.say(
                "They asked to be left alone, and mail went to them all the same (answers to them are not counted).",
                "Ils avaient demandé qu'on les laisse tranquilles, et des mails sont partis quand même (les réponses ne sont pas comptées).",
            ).to_owned(),
            columns: match self.tongue {
                Tongue::En => vec!["STOP", "mails", "last", "after", "who"],
                Tongue::Fr => vec!["STOP", "mails", "dernier", "après", "qui"],
            },
            rows: found.mailed_after.iter().map(row).collect(),
            code: Vec::new(),
        })
    }

    fn heard(&self, heard: &Heard) -> Row {
        let language = heard.language.map_or("–", |l| l.word());
        let mut detail = words(&heard.words);
        if heard.kinds.is_empty() && detail.is_empty() {
            let spam = self.say(
                "reported our mail as spam",
                "a signalé notre mail comme indésirable",
            );
            detail.push(spam.to_owned());
        }
        if let Some(also) = &heard.also {
            detail.push(match self.tongue {
                Tongue::En => format!("and {also}, to whom our mail went"),
                Tongue::Fr => format!("et {also}, à qui notre mail était adressé"),
            });
        }
        let answered = heard.answered.map(|at| self.day(at));
        Row {
            cells: vec![
                self.day(heard.at),
                language.to_owned(),
                answered.unwrap_or_else(|| self.say("no", "non").to_owned()),
                heard.who.clone(),
            ],
            detail,
        }
    }

    /// Somebody who is obeyed; where a human would look at the message too, why.
    fn obeyed(&self, heard: &Heard) -> Row {
        let mut row = self.heard(heard);
        let looked_at = ["I.", "A5", "A6", "A8", "B4", "B5", "D."];
        if looked_at.iter().any(|rule| heard.rule.starts_with(rule)) {
            let also = self.say(
                "a human would look at it too",
                "une personne le verrait aussi",
            );
            row.detail
                .push(format!("{also} ({})", why(self.tongue, &heard.rule)));
        }
        row
    }

    fn heard_columns(&self) -> Vec<&'static str> {
        match self.tongue {
            Tongue::En => vec!["date", "lang", "answered", "who"],
            Tongue::Fr => vec!["date", "langue", "répondu", "qui"],
        }
    }

    fn objections(&self, found: &Findings) -> Option<Section> {
        let many = found.objections.len();
        let title = self.say(
            "Asked to be left alone",
            "Ont demandé qu'on les laisse tranquilles",
        );
        let mut rows: Vec<&Heard> = found.objections.iter().collect();
        rows.sort_by_key(|h| (h.answered.is_some(), std::cmp::Reverse(h.at)));
        Some(Section {
            title: self.titled(title, many),
            tone: if many == 0 { Tone::Good } else { Tone::Bad },
            lead: match many {
                0 => self.say("Nobody asked for it in words that are sure.", "Personne ne l'a demandé en des mots sûrs."),
                _ => self.say(
                    "With the words that decided; those whom nobody answered first. `quitus replay --apply` suppresses them all.",
                    "Avec les mots qui ont décidé ; d'abord ceux à qui personne n'a répondu. `quitus replay --apply` enregistre leur opposition à tous.",
                ),
            }.to_owned(),
            columns: if many == 0 { Vec::new() } else { self.heard_columns() },
            rows: rows.into_iter().map(|h| self.obeyed(h)).collect(),
            code: Vec::new(),
        })
    }

    fn requests(&self, found: &Findings) -> Option<Section> {
        let (late, many) = (found.overdue().count(), found.requests.len());
        if many == 0 {
            return None;
        }
        let title = self.say("Requests with a clock", "Demandes avec un délai");
        let overdue = self.say("overdue", "en retard");
        let state = |r: &Asked| match (r.answered, r.overdue) {
            (Some(at), _) => format!("{} {}", self.say("answered", "répondu"), self.day(at)),
            (None, Some(days)) => format!("{} {overdue}", self.days(days)),
            (None, None) => self.say("open", "ouverte").to_owned(),
        };
        let row = |r: &Asked| Row {
            cells: vec![
                self.day(r.due),
                state(r),
                self.tongue.kind(r.kind).to_owned(),
                self.day(r.at),
                r.who.clone(),
            ],
            detail: words(&r.words),
        };
        Some(Section {
            title: self.titled(title, format!("{many} ({late} {overdue})")),
            tone: if late > 0 { Tone::Bad } else { Tone::Care },
            lead: self.say(
                "One calendar month from the day of receipt (Art. 12(3) GDPR); answered = a human answered in the thread.",
                "Un mois de calendrier à partir de la réception (art. 12, paragraphe 3, du RGPD) ; répondu = une personne a répondu dans le fil.",
            ).to_owned(),
            columns: match self.tongue {
                Tongue::En => vec!["due", "state", "request", "received", "who"],
                Tongue::Fr => vec!["échéance", "état", "demande", "reçue", "qui"],
            },
            rows: found.requests.iter().map(row).collect(),
            code: Vec::new(),
        })
    }

    fn doubtful(&self, found: &Findings) -> Option<Section> {
        if found.doubtful.is_empty() {
            return None;
        }
        let row = |h: &Heard| {
            let mut row = self.heard(h);
            row.detail.push(why(self.tongue, &h.rule));
            row
        };
        let title = self.say(
            "May have asked for it, please look",
            "L'ont peut-être demandé, à regarder",
        );
        Some(Section {
            title: self.titled(title, found.doubtful.len()),
            tone: Tone::Care,
            lead: self.say(
                "Quitus would pause prospecting to them where it knows them, and a human would decide. `--apply` leaves them out.",
                "Quitus suspendrait la prospection là où il les connaît, et une personne déciderait. `--apply` les laisse de côté.",
            ).to_owned(),
            columns: self.heard_columns(),
            rows: found.doubtful.iter().rev().map(row).collect(),
            code: Vec::new(),
        })
    }
}

impl Teller<'_> {
    fn reason(&self, why: Passed) -> &'static str {
        match why {
            Passed::List => self.say("newsletters and lists", "lettres d'information et listes"),
            Passed::WarmUp => self.say(
                "warm-up traffic, as configured",
                "trafic de préchauffage, selon la configuration",
            ),
            Passed::Ours => self.say("from ourselves", "de nous-mêmes"),
            Passed::Again => self.say("copies in another folder", "copies dans un autre dossier"),
            Passed::Unreadable => self.say("not readable: please look", "illisibles : à regarder"),
            Passed::Missing => self.say(
                "gone, or not given by the server",
                "disparus, ou non donnés par le serveur",
            ),
        }
    }
}
