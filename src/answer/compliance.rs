//! The papers for the firm's own file: record of processing (Art. 30 GDPR), balancing test, note to staff, yearly figures.
//!
//! They are drafts for counsel, made of the configuration in force and the store. No field is ever empty: where the firm has
//! not said something, the words are "to complete:" and the setting that says it, and the paper's head lists all of them.
//! Deliberately absent: any opinion of law that the configuration cannot know; the templates leave room for it.

use super::templates::{Source, Templates};
use super::{Line, layout, mistakes};
use crate::record::{Fault, Language};
use jiff::civil::Date;
use serde::Serialize;
use tera::Context;

/// Their folder in each language.
pub const COMPLIANCE: &str = "compliance";

/// The page around each of them.
pub const PAGE: &str = "page.html";

/// What stands at the head of each: for whom it is, and what is left to complete.
pub const DRAFT: &str = "draft.txt";

/// One of the papers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paper {
    /// The record of processing activities, Art. 30(1).
    Record,
    /// The balancing test, Art. 6(1)(f).
    Balancing,
    /// What whoever works with the mailboxes must know.
    Staff,
    /// What was asked and answered in a year.
    Figures,
}

impl Paper {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Record, Self::Balancing, Self::Staff, Self::Figures];

    /// Its name, in files too.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Balancing => "balancing",
            Self::Staff => "staff",
            Self::Figures => "figures",
        }
    }
}

/// Who the firm is; what it has not said, says so.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Firm {
    /// As people call it.
    pub name: Line,
    /// As the register of companies does.
    pub legal_name: Line,
    /// Its postal address.
    pub address: Line,
    /// Where a human answers requests.
    pub privacy_email: Line,
    /// The data protection officer.
    pub dpo: Line,
    /// The authority for complaints.
    pub authority: Line,
}

/// Why and how data are used.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Use {
    /// What is offered.
    pub product: Line,
    /// Why.
    pub purpose: Line,
    /// On which basis.
    pub basis: Line,
    /// Which data, by the register's words.
    pub categories: Vec<Line>,
    /// Who receives them.
    pub recipients: Vec<Line>,
    /// For how long.
    pub retention: Line,
    /// Out of the EEA.
    pub transfers: Line,
    /// Automated decisions.
    pub decisions: Line,
    /// What remains after an erasure, and why.
    pub kept: Vec<Line>,
}

/// Where data come from.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DataSource {
    /// The campaigns or lists.
    pub campaign: Line,
    /// Who supplied them.
    pub provider: Line,
    /// From what they were taken.
    pub from: Line,
    /// When.
    pub date: Line,
    /// Why these people.
    pub why: Line,
}

/// Requests of one kind that arrived in the year.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OfKind {
    /// `stop`, `access`, ….
    pub kind: Line,
    /// How many.
    pub received: u64,
    /// Closed within the legal time.
    pub in_time: u64,
    /// Closed later.
    pub late: u64,
    /// Open, in time.
    pub open: u64,
    /// Open, too late.
    pub overdue: u64,
}

/// What the store counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Figures {
    /// By kind of request; none is none.
    pub kinds: Vec<OfKind>,
    /// Letters that answered and left in the year.
    pub letters: u64,
    /// Mails that went to people after their STOP.
    pub incidents: u64,
    /// People who must not be written to, today.
    pub suppressed: u64,
    /// People who are paused, today.
    pub paused: u64,
    /// Contacts, today.
    pub contacts: u64,
    /// The mode in force.
    pub mode: Line,
}

/// What the papers may speak of; every field is a variable of their templates.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ComplianceFacts {
    /// Theirs.
    pub language: Language,
    /// The day on which they are made.
    pub date: Date,
    /// The year of the figures.
    pub year: i16,
    /// The version of Quitus.
    pub version: Line,
    /// The file of the configuration.
    pub file: Line,
    /// Who the firm is.
    pub controller: Firm,
    /// Why and how data are used.
    pub processing: Use,
    /// Where data come from; none if nothing says it.
    pub sources: Vec<DataSource>,
    /// The words that stand in their place then.
    pub no_sources: Line,
    /// The mailboxes that are read.
    pub mailboxes: Vec<Line>,
    /// The tools that send and obey.
    pub tools: Vec<Line>,
    /// Where else data lie.
    pub systems: Vec<Line>,
    /// Who decides what the machine does not.
    pub reviewers: Vec<Line>,
    /// Countries in which a source letter may plead legitimate interest.
    pub countries: Vec<Line>,
    /// `auto` or `review`, for letters of a STOP.
    pub stop: Line,
    /// The same for letters about the source.
    pub source: Line,
    /// The same for access.
    pub access: Line,
    /// The same for erasure.
    pub erasure: Line,
    /// Whether the learned reader reads too.
    pub learned: bool,
    /// Days for which what people wrote is kept after a case is closed.
    pub content_days: u32,
    /// The same for the proof.
    pub proof_days: u32,
    /// Days for which backups of keys are kept.
    pub key_backup_days: u32,
    /// What the store counts; nothing if there is no store yet.
    pub figures: Option<Figures>,
    /// Every setting that is missing.
    pub to_complete: Vec<Line>,
}

/// The words for something that the firm has not said, and the setting that says it.
pub fn to_complete(language: Language, setting: &str) -> Line {
    Line::new(&match language {
        Language::Fr => format!("à compléter : {setting}"),
        _ => format!("to complete: {setting}"),
    })
}

