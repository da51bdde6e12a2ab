//! What makes two addresses one person, and what is no address.

use super::*;

fn a(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[test]
fn a_tag_never_hides_a_person_and_dots_count_outside_gmail() {
    assert_eq!(
        a("Jean.Dupont+crm@Gmail.com").canonical().as_str(),
        "jeandupont@gmail.com"
    );
    assert_eq!(
        a("jean.dupont@googlemail.com").canonical(),
        a("jeandupont@gmail.com").canonical()
    );
    assert_ne!(
        a("jean.dupont@example.com").canonical(),
        a("jeandupont@example.com").canonical()
    );
    assert!(a("A+b@example.com").same_person(&a("a@EXAMPLE.com")));
    assert_eq!(
        a("+33123@example.com").canonical().as_str(),
        "+33123@example.com"
    );
}

#[test]
fn a_domain_has_one_spelling() {
    assert_eq!(a("x@Müller.de"), a("X@xn--mller-kva.de"));
    assert_eq!(a("x@example.com.").domain(), "example.com");
}

#[test]
fn what_could_break_a_header_is_no_address() {
    for bad in [
        "",
        "x",
        "@x.de",
        "x@",
        "a b@x.de",
        "a\r\nBcc: y@x.de",
        "x@x..de",
        "<x@x.de>",
        "x@-",
        "a,b@x.de",
    ] {
        assert!(Address::parse(bad).is_err(), "{bad:?}");
    }
    assert!(Address::parse(&format!("{}@x.de", "l".repeat(65))).is_err());
}

#[test]
fn logs_see_a_masked_address() {
    let shown = format!("{:?}", a("jean.dupont@entreprise.com"));
    assert_eq!(shown, "j…@e…e.com");
    assert_eq!(a("x@ab.de").masked(), "x…@a….de");
}

#[test]
fn freemail_table_is_sorted() {
    assert!(
        FREEMAIL.is_sorted(),
        "sort it: {:?}",
        FREEMAIL.windows(2).find(|w| w[0] > w[1])
    );
    assert!(a("x@gmx.de").is_freemail() && !a("x@example.com").is_freemail());
}
