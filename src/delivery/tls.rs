//! Trusts a server, or says in words that an operator can act on why not.
//!
//! The system's authorities decide, and those of `ca_file` beside them; the name must be the one in the settings. There
//! is no switch to turn this off.

use super::outcome::{Phase, Problem, Trouble};
use super::settings::{Security, SmtpSettings};
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, crypto::ring};

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
    let mut extra = Vec::new();
    if let Some(file) = &settings.ca_file {
        let shown = file.display();
        let read = CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|e| problem(format!("ca_file {shown} cannot be read: {e}")))?;
        if read.is_empty() {
            return Err(problem(format!("ca_file {shown} holds no certificate")));
        }
        extra = read;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier =
        rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
            .map_err(|e| problem(words(&e)))?;
    // "dangerous" is rustls's word for any verifier that one names; this one is the platform's.
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| problem(words(&e)))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Some(Trust {
        connector: TlsConnector::from(Arc::new(config)),
        name,
    }))
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
