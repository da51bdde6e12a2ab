//! What an answer must look like, and what is usual where nothing is said.

use super::asking::Tongue;
use crate::cli::edge::End;
use crate::record::Address;
use std::path::{Path, PathBuf};

/// A path that the person named from where they are; the configuration's own paths count from its folder.
pub fn absolute(path: &Path) -> Result<PathBuf, End> {
    Ok(std::path::absolute(path)?)
}

/// An address.
pub fn mail_address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|e| e.to_string())
}

/// Addresses with commas between them, nobody twice.
pub fn addresses(text: &str) -> Result<Vec<Address>, String> {
    let mut all: Vec<Address> = Vec::new();
    for one in text.split(',').map(str::trim).filter(|t| !t.is_empty()) {
        let one = mail_address(one)?;
        if !all.iter().any(|a| a.same_person(&one)) {
            all.push(one);
        }
    }
    Ok(all)
}

/// Two letters.
pub fn country(text: &str, tongue: Tongue) -> Result<String, String> {
    let code = text.trim().to_ascii_uppercase();
    let two = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    let why = tongue.of(
        "write two letters, such as FR",
        "écrivez deux lettres, comme FR",
    );
    two.then_some(code).ok_or_else(|| why.to_owned())
}

/// The name of a time zone.
pub fn known_zone(text: &str, tongue: Tongue) -> Result<String, String> {
    let known = jiff::tz::TimeZone::get(text).is_ok();
    let why = tongue.of(
        "is no time zone; write it as Europe/Paris",
        "n'est pas un fuseau ; écrivez-le comme Europe/Paris",
    );
    known
        .then(|| text.to_owned())
        .ok_or_else(|| format!("\"{text}\" {why}"))
}

/// As the domain of the address ends.
pub fn usual_country(domain: &str, tongue: Tongue) -> Option<String> {
    let end = domain.rsplit('.').next().unwrap_or_default();
    match end {
        "uk" => Some("GB".to_owned()),
        // Sold to everybody, whatever their countries are.
        "io" | "co" | "ai" | "me" | "tv" | "eu" | "cc" | "ly" | "to" | "gg" | "so" => None,
        end if end.len() == 2 => Some(end.to_ascii_uppercase()),
        _ => None,
    }
    .or_else(|| (tongue == Tongue::Fr).then(|| "FR".to_owned()))
}

/// Of a country with one time zone that one, else this machine's.
pub fn usual_zone(country: &str) -> String {
    let city = match country {
        "FR" => "Paris",
        "BE" => "Brussels",
        "CH" => "Zurich",
        "LU" => "Luxembourg",
        "DE" => "Berlin",
        "AT" => "Vienna",
        "IT" => "Rome",
        "NL" => "Amsterdam",
        "IE" => "Dublin",
        "GB" => "London",
        "PL" => "Warsaw",
        "SE" => "Stockholm",
        "DK" => "Copenhagen",
        "NO" => "Oslo",
        "FI" => "Helsinki",
        "CZ" => "Prague",
        "RO" => "Bucharest",
        "GR" => "Athens",
        "HU" => "Budapest",
        _ => "",
    };
    if !city.is_empty() {
        return format!("Europe/{city}");
    }
    let machine = jiff::tz::TimeZone::system();
    machine.iana_name().unwrap_or("Europe/Paris").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_zone_is_known_and_every_answer_is_judged() {
        for code in [
            "FR", "BE", "CH", "LU", "DE", "AT", "IT", "NL", "IE", "GB", "PL", "SE", "DK", "NO",
            "FI", "CZ", "RO", "GR", "HU",
        ] {
            let zone = usual_zone(code);
            assert!(known_zone(&zone, Tongue::En).is_ok(), "{zone}");
        }
        assert!(known_zone("Paris", Tongue::Fr).is_err());
        assert_eq!(country("fr", Tongue::En).as_deref(), Ok("FR"));
        assert!(country("France", Tongue::En).is_err());
        let two = addresses("a@x.example, b@x.example,A@X.example").unwrap();
        assert_eq!(two.len(), 2);
        assert!(addresses("a@x.example;b").is_err() && addresses("").unwrap().is_empty());
    }

    #[test]
    fn the_country_is_that_of_the_domain_unless_everybody_buys_there() {
        let usual = |domain| usual_country(domain, Tongue::En);
        assert_eq!(usual("acme.de").as_deref(), Some("DE"));
        assert_eq!(usual("acme.co.uk").as_deref(), Some("GB"));
        assert_eq!((usual("acme.io"), usual("acme.com")), (None, None));
        assert_eq!(usual_country("acme.io", Tongue::Fr).as_deref(), Some("FR"));
    }
}
