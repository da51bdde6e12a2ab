//! A tool with a preset: which steps an act is, for which addresses, and what their answers mean together.

use super::answer::Hidden;
use super::builtin;
use super::connector::Key;
use super::preset::{Act, Otherwise, Preset};
use super::settings::SenderSettings;
use super::template::{self, Templates, encoded};
use super::told::{Limits, Pulled, Told, Trouble, TroubleKind};
use super::walk::{Walk, Walked, call_of};
use crate::http::{Http, Target};
use crate::record::{Address, Fault, NoticeAct, Whom};
use std::collections::BTreeMap;
use tera::Context;

/// Bytes of an answer to one person's notice.
const ANSWER: usize = 1 << 20;
/// Bytes of a page of a pull.
const PAGE: usize = 16 << 20;

/// A preset that is ready to be used.
pub(super) struct Tool {
    pub(super) preset: Preset,
    templates: Templates,
    http: Http,
    key: Key,
    with: BTreeMap<String, String>,
}

impl Tool {
    /// Reads the preset; opens no connection. Mistakes of the block itself have no file: the caller knows it.
    pub(super) fn new(settings: &SenderSettings) -> Result<Self, Vec<Fault>> {
        let own = |what: String, fix: &str| {
            Fault::of_file("", format!("sender {}: {what}", settings.name), fix)
        };
        let (file, text) = text(settings).map_err(|(what, fix)| vec![own(what, &fix)])?;
        let (preset, templates) = template::load(&file, &text, &settings.with)?;
        let mut faults = values_of(settings, &preset, own);
        let mut with = preset.defaults.clone();
        with.extend(settings.with.clone());
        let mut http = None;
        if faults.is_empty() {
            match connection(settings, &templates, &with) {
                Ok(made) => http = Some(made),
                Err((what, fix)) if settings.base.is_none() && !what.starts_with("ca_file") => {
                    let place = preset.base.span().start;
                    faults.push(Fault::at(&file, &text, place, what, fix));
                }
                Err((what, fix)) => faults.push(own(what, fix)),
            }
        }
        let key = settings.secret.clone().map(Key::new);
        match (http, key) {
            (Some(http), Some(key)) => Ok(Self {
                preset,
                templates,
                http,
                key,
                with,
            }),
            _ => Err(faults),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            at_once: self.preset.limits.at_once,
            per_minute: self.preset.limits.per_minute,
        }
    }

    /// Calls that were not found in documentation.
    pub(super) fn unverified(&self) -> Vec<String> {
        let mut all = Vec::new();
        for act in Act::ALL {
            for step in self.preset.steps(act) {
                all.extend(
                    step.unverified
                        .iter()
                        .map(|why| format!("{}: {}: {why}", act.word(), call_of(step))),
                );
            }
        }
        all
    }

    /// The steps of a notice; nothing if the vendor has no such call.
    pub(super) fn act(&self, act: NoticeAct, whom: &Whom) -> Option<Act> {
        let domain = whom.domain.is_some();
        let act = match (act, domain) {
            (NoticeAct::Suppress, false) => Act::Suppress,
            (NoticeAct::Pause, false) => Act::Pause,
            (NoticeAct::Lift, false) => Act::Lift,
            (NoticeAct::Suppress, true) => Act::DomainSuppress,
            // A pause is what can be lifted again.
            (NoticeAct::Pause, true) if self.preset.domain_lift.is_empty() => return None,
            (NoticeAct::Pause, true) => Act::DomainSuppress,
            (NoticeAct::Lift, true) => Act::DomainLift,
        };
        (!self.preset.steps(act).is_empty()).then_some(act)
    }

