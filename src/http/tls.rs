//! Says why a server of the web is not believed, in words that an operator can act on; who is, `trust` says.

use super::trouble::{Trouble, TroubleKind};
use crate::trust::{self, Untrusting};
use std::path::Path;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{CertificateError, Error};

/// What connections are opened with; reads the system's certificates. The error says what and what to do.
pub(super) fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, (String, &'static str)> {
    trust::connector(ca_file).map_err(|e| {
        let fix = match e {
            Untrusting::CaFile { .. } => {
                "write the path of a PEM file that holds the authority's certificate"
            }
            Untrusting::System(_) => "install the system's certificates (ca-certificates)",
        };
        (e.to_string(), fix)
    })
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
