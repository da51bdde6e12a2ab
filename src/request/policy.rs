//! The settings that say what the machine may do by itself: `[policy]` in the configuration, checked when it is loaded.
//!
//! Two types: [`PolicySettings`] as people write it, [`Policy`] as it may be relied on. What a machine may never decide
//! (rectification, restriction, portability, complaint) has no setting at all.

use super::calendar::Holidays;
use super::deadline::{Calendar, OfficeHours};
use super::floods::Floods;
use crate::intent::Thresholds;
use crate::record::{Fault, Language, RequestKind, Suppression};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether letters of a kind leave by themselves in live mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Automation {
    /// They do.
    Auto,
    /// A human releases each.
    Review,
}

/// What a question for the source entails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterSource {
    /// No more prospecting, and the letter says so.
    Suppress,
    /// A pause.
    Pause,
}

/// What a no without the wish to be left alone entails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotInterested {
    /// A pause.
    Pause,
    /// No more prospecting.
    Suppress,
    /// Nothing.
    Leave,
}

/// When a STOP is answered by a letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopAnswer {
    /// Always.
    Always,
    /// Only where the person wrote more than a few words, or was angry.
    LongOrAngry,
    /// Never: silence is what was asked for.
    Never,
}

/// What becomes of a letter when the tools that send have not confirmed in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unconfirmed {
    /// It says that a mail already scheduled may still come.
    Say,
    /// A human sees it first.
    Hold,
}

/// What the law of a country says of prospecting a firm by e-mail, as far as a source letter depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountryRule {
    /// It may rest on legitimate interest: a source letter may leave by itself.
    LegitimateInterest,
    /// It needs consent: a source letter that pleads legitimate interest would be a confession, so a human writes it.
    Consent,
}

/// `[policy.caps]`: A7, over all mailboxes together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// Automatic first letters to one person for one kind in 7 days. Default 1.
    pub person_kind_week: usize,
    /// Automatic first letters to one person in 24 hours. Default 3.
    pub person_day: usize,
    /// Automatic first letters to one domain in 24 hours, freemail excepted; at most 64. Default 10.
    pub domain_day: usize,
    /// Automatic letters an hour; what is over it waits for a later hour. 0 = no limit. Default 200.
    pub hour: u64,
    /// Letters of one case. Default 6.
    pub case: u8,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            person_kind_week: 1,
            person_day: 3,
            domain_day: 10,
            hour: 200,
            case: 6,
        }
    }
}

/// `[policy]`: what the machine may do by itself, in live mode. Every setting has a default, so an empty section is a whole policy.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySettings {
    /// STOP letters: whether they leave by themselves, or a human releases each. Default `auto`.
    pub stop: Automation,
    /// Source letters. Default `auto`: they leave only if the register proves everything they say.
    pub source: Automation,
    /// Access letters. Default `review`; `auto` needs every system to have delivered.
    pub access: Automation,
    /// Erasure letters. Default `review`.
    pub erasure: Automation,
    /// Look at the mailbox once more just before a letter leaves: \Answered, a draft, a mail in Sent (A9). Default true.
    pub look_again: bool,
    /// Acknowledgements of access and erasure. Default `auto`.
    pub acknowledgement: Automation,
    /// What a question for the source entails. Default `suppress`.
    pub after_source: AfterSource,
    /// What a no without the wish to be left alone entails. Default `pause`.
    pub not_interested: NotInterested,
    /// When a STOP is answered by a letter. Default `always`.
    pub stop_answer: StopAnswer,
    /// Minutes between the suppression and the letter, so that a human may be first. Default 15.
    pub delay_minutes: u32,
    /// Minutes that a letter waits until every sender has obeyed, so that it can say so. Default 10.
    pub letter_waits_minutes: u32,
    /// What becomes of it if they have not. Default `say`.
    pub unconfirmed: Unconfirmed,
    /// Days after which a letter that could not be delivered is given up. Default 5.
    pub letter_expiry_days: u32,
    /// The language of a letter when neither the message nor the register tells one. Default `fr`.
    pub default_language: Language,
    /// The controller's country (ISO 3166-1 alpha-2): its public holidays are no working days. Default `FR`.
    pub country: String,
    /// The controller's time zone (IANA). Default `Europe/Paris`.
    pub timezone: String,
    /// When letters may leave.
    pub office_hours: OfficeHours,
    /// A7.
    pub caps: Caps,
    /// B11: when a human is told that too many STOPs came.
    pub floods: Floods,
    /// Confidence by kind: the one source of what `quitus run`, `classify` and `decide` compare with.
    pub thresholds: Thresholds,
    /// What each country's law says; a country that is not here holds the source letter. Default: FR legitimate
    /// interest, DE and AT consent. Add others once your counsel has said which they are.
    pub countries: BTreeMap<String, CountryRule>,
}

