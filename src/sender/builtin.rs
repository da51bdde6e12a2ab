//! The presets that come with Quitus; the files in config/senders are the same ones.

/// Name and text of each.
const PRESETS: &[(&str, &str)] = &[
    ("apollo", include_str!("../../config/senders/apollo.toml")),
    ("brevo", include_str!("../../config/senders/brevo.toml")),
    ("hubspot", include_str!("../../config/senders/hubspot.toml")),
    (
        "instantly",
        include_str!("../../config/senders/instantly.toml"),
    ),
    ("lemlist", include_str!("../../config/senders/lemlist.toml")),
    (
        "mailchimp",
        include_str!("../../config/senders/mailchimp.toml"),
    ),
    (
        "pipedrive",
        include_str!("../../config/senders/pipedrive.toml"),
    ),
    (
        "smartlead",
        include_str!("../../config/senders/smartlead.toml"),
    ),
];

/// The text of one.
pub(super) fn text(name: &str) -> Option<&'static str> {
    PRESETS
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, text)| *text)
}

/// All their names, for messages.
pub(super) fn names() -> String {
    let names: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}
