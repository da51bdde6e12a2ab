//! `quitus compliance`: the papers for the firm's own file, from the configuration in force and the store.

use super::ask::{Ask, House};
use super::edge::{self, DONE, End, has_store};
use super::output;
use crate::answer::{
    ComplianceFacts, ComplianceFigures, CompliancePaper, DataSource, Firm, KindFigures, Line,
    ProcessingUse, compose_compliance, to_complete,
};
use crate::config::{Config, Wording};
use crate::record::Language;
use crate::request::{Automation, CountryRule};
use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// `quitus compliance`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Write each paper into this folder, as text and as a page that can be printed; without it, the texts are printed
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// `fr` or `en` [default: `[policy] default_language` if it is one of them, else en]
    #[arg(long, value_parser = ["fr", "en"])]
    language: Option<String>,
    /// The year of the figures [default: this year]
    #[arg(long, value_parser = clap::value_parser!(i16).range(2018..=2999))]
    year: Option<i16>,
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let config = edge::config(named)?;
    let language = match arguments.language.as_deref() {
        Some("fr") => Language::Fr,
        Some(_) => Language::En,
        None if config.policy.settings.default_language == Language::Fr => Language::Fr,
        None => Language::En,
    };
    let now = jiff::Timestamp::now();
    let today = config.policy.calendar.zone.to_datetime(now).date();
    let year = arguments.year.unwrap_or(today.year());
    let figures = figures(named, &config, year)?;
    let facts = Said {
        language,
        missing: Vec::new(),
    }
    .facts(&config, today, year, figures);
    let templates = config.read_templates().map_err(End::Faults)?;
    let mut out = output::people();
    for paper in CompliancePaper::ALL {
        let written = compose_compliance(&templates, paper, &facts)
            .map_err(|e| End::Io(std::io::Error::other(e)))?;
        let Some(folder) = &arguments.output else {
            writeln!(out, "{}\n", written.text)?;
            continue;
        };
        std::fs::create_dir_all(folder)?;
        for (ending, text) in [("txt", &written.text), ("html", &written.html)] {
            let path = folder.join(format!("{}.{ending}", paper.word()));
            std::fs::write(&path, text)?;
            writeln!(out, "{}", path.display())?;
        }
    }
    if arguments.output.is_some() {
        writeln!(
            out,
            "drafts for your counsel; {} left to complete",
            facts.to_complete.len()
        )?;
    }
    out.flush()?;
    Ok(DONE)
}

/// What the store counts; nothing if there is none yet.
fn figures(
    named: Option<&Path>,
    config: &Config,
    year: i16,
) -> Result<Option<ComplianceFigures>, End> {
    if !has_store(&config.store.path)? {
        return Ok(None);
    }
    let house = House::open(named, false)?;
    let answer = house.ask(Ask::Get(format!("/compliance/figures?year={year}")));
    house.close();
    let data = answer?.data;
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let word = |value: &Value| Line::new(value.as_str().unwrap_or("shadow"));
    let kinds = data["kinds"].as_array().into_iter().flatten();
    Ok(Some(ComplianceFigures {
        kinds: kinds
            .map(|k| KindFigures {
                kind: word(&k["kind"]),
                received: count(&k["received"]),
                in_time: count(&k["in_time"]),
                late: count(&k["late"]),
                open: count(&k["open"]),
                overdue: count(&k["overdue"]),
            })
            .collect(),
        letters: count(&data["letters"]),
        incidents: count(&data["incidents"]),
        suppressed: count(&data["people"]["suppressed"]),
        paused: count(&data["people"]["paused"]),
        contacts: count(&data["people"]["contacts"]),
        mode: word(&data["mode"]),
    }))
}

/// The settings that say where data come from.
const NO_SOURCES: &str = "[[provider]], [[origin]]";

fn word(automation: Automation) -> Line {
    Line::new(match automation {
        Automation::Auto => "auto",
        Automation::Review => "review",
    })
}

/// What the firm has said; what it has not is noted.
struct Said {
    language: Language,
    missing: Vec<Line>,
}

impl Said {
    fn line(&mut self, text: Option<&str>, setting: &str) -> Line {
        match text.map(Line::new).filter(|l| !l.is_empty()) {
            Some(line) => line,
            None => self.noted(setting),
        }
    }

    fn noted(&mut self, setting: &str) -> Line {
        let setting_line = Line::new(setting);
        if !self.missing.contains(&setting_line) {
            self.missing.push(setting_line);
        }
        to_complete(self.language, setting)
    }

    fn words(&mut self, wording: &Option<Wording>, setting: &str) -> Line {
        let language = self.language;
        let said = wording
            .as_ref()
            .and_then(|w| w.in_language(language))
            .map(str::to_owned);
        let named = match wording {
            Some(_) => format!("{setting} ({language})"),
            None => setting.to_owned(),
        };
        self.line(said.as_deref(), &named)
    }

