//! The demo's folder and its configuration: an ordinary one, as any operator could have written it.

use crate::answer::builtin_templates;
use crate::sandbox::samples;
use anyhow::Result;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The mailbox's password; it opens nothing but the demo.
pub const PASSWORD: &str = "demo";

/// A folder of its own, which stays so that one can look.
pub struct Place {
    folder: PathBuf,
}

impl Place {
    /// Makes it.
    pub fn new() -> Result<Self> {
        let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
        let folder =
            std::env::temp_dir().join(format!("quitus-demo-{stamp}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("letters"))?;
        Ok(Self { folder })
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the letters go, as .eml.
    pub fn letters(&self) -> PathBuf {
        self.folder.join("letters")
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// The templates, where whoever looks may change them.
    pub fn templates(&self) -> PathBuf {
        self.folder.join("templates")
    }

    /// Lays copies of the templates that Quitus brings along into the demo's own folder.
    pub fn write_templates(&self) -> Result<()> {
        for source in builtin_templates() {
            let file = self.templates().join(&source.path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(file, source.text)?;
        }
        Ok(())
    }

    /// Writes the configuration and says where.
    pub fn write_configuration(
        &self,
        imap: SocketAddr,
        smtp: SocketAddr,
        tool: SocketAddr,
    ) -> Result<PathBuf> {
        std::fs::write(self.folder.join("password"), PASSWORD)?;
        let file = self.folder.join("quitus.toml");
        let text = CONFIGURATION
            .replace("@MAILBOX@", samples::MAILBOX)
            .replace("@PRIVACY@", samples::PRIVACY)
            .replace("@FIRM@", samples::FIRM)
            .replace("@AUTHSERV@", samples::AUTHSERV_ID)
            .replace("@IMAP@", &imap.port().to_string())
            .replace("@SMTP@", &smtp.port().to_string())
            + TEMPLATES
            + &SENDER.replace("@TOOL@", &tool.to_string());
        std::fs::write(&file, text)?;
        Ok(file)
    }
}

/// The firm's own templates: saved, published and taken back like everybody's.
const TEMPLATES: &str = "
[templates]
path = \"templates\"
";

/// The tool that sends the demo's campaigns.
const SENDER: &str = "
[[sender]]
name = \"sequencer\"
preset = \"lemlist\"
base = \"http://@TOOL@/api\"
per_minute = 6000
secret = { file = \"password\" }
";

/// As an operator would write it; without delay and office hours, because nobody waits for a demo.
const CONFIGURATION: &str = include_str!("quitus.toml");
