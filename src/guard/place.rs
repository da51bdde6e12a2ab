//! Where a listener is asked: a port of an address, or a socket in the file system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A path longer than this cannot be bound.
const LONGEST_SOCKET: usize = 107;

/// Where somebody listens.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Listen {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Listen {
    /// Whether only this machine can reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }

    /// Whether it is a path that cannot be bound (`sun_path` of unix(7), with its final zero).
    pub fn is_too_long(&self) -> bool {
        matches!(self, Self::Unix(path) if path.as_os_str().len() > LONGEST_SOCKET)
    }

    /// Makes a relative path relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        if let Self::Unix(path) = self
            && path.is_relative()
        {
            *path = folder.join(&*path);
        }
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl TryFrom<String> for Listen {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:").filter(|p| !p.is_empty()) {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let address: Option<SocketAddr> = text.parse().ok();
        let address = address.filter(|a| a.port() != 0);
        address.map(Self::Tcp).ok_or_else(|| {
            format!("\"{text}\" is no address to listen on: write 127.0.0.1:10045, [::1]:10045 or unix:/run/quitus/guard")
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_is_one() {
        for bad in [
            "localhost:25",
            "127.0.0.1",
            "127.0.0.1:0",
            "unix:",
            ":25",
            "",
        ] {
            let listen = Listen::try_from(bad.to_owned());
            assert!(
                listen.unwrap_err().contains("no address to listen on"),
                "{bad}"
            );
        }
        let local = |text: &str| Listen::try_from(text.to_owned()).unwrap().is_local();
        assert!(local("127.0.0.1:1") && local("[::1]:1") && local("unix:/run/x"));
        assert!(!local("0.0.0.0:1") && !local("[::]:1") && !local("192.0.2.1:1"));
    }
}
