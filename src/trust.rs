//! Which servers are believed: those whom the system's authorities vouch for, and those of a `ca_file` beside them.
//!
//! One place for IMAP, SMTP and HTTP, because a second one would one day believe more. There is no switch to turn it off.

use rustls_platform_verifier::Verifier;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
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

/// How long certificates that were read are good for whoever comes next with the same `ca_file`. Five hundred mailboxes that are opened together share
/// the hundred and fifty authorities of the system; a certificate that was put right is seen a minute later.
const SHARED_FOR: Duration = Duration::from_secs(60);

/// What was read lately and is still used: its `ca_file`, what was in it, when.
struct Shared {
    ca_file: Option<PathBuf>,
    roots: Vec<CertificateDer<'static>>,
    read: Instant,
    config: Weak<ClientConfig>,
}

static SHARED: Mutex<Vec<Shared>> = Mutex::new(Vec::new());

/// What protected connections are opened with; the system's certificates are read here, once for all who come within a minute.
///
/// # Errors
/// If `ca_file` cannot be read or holds no certificate, or the system has none.
pub fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, Untrusting> {
    let roots = ca_file.map(read).transpose()?.unwrap_or_default();
    // Held while the system's are read: of many who come together, one reads.
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.retain(|s| s.read.elapsed() < SHARED_FOR && s.config.strong_count() > 0);
    let mut alike = shared.iter();
    let alike = alike.find(|s| s.ca_file.as_deref() == ca_file && s.roots == roots);
    if let Some(config) = alike.and_then(|s| s.config.upgrade()) {
        return Ok(TlsConnector::from(config));
    }
    let config = Arc::new(config(roots.clone())?);
    shared.push(Shared {
        ca_file: ca_file.map(Path::to_owned),
        roots,
        read: Instant::now(),
        config: Arc::downgrade(&config),
    });
    Ok(TlsConnector::from(config))
}

fn config(roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Untrusting> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))?;
    // "dangerous" is rustls's word for any verifier that one names; this one is the platform's.
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(file: &Path) {
        let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        std::fs::write(file, made.cert.pem()).unwrap();
    }

    fn same(a: &TlsConnector, b: &TlsConnector) -> bool {
        Arc::ptr_eq(a.config(), b.config())
    }

    #[test]
    fn who_trusts_the_same_shares_it_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("1.pem"), folder.path().join("2.pem"));
        authority(&one);
        authority(&other);
        let first = connector(Some(&one)).unwrap();
        assert!(same(&first, &connector(Some(&one)).unwrap()));
        assert!(!same(&first, &connector(Some(&other)).unwrap()));
        assert!(!same(&first, &connector(None).unwrap()));
        // What was put right is believed at once, and what is gone no longer.
        authority(&one);
        assert!(!same(&first, &connector(Some(&one)).unwrap()));
        std::fs::remove_file(&one).unwrap();
        assert!(connector(Some(&one)).is_err());
    }
}
