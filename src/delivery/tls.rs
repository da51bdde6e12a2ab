//! Trusts a server, or says in words that an operator can act on why not.
//!
//! The system's authorities decide, and those of `ca_file` beside them; the name must be the one in the settings. There
//! is no switch to turn this off.

use super::outcome::{Phase, Problem, Trouble};
use super::settings::{Security, SmtpSettings};
use crate::trust::Untrusting;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{CertificateError, Error};

/// What a TLS connection is opened with.
#[derive(Clone)]
pub(super) struct Trust {
    pub(super) connector: TlsConnector,
    pub(super) name: ServerName<'static>,
}

/// What the settings ask for; nothing where they ask for no TLS.
pub(super) fn trust<P>(settings: &SmtpSettings<P>) -> Result<Option<Trust>, Problem> {
    if settings.security == Security::None {
        return Ok(None);
    }
    let problem = |reply: String| Problem {
        phase: Phase::Tls,
        trouble: Trouble::Tls,
        reply,
    };
    let bare = settings.host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(bare)
        .map_err(|_| problem("the host is not a name that a certificate can have".into()))?;
    let connector = crate::trust::connector(settings.ca_file.as_deref());
    let connector = connector.map_err(|e| match e {
        Untrusting::System(error) => problem(words(&error)),
        file => problem(file.to_string()),
    })?;
    Ok(Some(Trust { connector, name }))
}

/// Why a handshake failed, for an operator; `None` if it was the network that failed and not TLS.
pub(super) fn why(error: &std::io::Error) -> Option<String> {
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<Error>());
    inner.map(words)
}

fn words(error: &Error) -> String {
    use CertificateError as C;
    let Error::InvalidCertificate(certificate) = error else {
        return match error {
            Error::InvalidMessage(_) => {
                "the server does not speak TLS on this port (security = \"starttls\"?)".into()
            }
            other => format!("no TLS connection: {other}"),
        };
    };
    match certificate {
        C::Expired | C::ExpiredContext { .. } => "the server's certificate has expired".into(),
        C::NotValidYet | C::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet (is this machine's clock right?)".into()
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            "the server's certificate has another name than `host`".into()
        }
        C::UnknownIssuer => {
            "the server's certificate is from an unknown authority (name its file in `ca_file`)"
                .into()
        }
        C::Revoked => "the server's certificate has been revoked".into(),
        other => format!("the server's certificate is not valid: {other}"),
    }
}
