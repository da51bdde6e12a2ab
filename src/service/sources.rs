//! Where the data of a person come from, as letters tell it: by their row of the register, else by the rules of its campaign.
//!
//! A letter states days that the register or a rule states, all of them, and none that has not come yet.

use super::house::House;
use crate::answer::{self, Line};
use crate::record::{Contact, Origin, RequestKind};
use crate::register::{self, Days, Provider, ProviderRole};
use crate::request::LetterPlan;
use jiff::civil::Date;

/// The origins, and who supplied data. What is known only in part stands in a copy alone, which tells any available information
/// (Art. 15(1)(g)); a source letter tells it of each datum, or is not written.
pub(super) fn told(
    house: &House,
    contact: &Contact,
    plan: &LetterPlan,
    today: Date,
) -> (Vec<answer::Origin>, Vec<answer::Provider>) {
    let settings = &house.config.register;
    let (origins, vague) = register::known_origins(contact, &settings.origin);
    let answers = |kind| plan.answers.contains(&kind);
    let in_part = answers(RequestKind::Access) && !answers(RequestKind::Source);
    if vague.is_some() && !in_part {
        return Default::default();
    }
    let mut providers: Vec<answer::Provider> = Vec::new();
    let mut told = Vec::new();
    for origin in origins {
        let id = origin.provider.as_deref().unwrap_or_default();
        let mut all = settings.provider.iter();
        let known = all.find(|p| p.id == id || p.name == id);
        if let Some(known) = known
            && !providers.iter().any(|k| k.name.as_str() == known.name)
        {
            providers.push(provider(known));
        }
        let name = Line::new(known.map_or(id, |p| &p.name));
        told.push(of(&origin, name, today));
    }
    (told, providers)
}

fn provider(known: &Provider) -> answer::Provider {
    answer::Provider {
        name: Line::new(&known.name),
        contact: known.contact.as_deref().map(Line::new),
        role: match known.role {
            ProviderRole::Processor => answer::ProviderRole::Processor,
            ProviderRole::Controller => answer::ProviderRole::Controller,
        },
    }
}

fn of(origin: &Origin, provider: Line, today: Date) -> answer::Origin {
    let there = |text: &Line| !text.is_empty();
    let days = origin.date.as_deref().and_then(|d| Days::of_rule(d).ok());
    let days = days.filter(|days| days.first <= today);
    let last = days.map(|days| days.last.min(today));
    answer::Origin {
        data: origin.data.iter().map(|d| Line::new(d)).collect(),
        provider: Some(provider).filter(there),
        from: origin.from.as_deref().map(Line::new).filter(there),
        date: days.map(|days| days.first),
        until: last.filter(|last| days.is_some_and(|days| *last > days.first)),
        public: origin.public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_states_both_days_and_none_that_has_not_come() {
        let told = |written: &str, today: &str| {
            let origin = Origin {
                date: Some(written.to_owned()),
                ..Origin::default()
            };
            let told = of(&origin, Line::default(), today.parse().unwrap());
            let day = |day: Option<Date>| day.map(|d| d.to_string()).unwrap_or_default();
            format!("{} {}", day(told.date), day(told.until))
        };
        let march = "2026-03-01..2026-03-12";
        assert_eq!(told(march, "2026-11-30"), "2026-03-01 2026-03-12");
        assert_eq!(told(march, "2026-03-05"), "2026-03-01 2026-03-05");
        assert_eq!(told(march, "2026-03-01"), "2026-03-01 ");
        assert_eq!(told(march, "2026-02-28"), " ");
        assert_eq!(told("2026-03-01", "2026-11-30"), "2026-03-01 ");
        assert_eq!(told("last year", "2026-11-30"), " ");
    }
}
