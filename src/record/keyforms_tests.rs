//! One normal form for the many ways in which people write a number or a page; none where it is doubtful.

use super::*;

/// Country, as written, normal form.
const PHONES: &[(&str, &str, &str)] = &[
    ("FR", "06 12 34 56 78", "+33612345678"),
    ("FR", "06.12.34.56.78", "+33612345678"),
    ("FR", "06-12-34-56-78", "+33612345678"),
    ("fr", "+33 6 12 34 56 78", "+33612345678"),
    ("FR", "+33 (0)6 12 34 56 78", "+33612345678"),
    ("FR", "+33 06 12 34 56 78", "+33612345678"),
    ("FR", "0033612345678", "+33612345678"),
    ("FR", "tel:+33-6-12-34-56-78", "+33612345678"),
    ("FR", "01\u{a0}23\u{202f}45\u{a0}67\u{a0}89", "+33123456789"),
    ("FR", "+49 30 901820", "+4930901820"),
    ("", "+33612345678", "+33612345678"),
    ("FR", "612345678", ""),
    ("FR", "33612345678", ""),
    ("FR", "06 12 34 56 7", ""),
    ("FR", "06 12 34 56 78 99", ""),
    ("FR", "3615", ""),
    ("FR", "06 12 34 56 78 poste 12", ""),
    ("FR", "06 12 34 56 78 / 07 11 22 33 44", ""),
    ("FR", "n/a", ""),
    ("FR", "+", ""),
    ("", "06 12 34 56 78", ""),
    ("US", "06 12 34 56 78", ""),
    ("DE", "030 / 901820", "+4930901820"),
    ("DE", "0171 1234567", "+491711234567"),
    ("ES", "612 34 56 78", "+34612345678"),
    ("ES", "0612345678", ""),
    ("IT", "06 1234 5678", "+390612345678"),
    ("IT", "+39 (0)6 1234 5678", "+390612345678"),
    ("IT", "347 123 4567", "+393471234567"),
    ("NL", "020 123 4567", "+31201234567"),
    ("PT", "912 345 678", "+351912345678"),
    ("BE", "02 123 45 67", "+3221234567"),
    ("BE", "0470 12 34 56", "+32470123456"),
    ("CH", "044 668 18 00", "+41446681800"),
    ("AT", "01 5356766", "+4315356766"),
    ("LU", "26 12 34 56", "+35226123456"),
    ("PL", "22 123 45 67", "+48221234567"),
    ("SE", "08-123 456 78", "+46812345678"),
    ("DK", "32 12 34 56", "+4532123456"),
    ("NO", "22 12 34 56", "+4722123456"),
    ("FI", "09 1234 5678", "+358912345678"),
    ("CZ", "212 345 678", "+420212345678"),
    ("SK", "02/1234 5678", "+421212345678"),
    ("RO", "021 123 4567", "+40211234567"),
    ("HU", "06 1 234 5678", "+3612345678"),
    ("HU", "1 234 5678", ""),
    ("GR", "21 0123 4567", "+302101234567"),
    ("HR", "01 2345 678", "+38512345678"),
    ("BG", "02 123 4567", "+35921234567"),
    ("GB", "020 7946 0958", "+442079460958"),
    ("GB", "+44 (0)20 7946 0958", "+442079460958"),
    ("IE", "01 234 5678", "+35312345678"),
    ("FR", "+1 (212) 555-0123", "+12125550123"),
    ("FR", "+1 (0)212 555-0123", ""),
    ("FR", "+0 12 34 56 78", ""),
    ("FR", "++33612345678", ""),
];

#[test]
fn a_telephone_has_one_form_or_none() {
    for (country, written, normal) in PHONES {
        let country = Some(*country).filter(|c| !c.is_empty());
        let read = Phone::parse(written, country);
        let read = read.as_ref().map_or("", Phone::as_str);
        assert_eq!(read, *normal, "{written:?} in {country:?}");
    }
}