    fn lines(&mut self, texts: impl Iterator<Item = String>, setting: &str) -> Vec<Line> {
        let lines: Vec<Line> = texts.map(Line::from).filter(|l| !l.is_empty()).collect();
        match lines.is_empty() {
            true => vec![self.noted(setting)],
            false => lines,
        }
    }

    /// A list in which none is an answer too.
    fn or_none(&self, texts: impl Iterator<Item = String>) -> Vec<Line> {
        let lines: Vec<Line> = texts.map(Line::from).filter(|l| !l.is_empty()).collect();
        match (lines.is_empty(), self.language) {
            (false, _) => lines,
            (true, Language::Fr) => vec![Line::new("aucun")],
            (true, _) => vec![Line::new("none")],
        }
    }

    fn firm(&mut self, config: &Config) -> Firm {
        let c = &config.controller;
        Firm {
            name: Line::new(&c.name),
            legal_name: Line::new(&c.legal_name),
            address: Line::new(&c.address),
            privacy_email: Line::new(c.privacy_email.as_str()),
            dpo: self.line(c.dpo.as_deref(), "[controller] dpo"),
            authority: self.words(&c.authority, "[controller] authority"),
        }
    }

    fn processing(&mut self, config: &Config) -> ProcessingUse {
        let p = &config.processing;
        let language = self.language;
        let transfers = match &p.transfers {
            None => self.or_none(std::iter::empty()).remove(0),
            said => self.words(said, "[processing] transfers"),
        };
        let kept = p.kept(language).map(|kept| {
            let one = |k: crate::answer::Kept| format!("{} ({})", k.what, k.why);
            kept.into_iter().map(one).collect::<Vec<_>>()
        });
        ProcessingUse {
            product: self.words(&p.product, "[processing] product"),
            purpose: self.words(&p.purpose, "[processing] purpose"),
            basis: self.words(&p.basis, "[processing] basis"),
            categories: self.lines(p.categories.iter().cloned(), "[processing] categories"),
            recipients: match &p.recipients {
                Some(all) => self.or_none(all.iter().cloned()),
                None => vec![self.noted("[processing] recipients")],
            },
            retention: self.words(&p.retention, "[processing] retention"),
            transfers,
            decisions: self.words(&p.decisions, "[processing] decisions"),
            kept: self.lines(kept.unwrap_or_default().into_iter(), "[[processing.kept]]"),
        }
    }

    fn sources(&mut self, config: &Config) -> Vec<DataSource> {
        let register = &config.register;
        let mut sources = Vec::new();
        for origin in &register.origin {
            let provider = register.provider.iter().find(|p| p.id == origin.provider);
            sources.push(DataSource {
                campaign: Line::new(&origin.campaign),
                provider: Line::new(provider.map_or(&origin.provider, |p| &p.name)),
                from: Line::new(&origin.from),
                date: Line::new(&origin.date),
                why: self.line(origin.why.as_deref(), "[[origin]] why"),
            });
        }
        if sources.is_empty() {
            self.noted(NO_SOURCES);
        }
        sources
    }

    fn reviewers(&mut self, config: &Config) -> Vec<Line> {
        let all = config.review.reviewers.iter();
        self.lines(
            all.map(|r| r.address.as_str().to_owned()),
            "[review] reviewers",
        )
    }

    /// Where a source letter may plead legitimate interest.
    fn countries(&self, config: &Config) -> Vec<Line> {
        let all = config.policy.settings.countries.iter();
        let plead = all.filter(|(_, rule)| **rule == CountryRule::LegitimateInterest);
        self.or_none(plead.map(|(country, _)| country.clone()))
    }

    fn facts(
        mut self,
        config: &Config,
        date: jiff::civil::Date,
        year: i16,
        figures: Option<ComplianceFigures>,
    ) -> ComplianceFacts {
        let policy = &config.policy.settings;
        let (controller, processing, sources) = (
            self.firm(config),
            self.processing(config),
            self.sources(config),
        );
        ComplianceFacts {
            language: self.language,
            date,
            year,
            version: Line::new(env!("CARGO_PKG_VERSION")),
            file: Line::new(&config.file.to_string_lossy()),
            controller,
            processing,
            sources,
            no_sources: to_complete(self.language, NO_SOURCES),
            mailboxes: self.or_none(
                config
                    .mailboxes
                    .iter()
                    .map(|m| m.address.as_str().to_owned()),
            ),
            tools: self.lines(config.senders.iter().map(|s| s.name.clone()), "[[sender]]"),
            systems: self.or_none(config.systems.iter().map(|s| s.name.clone())),
            reviewers: self.reviewers(config),
            countries: self.countries(config),
            stop: word(policy.stop),
            source: word(policy.source),
            access: word(policy.access),
            erasure: word(policy.erasure),
            learned: config.reader.learned,
            content_days: config.retention.content_days,
            proof_days: config.retention.proof_days,
            key_backup_days: config.store.key_backup_days,
            figures,
            to_complete: self.missing,
        }
    }
}