impl Default for PolicySettings {
    fn default() -> Self {
        use CountryRule::{Consent, LegitimateInterest};
        let countries = [("FR", LegitimateInterest), ("DE", Consent), ("AT", Consent)];
        Self {
            stop: Automation::Auto,
            source: Automation::Auto,
            access: Automation::Review,
            erasure: Automation::Review,
            look_again: true,
            acknowledgement: Automation::Auto,
            after_source: AfterSource::Suppress,
            not_interested: NotInterested::Pause,
            stop_answer: StopAnswer::Always,
            delay_minutes: 15,
            letter_waits_minutes: 10,
            unconfirmed: Unconfirmed::Say,
            letter_expiry_days: 5,
            default_language: Language::Fr,
            country: "FR".into(),
            timezone: "Europe/Paris".into(),
            office_hours: OfficeHours::default(),
            caps: Caps::default(),
            floods: Floods::default(),
            thresholds: Thresholds::default(),
            countries: countries
                .iter()
                .map(|(c, r)| ((*c).to_owned(), *r))
                .collect(),
        }
    }
}

/// The policy in force: settings that were checked, and the calendar that they make.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The settings.
    pub settings: PolicySettings,
    /// Deadlines and office hours in the controller's time zone.
    pub calendar: Calendar,
}

impl Policy {
    /// Checks the settings; `zone` is the time zone that `settings.timezone` names (the core reads no zone files).
    /// All mistakes at once, each naming its setting, in `file`.
    pub fn new(
        settings: PolicySettings,
        zone: jiff::tz::TimeZone,
        file: &str,
    ) -> Result<Self, Vec<Fault>> {
        let faults = settings.faults(file);
        if !faults.is_empty() {
            return Err(faults);
        }
        let calendar = Calendar {
            zone,
            holidays: Holidays::of(&settings.country),
            office: settings.office_hours,
        };
        Ok(Self { settings, calendar })
    }

    /// What a request entails at once (rights.md, By kind).
    pub fn entails(&self, kind: RequestKind) -> Suppression {
        let pauses_source = self.settings.after_source == AfterSource::Pause;
        match kind {
            RequestKind::Source if pauses_source => Suppression::Paused,
            RequestKind::Stop | RequestKind::Source | RequestKind::Erasure => {
                Suppression::Suppressed
            }
            _ => Suppression::Paused,
        }
    }

    /// Whether letters of this kind may leave by themselves in live mode.
    pub fn automation(&self, kind: RequestKind) -> Automation {
        match kind {
            RequestKind::Stop => self.settings.stop,
            RequestKind::Source => self.settings.source,
            RequestKind::Access => self.settings.access,
            RequestKind::Erasure => self.settings.erasure,
            _ => Automation::Review,
        }
    }
}

impl PolicySettings {
    /// Limits that say what cannot be counted.
    fn counts(&self, wrong: &mut impl FnMut(bool, &str, &str)) {
        wrong(
            self.caps.domain_day > 64,
            "caps.domain_day: only the last 64 letters are remembered",
            "write a number up to 64",
        );
        wrong(
            self.floods.campaign_share > 100,
            "floods.campaign_share: more than all of a campaign",
            "write whole percents, as in 5; 0 is off",
        );
    }

    fn faults(&self, file: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut wrong = |bad: bool, what: &str, fix: &str| {
            if bad {
                faults.push(Fault::of_file(file, format!("[policy] {what}"), fix));
            }
        };
        self.counts(&mut wrong);
        let hours = &self.office_hours;
        wrong(
            hours.from >= hours.to || hours.to > 24,
            "office_hours: the day ends before it begins",
            "write whole hours, as in from = 9, to = 18",
        );
        wrong(
            hours.days == [false; 7],
            "office_hours.days: no day is an office day",
            "set at least one day to true (Monday is the first), or letters would wait for ever",
        );
        wrong(
            self.letter_expiry_days == 0,
            "letter_expiry_days: a letter would be given up before its first try",
            "write at least 1",
        );
        let t = &self.thresholds;
        wrong(
            [t.stop, t.source, t.access, t.erasure]
                .iter()
                .any(|c| !(0.0..=1.0).contains(c)),
            "thresholds: a confidence lies between 0 and 1",
            "write a number such as 0.7",
        );
        let codes = self.countries.keys().chain(std::iter::once(&self.country));
        for code in codes {
            wrong(
                code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()),
                &format!("\"{code}\" is not a country"),
                "write its two capital letters (ISO 3166-1), as in FR",
            );
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_a_whole_policy_and_a_misspelled_setting_is_a_mistake() {
        let settings: PolicySettings = toml::from_str("").unwrap();
        assert_eq!(settings, PolicySettings::default());
        assert!(Policy::new(settings, jiff::tz::TimeZone::UTC, "q.toml").is_ok());
        assert!(toml::from_str::<PolicySettings>("stopp = \"auto\"").is_err());
        assert!(toml::from_str::<PolicySettings>("complaint = \"auto\"").is_err());
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "country = \"fr\"\nletter_expiry_days = 0\n[office_hours]\nfrom = 18\nto = 9\n[caps]\ndomain_day = 99\n[thresholds]\nstop = 7.0";
        let faults = Policy::new(
            toml::from_str(text).unwrap(),
            jiff::tz::TimeZone::UTC,
            "q.toml",
        )
        .unwrap_err();
        assert_eq!(faults.len(), 5, "{faults:#?}");
    }
}