    /// Tells it, address after address.
    pub(super) async fn tell(&self, notice: NoticeAct, whom: &Whom) -> Told {
        let Some(act) = self.act(notice, whom) else {
            return Told::Refused {
                words: self.impossible(notice, whom),
            };
        };
        let whole = whom.domain.as_deref().map(|d| ("domain", d));
        let each: Vec<(&str, &str)> = match whole {
            Some(domain) => vec![domain],
            None => whom
                .addresses
                .iter()
                .map(|a| ("address", a.as_str()))
                .collect(),
        };
        if each.is_empty() {
            let words = "it knows people by their address, and none is known".to_owned();
            return Told::Unknown { words };
        }
        let (count, mut obeyed, mut refused, mut later) = (each.len(), 0, None, None);
        for (name, value) in each {
            let mut values = self.values(whom);
            values.insert(name, value);
            let walked = match self.walk(act, whom, values, ANSWER).await {
                Ok(walked) => walked,
                // An answer that nobody understands may be about this address alone.
                Err(trouble) if trouble.kind == TroubleKind::Answer => {
                    later.get_or_insert(trouble);
                    continue;
                }
                Err(trouble) => return Told::Later(trouble),
            };
            let not_yet = |words| Trouble::new(TroubleKind::Answer, words);
            later = later.or(walked.later.map(not_yet));
            obeyed += usize::from(walked.obeyed && walked.refused.is_none());
            refused = refused.or(walked.refused);
        }
        if let Some(trouble) = later {
            return Told::Later(trouble);
        }
        self.together(refused, obeyed, count)
    }

    /// What the answers for all addresses mean.
    fn together(&self, refused: Option<String>, obeyed: usize, count: usize) -> Told {
        match (refused, obeyed) {
            (Some(words), _) => Told::Refused { words },
            (None, 0) => Told::Unknown {
                words: format!("{} does not know them", self.preset.name),
            },
            (None, n) if n == count => Told::Obeyed {
                words: format!("{} obeys", self.preset.name),
            },
            (None, n) => Told::Obeyed {
                words: format!(
                    "{} obeys for {n} of {count} addresses; it does not know the others",
                    self.preset.name
                ),
            },
        }
    }

    /// Why it cannot be told of a pause.
    pub(super) fn cannot_pause(&self) -> String {
        self.impossible(NoticeAct::Pause, &Whom::default())
    }

    fn impossible(&self, notice: NoticeAct, whom: &Whom) -> String {
        let name = &self.preset.name;
        if whom.domain.is_some() {
            return format!(
                "{name} has no call for a whole domain; do it there by hand, or for each person"
            );
        }
        let act = match notice {
            NoticeAct::Suppress => Act::Suppress,
            NoticeAct::Pause => Act::Pause,
            NoticeAct::Lift => Act::Lift,
        };
        let own = self.preset.cannot.get(&act).cloned();
        own.unwrap_or_else(|| format!("{name} has no call to {}; do it there by hand", act.word()))
    }

    /// The tool's own opt-outs.
    pub(super) async fn pull(&self) -> Result<Pulled, Trouble> {
        let whom = Whom::default();
        let walked = self.walk(Act::Pull, &whom, self.common(), PAGE).await?;
        if let Some(words) = walked.refused.or(walked.later) {
            return Err(Trouble::new(TroubleKind::Answer, words));
        }
        let mut pulled = Pulled {
            complete: self.preset.complete_pull && !walked.cut,
            ..Pulled::default()
        };
        for entry in walked.entries {
            match entry.map(|text| Address::parse(text.trim())) {
                Some(Ok(address)) => pulled.addresses.push(address),
                _ => pulled.unreadable += 1,
            }
        }
        Ok(pulled)
    }

    /// A call that changes nothing and needs the key.
    pub(super) async fn test(&self) -> Result<String, Trouble> {
        let walked = self
            .walk(Act::Test, &Whom::default(), self.common(), PAGE)
            .await?;
        let calls: Vec<String> = self.preset.test.iter().map(call_of).collect();
        match walked.refused.or(walked.later) {
            Some(words) => Err(Trouble::new(TroubleKind::Answer, words)),
            None if !walked.obeyed => {
                let nothing = self
                    .preset
                    .test
                    .iter()
                    .all(|s| s.none == Otherwise::Unknown);
                let words = if nothing {
                    "it answered, but not as the preset expects"
                } else {
                    "it answered nothing"
                };
                Err(Trouble::new(
                    TroubleKind::Answer,
                    format!("{}: {words}", calls.join(", ")),
                ))
            }
            None => Ok(format!(
                "{} took our key ({})",
                self.preset.name,
                calls.join(", ")
            )),
        }
    }

