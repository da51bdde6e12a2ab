//! The settings of `quitus demo`, for real servers: what is shown with them is shown for what a newcomer runs.

use super::dovecot::Dovecot;
use quitus::sandbox::samples::{self, Sample};
use std::path::{Path, PathBuf};

/// How the SMTP server is reached: over TLS with the authority in the file, or in clear text on this machine.
pub struct Smtp<'a> {
    pub port: u16,
    pub authority: Option<&'a Path>,
}

/// The sample of this name.
pub fn sample(name: &str) -> Sample {
    let all = samples::all();
    *all.iter().find(|s| s.name == name).expect(name)
}

/// Writes the settings into `folder`, with the store beside them; IMAP is always over TLS.
pub fn configuration(folder: &Path, dovecot: &Dovecot, smtp: &Smtp<'_>, delay: u32) -> PathBuf {
    std::fs::write(folder.join("password"), "secret").unwrap();
    let ca = |file: &Path| format!("security = \"tls\"\nca_file = \"{}\"", file.display());
    let imap_security = ca(&dovecot.ca_file());
    let smtp_security = smtp
        .authority
        .map_or(String::from("security = \"none\""), ca);
    let (imap, smtp) = (dovecot.imaps, smtp.port);
    let text = include_str!("../../src/cli/demo/quitus.toml")
        .replace("@MAILBOX@", samples::MAILBOX)
        .replace("@PRIVACY@", samples::PRIVACY)
        .replace("@FIRM@", samples::FIRM)
        .replace("@AUTHSERV@", samples::AUTHSERV_ID)
        .replace("delay_minutes = 0", &format!("delay_minutes = {delay}"))
        .replace(
            "@IMAP@\nsecurity = \"none\"",
            &format!("{imap}\n{imap_security}"),
        )
        .replace(
            "@SMTP@\nsecurity = \"none\"",
            &format!("{smtp}\n{smtp_security}"),
        );
    assert!(!text.contains('@') || !text.contains("= @"), "{text}");
    let file = folder.join("quitus.toml");
    std::fs::write(&file, text).unwrap();
    file
}
