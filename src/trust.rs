//! Which servers are believed: those whom the system's authorities vouch for, and those of a `ca_file` beside them.
//!
//! One place for IMAP, SMTP and HTTP, because a second one would one day believe more. There is no switch to turn it off.

use rustls_platform_verifier::Verifier;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, Error};

/// Why no connection can be protected.
#[derive(Debug, thiserror::Error)]
pub enum Untrusting {
    /// The file with a firm's own authority.
    #[error("ca_file {file} {why}")]
    CaFile {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The system's certificates.
    #[error(transparent)]
    System(#[from] Error),
}

/// What protected connections are opened with; the system's certificates are read here, once.
///
/// # Errors
/// If `ca_file` cannot be read or holds no certificate, or the system has none.
pub fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, Untrusting> {
    let roots = ca_file.map(read).transpose()?.unwrap_or_default();
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))?;
    // "dangerous" is rustls's word for any verifier that one names; this one is the platform's.
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, Untrusting> {
    let wrong = |why: String| Untrusting::CaFile {
        file: path.display().to_string(),
        why,
    };
    let all = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| wrong(format!("cannot be read: {e}")))?;
    match all.is_empty() {
        true => Err(wrong("holds no certificate".to_owned())),
        false => Ok(all),
    }
}