    async fn walk(
        &self,
        act: Act,
        whom: &Whom,
        values: Context,
        at_most: usize,
    ) -> Result<Walked, Trouble> {
        let secret = self.key.read().await?;
        let mut hidden = hidden(whom);
        hidden.add([secret.expose(), &encoded(secret.expose())]);
        let walk = Walk {
            preset: &self.preset,
            templates: &self.templates,
            http: &self.http,
            secret,
            hidden,
            act,
            at_most,
        };
        let walked = walk.go(values).await;
        if walked.as_ref().is_err_and(|t| t.kind == TroubleKind::Login) {
            self.key.forget();
        }
        walked
    }

    fn common(&self) -> Context {
        let mut values = Context::new();
        values.insert("with", &self.with);
        values
    }

    fn values(&self, whom: &Whom) -> Context {
        let mut values = self.common();
        for (name, value) in [
            ("phone", &whom.phone),
            ("profile_url", &whom.profile_url),
            ("crm_id", &whom.crm_id),
        ] {
            values.insert(name, value.as_deref().unwrap_or_default());
        }
        values
    }
}

/// What of a person must not stand in words.
pub(super) fn hidden(whom: &Whom) -> Hidden {
    let mut hidden = Hidden::default();
    hidden.add(whom.addresses.iter().map(Address::as_str));
    hidden.add(whom.domain.as_deref());
    // Each of several by itself too: a tool may repeat one of them.
    let (phones, between) = (whom.phone.as_deref(), [';', ',', '|', '\n']);
    hidden.add(phones);
    hidden.add(phones.into_iter().flat_map(|p| p.split(between)));
    hidden.add(whom.profile_url.as_deref());
    hidden.add(whom.crm_id.as_deref());
    hidden
}

/// Where the preset was read, and what it says.
fn text(settings: &SenderSettings) -> Result<(String, String), (String, String)> {
    if let Some(name) = &settings.preset {
        let file = format!("config/senders/{name}.toml");
        return builtin::text(name)
            .map(|text| (file, text.to_owned()))
            .ok_or_else(|| {
                (
                    format!("there is no preset \"{name}\""),
                    format!("known are {}", builtin::names()),
                )
            });
    }
    let path = settings.file.clone().unwrap_or_default();
    let fix = "write the path of a preset, as in file = \"senders/ours.toml\"".to_owned();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path.display().to_string(), text)),
        Err(e) => Err((format!("{} cannot be read: {e}", path.display()), fix)),
    }
}

/// What is wrong with `with`.
fn values_of(
    settings: &SenderSettings,
    preset: &Preset,
    own: impl Fn(String, &str) -> Fault,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, what) in &preset.needs {
        if !settings.with.contains_key(name) {
            let fix = format!("add with = {{ {name} = \"…\" }}: {what}");
            faults.push(own(
                format!("{} needs a value \"{name}\"", preset.name),
                &fix,
            ));
        }
    }
    for name in settings.with.keys() {
        if !preset.needs.contains_key(name) && !preset.defaults.contains_key(name) {
            let known: Vec<&str> = preset
                .needs
                .keys()
                .chain(preset.defaults.keys())
                .map(String::as_str)
                .collect();
            let fix = if known.is_empty() {
                "remove it".to_owned()
            } else {
                format!("it knows {}", known.join(", "))
            };
            faults.push(own(
                format!("{} knows no value \"{name}\"", preset.name),
                &fix,
            ));
        }
    }
    faults
}

fn connection(
    settings: &SenderSettings,
    templates: &Templates,
    with: &BTreeMap<String, String>,
) -> Result<Http, (String, &'static str)> {
    let base = match &settings.base {
        Some(base) => base.clone(),
        None => {
            let mut values = Context::new();
            values.insert("with", with);
            templates
                .render("base", &values)
                .map_err(|what| (what, "correct with"))?
        }
    };
    let told = |(what, fix): (&str, &'static str)| (format!("its base: {what}"), fix);
    let target = Target::parse(&base).map_err(told)?;
    if !target.query.is_empty() {
        return Err((
            "its base has a query".to_owned(),
            "write base without what follows the ?",
        ));
    }
    Http::new(target, settings.ca_file.as_deref(), settings.timeout())
}