/// A paper as text, and as a page that can be printed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// As text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// Writes one. In error, the file and what is wrong with it.
///
/// # Errors
/// No template in this language, or one that fails on these facts.
pub fn compose_compliance(
    templates: &Templates,
    paper: Paper,
    facts: &ComplianceFacts,
) -> Result<Written, String> {
    rendered(templates, paper, facts).map_err(|(path, e)| format!("{path}: {e}"))
}

fn rendered(
    templates: &Templates,
    paper: Paper,
    facts: &ComplianceFacts,
) -> Result<Written, (String, tera::Error)> {
    let name = |file: &str| format!("{}/{COMPLIANCE}/{file}", facts.language);
    let path = name(&format!("{}.txt", paper.word()));
    let mut context = Context::from_serialize(facts).map_err(|e| (path.clone(), e))?;
    let text = templates.render(&path, &context);
    let text = layout::tidy(&text.map_err(|e| (path, e))?);
    context.insert("text", &text);
    let page = name(PAGE);
    let html = templates.render(&page, &context).map_err(|e| (page, e))?;
    Ok(Written { text, html })
}

/// Whether a paper of this language is made from this file.
pub(super) fn is_file(language: &str, file: &str) -> bool {
    let paper = |p: &Paper| file.strip_suffix(".txt") == Some(p.word());
    LANGUAGES.iter().any(|l| l.word() == language)
        && ([PAGE, DRAFT].contains(&file) || Paper::ALL.iter().any(paper))
}

/// The languages in which they can be written.
const LANGUAGES: [Language; 2] = [Language::Fr, Language::En];

/// Writes each of them, of a firm that has said everything and of one that has said nothing.
pub(super) fn trial(templates: &Templates, sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for language in LANGUAGES {
        let full = sample_compliance(language);
        let bare = ComplianceFacts {
            figures: None,
            sources: Vec::new(),
            to_complete: vec![to_complete(language, "[controller] dpo")],
            ..full.clone()
        };
        for facts in [full, bare] {
            for paper in Paper::ALL {
                match rendered(templates, paper, &facts) {
                    Err((path, e)) => faults.extend(mistakes::all(&e, sources, &path)),
                    Ok(written) => faults.extend(unmarked(&written, paper, language, sources)),
                }
            }
        }
    }
    faults
}

/// Each paper must say that it is a draft: whoever finds it printed has only the paper.
fn unmarked(
    written: &Written,
    paper: Paper,
    language: Language,
    sources: &[Source],
) -> Option<Fault> {
    let mark = match language {
        Language::Fr => "PROJET",
        _ => "DRAFT",
    };
    if written.text.contains(mark) {
        return None;
    }
    let path = format!("{language}/{COMPLIANCE}/{}.txt", paper.word());
    let file = &sources.iter().find(|s| s.path == path)?.file;
    Some(Fault::of_file(
        file,
        format!("the paper does not say that it is a draft: \"{mark}\" stands nowhere"),
        format!("write {mark} and for whom, as the paper that Quitus brings along does"),
    ))
}

/// Facts of a firm that has said everything.
pub fn sample_compliance(language: Language) -> ComplianceFacts {
    let line = |text: &str| Line::new(text);
    ComplianceFacts {
        language,
        date: jiff::civil::date(2026, 11, 29),
        year: 2026,
        version: line("0.1.0"),
        file: line("/etc/quitus/quitus.toml"),
        controller: sample_firm(),
        processing: sample_use(),
        sources: vec![DataSource {
            campaign: line("relais-2026*"),
            provider: line("Dropcontact"),
            from: line("site"),
            date: line("2026-03-01"),
            why: line("marketing"),
        }],
        no_sources: to_complete(language, "[[provider]], [[origin]]"),
        mailboxes: vec![line("sales@acme.example")],
        tools: vec![line("lemlist")],
        systems: vec![line("HubSpot")],
        reviewers: vec![line("dpo@acme.example")],
        countries: vec![line("FR")],
        stop: line("auto"),
        source: line("auto"),
        access: line("review"),
        erasure: line("review"),
        learned: true,
        content_days: 1095,
        proof_days: 1825,
        key_backup_days: 30,
        figures: Some(sample_figures()),
        to_complete: Vec::new(),
    }
}

fn sample_firm() -> Firm {
    Firm {
        name: "Acme".into(),
        legal_name: "Acme SAS".into(),
        address: "12 rue de la Paix, 75002 Paris".into(),
        privacy_email: "privacy@acme.example".into(),
        dpo: "Claire Martin, dpo@acme.example".into(),
        authority: "CNIL".into(),
    }
}

fn sample_use() -> Use {
    Use {
        product: "Relais".into(),
        purpose: "prospection".into(),
        basis: "Art. 6(1)(f)".into(),
        categories: vec!["email".into(), "name".into()],
        recipients: vec!["HubSpot".into()],
        retention: "3 ans".into(),
        transfers: "-".into(),
        decisions: "-".into(),
        kept: vec!["empreinte".into()],
    }
}

fn sample_figures() -> Figures {
    let of_stops = OfKind {
        kind: "stop".into(),
        received: 3,
        in_time: 2,
        late: 0,
        open: 1,
        overdue: 0,
    };
    Figures {
        kinds: vec![of_stops],
        letters: 2,
        incidents: 0,
        suppressed: 3,
        paused: 1,
        contacts: 100,
        mode: "shadow".into(),
    }
}
