//! The certificate of a listener: read at the start, and again when a file of it has changed: certificates live for weeks.

use std::io::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Reads both files; the setting that is wrong, and how.
pub(super) fn configuration(
    cert: &Path,
    key: &Path,
) -> Result<Arc<ServerConfig>, (&'static str, String)> {
    let unread =
        |path: &Path, e: &dyn std::fmt::Display| format!("{} cannot be read: {e}", path.display());
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| ("cert", unread(cert, &e)))?;
    if chain.is_empty() {
        return Err(("cert", format!("{} holds no certificate", cert.display())));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| ("key", unread(key, &e)))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| ("cert", e.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|e| {
            (
                "key",
                format!("{} does not fit the certificate: {e}", key.display()),
            )
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// After a renewed certificate that was no good: whoever renews writes two files, one after the other.
const PAUSE: Duration = Duration::from_secs(1);

/// When the files of the certificate and of its key were changed.
type Changed = [Option<SystemTime>; 2];

/// A certificate in use.
pub(super) struct Certified {
    cert: PathBuf,
    key: PathBuf,
    held: Mutex<Held>,
}

/// What is in use, and how the last try to renew it ended.
struct Held {
    acceptor: TlsAcceptor,
    /// Of the files that it was read from.
    changed: Changed,
    /// Why a newer one is no good, and when it is tried again.
    trouble: Option<(Instant, String)>,
}

impl Certified {
    /// Reads it.
    pub(super) fn open(cert: &Path, key: &Path) -> Result<Self, Error> {
        let changed = changed(cert, key);
        let config = configuration(cert, key).map_err(|(_, why)| Error::other(why))?;
        Ok(Self {
            cert: cert.to_owned(),
            key: key.to_owned(),
            held: Mutex::new(Held {
                acceptor: TlsAcceptor::from(config),
                changed,
                trouble: None,
            }),
        })
    }

    /// What the next connection is accepted with. A renewed certificate that is no good leaves the old one in use, and is
    /// tried again in a moment: perhaps its key was not written yet.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = changed(&self.cert, &self.key);
        let rests = |(until, _): &(Instant, String)| Instant::now() < *until;
        if changed == held.changed || held.trouble.as_ref().is_some_and(rests) {
            return held.acceptor.clone();
        }
        match configuration(&self.cert, &self.key) {
            Ok(config) => {
                *held = Held {
                    acceptor: TlsAcceptor::from(config),
                    changed,
                    trouble: None,
                };
                tracing::info!(cert = %self.cert.display(), "the certificate was read again");
            }
            Err((_, why)) => {
                let before = held.trouble.as_ref().map(|(_, before)| before);
                if before != Some(&why) {
                    tracing::error!(why, "the certificate before stays in use");
                }
                held.trouble = Some((Instant::now() + PAUSE, why));
            }
        }
        held.acceptor.clone()
    }
}

fn changed(cert: &Path, key: &Path) -> Changed {
    let of = |file: &Path| std::fs::metadata(file).and_then(|m| m.modified()).ok();
    [cert, key].map(of)
}
