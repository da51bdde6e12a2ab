//! Trusts a sender's server, or says in words that an operator can act on why not.
//!
//! The system's authorities decide, and those of `ca_file` beside them. There is no switch to turn this off.

use super::told::{Trouble, TroubleKind};
use rustls_platform_verifier::Verifier;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error};

/// What connections are opened with; reads the system's certificates. The error says what and what to do.
pub(super) fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, (String, &'static str)> {
    let roots = match ca_file {
        Some(file) => read(file)?,
        None => Vec::new(),
    };
    let other = |e: Error| {
        (
            format!("TLS cannot be set up: {e}"),
            "install the system's certificates (ca-certificates)",
        )
    };
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(other)?;
    // "dangerous" is rustls's word for any verifier that one names; this one is the platform's.
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, (String, &'static str)> {
    let fix = "write the path of a PEM file that holds the authority's certificate";
    let shown = file.display();
    let all = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| (format!("ca_file {shown} cannot be read: {e}"), fix))?;
    if all.is_empty() {
        return Err((format!("ca_file {shown} holds no certificate"), fix));
    }
    Ok(all)
}

/// Why a handshake failed.
pub(super) fn trouble(error: &std::io::Error) -> Trouble {
    use CertificateError as C;
    let Some(inner) = error.get_ref().and_then(|e| e.downcast_ref::<Error>()) else {
        return Trouble::new(
            TroubleKind::Connect,
            format!(
                "the connection broke while TLS was set up: {}",
                error.kind()
            ),
        );
    };
    let Error::InvalidCertificate(certificate) = inner else {
        return Trouble::new(TroubleKind::Connect, format!("no TLS connection: {inner}"));
    };
    let words = match certificate {
        C::Expired | C::ExpiredContext { .. } => "the server's certificate has expired",
        C::NotValidYet | C::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet (is this machine's clock right?)"
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            "the server's certificate has another name"
        }
        C::UnknownIssuer => {
            "the server's certificate is from an unknown authority (name its file in `ca_file`)"
        }
        C::Revoked => "the server's certificate has been revoked",
        _ => "the server's certificate is not valid",
    };
    Trouble::new(TroubleKind::Certificate, words)
}