/// As written, normal form.
const PROFILES: &[(&str, &str)] = &[
    (
        "https://www.linkedin.com/in/jean-dupont",
        "linkedin.com/in/jean-dupont",
    ),
    (
        "https://www.linkedin.com/in/jean-dupont/",
        "linkedin.com/in/jean-dupont",
    ),
    (
        "http://linkedin.com/in/Jean-Dupont",
        "linkedin.com/in/jean-dupont",
    ),
    (
        "HTTPS://FR.LinkedIn.com/in/jean-dupont",
        "linkedin.com/in/jean-dupont",
    ),
    (
        "//de.linkedin.com/in/jean-dupont",
        "linkedin.com/in/jean-dupont",
    ),
    (
        "linkedin.com/in/jean-dupont?originalSubdomain=fr",
        "linkedin.com/in/jean-dupont",
    ),
    (
        "linkedin.com/in/jean-dupont/#about",
        "linkedin.com/in/jean-dupont",
    ),
    (
        "linkedin.com/in/jean-dupont/en",
        "linkedin.com/in/jean-dupont",
    ),
    (
        "linkedin.com//in//jean-dupont//",
        "linkedin.com/in/jean-dupont",
    ),
    (
        "www.linkedin.com/in/j%C3%A9r%C3%B4me",
        "linkedin.com/in/jérôme",
    ),
    ("www.linkedin.com/in/jérôme", "linkedin.com/in/jérôme"),
    (
        "www.linkedin.com/in/j%c3%a9r%c3%b4me",
        "linkedin.com/in/jérôme",
    ),
    (
        "https://linkedin.com/pub/jean-dupont/1/2a/3b",
        "linkedin.com/pub/jean-dupont/1/2a/3b",
    ),
    ("https://linkedin.com/pub/jean-dupont", ""),
    (
        "https://www.linkedin.com/sales/lead/ACwAAB,NAME_SEARCH,x",
        "linkedin.com/sales/ACwAAB",
    ),
    (
        "https://www.linkedin.com/sales/people/ACwAAB,x",
        "linkedin.com/sales/ACwAAB",
    ),
    (
        "https://www.xing.com/profile/Anna_Mueller2",
        "xing.com/profile/anna_mueller2",
    ),
    (
        "https://www.xing.com/people/Anna_Mueller2",
        "xing.com/profile/anna_mueller2",
    ),
    ("https://www.linkedin.com/company/dune", ""),
    ("https://www.linkedin.com/in/", ""),
    ("https://www.linkedin.com/in/%ff", ""),
    ("https://www.linkedin.com/in/a%2", ""),
    ("https://www.linkedin.com", ""),
    ("https://linkedin.com.evil.example/in/jean", ""),
    ("https://notlinkedin.com/in/jean", ""),
    ("https://a.b.linkedin.com/in/jean", ""),
    ("https://dune.example/team", ""),
    ("jean-dupont", ""),
    ("", ""),
];

#[test]
fn a_page_has_one_form_and_a_firms_page_none() {
    for (written, normal) in PROFILES {
        let read = Profile::parse(written);
        let read = read.as_ref().map_or("", Profile::as_str);
        assert_eq!(read, *normal, "{written:?}");
    }
}

#[test]
fn an_id_stays_as_it_is_and_nothing_is_no_id() {
    for (written, id) in [
        ("  C-0042 ", "C-0042"),
        ("ab", "ab"),
        ("AB", "AB"),
        ("42", "42"),
    ] {
        assert_eq!(CrmId::parse(written).unwrap().as_str(), id);
    }
    for none in ["", "  ", "0", "-", "N/A", "null", "None", "a\tb"] {
        assert_eq!(CrmId::parse(none), None, "{none:?}");
    }
}

#[test]
fn no_kind_is_taken_for_another() {
    let phone = Phone::parse("+33612345678", None).unwrap().key_form();
    let id = CrmId::parse("+33612345678").unwrap().key_form();
    let domain = KeyForm::of_domain("+33612345678");
    assert!(phone != id && id != domain && phone.as_str().contains('\0'));
    assert!(crate::record::Address::parse("\"phone\0+33612345678\"@x.example").is_err());
}
