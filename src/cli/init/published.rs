//! What a domain publishes of its own servers: the provider's document over HTTPS, then SRV records (RFC 6186, RFC 8314).
//!
//! The document comes from the domain itself, by a certificate that is believed, and may name servers anywhere. Name servers prove nothing: what SRV
//! records name outside the domain is only shown, until somebody agrees (RFC 6186, section 6). No third party is asked, no redirect is followed,
//! and the address is told to nobody.

use super::autoconfig::{self, Published};
use super::providers::{Login, Protection};
use super::servers::{Role, Server};
use crate::cli::dns::{self, Kind};
use crate::http::{Ask, Http, Target};
use crate::record::Address;
use std::path::Path;
use std::time::Duration;

/// A name and a document take less; whoever is slower has none.
const PATIENCE: Duration = Duration::from_secs(8);
/// Documents have two or three thousand octets.
const LARGEST: usize = 64 << 10;

/// What was found, and whether it is proved to be the domain's own word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The servers.
    pub servers: Published,
    /// The words for where: a URL, or the records.
    pub by: String,
    /// Whether the domain itself said so, over a protected connection.
    pub proved: bool,
}

/// Where the documents of a domain are.
fn places(domain: &str) -> [String; 2] {
    [
        format!("https://autoconfig.{domain}/mail/config-v1.1.xml"),
        format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
    ]
}

/// What the domain of an address publishes, if it does.
pub async fn look(address: &Address, ca_file: Option<&Path>) -> Option<Found> {
    let domain = address.domain();
    if dns::is_nowhere(domain) {
        return None;
    }
    let [first, second] = places(domain);
    let (first, second, records) = tokio::join!(
        document(&first, ca_file, address),
        document(&second, ca_file, address),
        records(domain, |name| async move {
            dns::ask(&name, Kind::Srv).await.ok()
        })
    );
    first.or(second).or(records)
}

/// One document: over TLS only, so large and so long in coming at most.
async fn document(url: &str, ca_file: Option<&Path>, address: &Address) -> Option<Found> {
    let target = Target::parse(url).ok()?;
    let path = target.path.clone();
    let http = Http::new(target, ca_file, PATIENCE).ok()?;
    let ask = Ask {
        method: "GET",
        target: path,
        headers: Vec::new(),
        body: None,
        at_most: LARGEST,
    };
    let answer = http.ask(&ask).await.ok()?;
    if answer.status != 200 {
        return None;
    }
    let text = std::str::from_utf8(&answer.body).ok()?;
    Some(Found {
        servers: autoconfig::read(text, address)?,
        by: url.to_owned(),
        proved: true,
    })
}

/// The services, those that are protected from the first byte before the others (RFC 8314, section 5.1).
const SERVICES: [(Role, [(&str, Protection); 2]); 2] = [
    (
        Role::Imap,
        [
            ("_imaps._tcp", Protection::Tls),
            ("_imap._tcp", Protection::Starttls),
        ],
    ),
    (
        Role::Smtp,
        [
            ("_submissions._tcp", Protection::Tls),
            ("_submission._tcp", Protection::Starttls),
        ],
    ),
];

/// What SRV records say, as `ask` gives them.
async fn records<F>(domain: &str, ask: impl Fn(String) -> F) -> Option<Found>
where
    F: Future<Output = Option<Vec<String>>>,
{
    let mut found = [None, None];
    for (slot, (_, services)) in found.iter_mut().zip(SERVICES) {
        for (service, protection) in services {
            let said = ask(format!("{service}.{domain}")).await.unwrap_or_default();
            *slot = said.first().and_then(|s| server(s, protection));
            if slot.is_some() {
                break;
            }
        }
    }
    let [imap, smtp] = found;
    if imap.is_none() && smtp.is_none() {
        return None;
    }
    let mut named = imap.iter().chain(&smtp);
    let below = format!(".{domain}");
    let own = named.all(|s| s.host == domain || s.host.ends_with(&below));
    Some(Found {
        servers: Published {
            imap,
            smtp,
            login: Login::Address,
        },
        by: format!("SRV {domain}"),
        proved: own,
    })
}

fn server(named: &str, protection: Protection) -> Option<Server> {
    let (host, port) = named.rsplit_once(':')?;
    Some(Server {
        host: crate::record::domain_to_ascii(host)?,
        port: port.parse().ok()?,
        protection,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    const DOCUMENT: &str = r#"<clientConfig><emailProvider><incomingServer type="imap">
        <hostname>imap.isp.net</hostname><port>993</port><socketType>SSL</socketType></incomingServer></emailProvider></clientConfig>"#;

    fn address() -> Address {
        Address::parse("claire@acme.example").unwrap()
    }

    /// A server on loopback that gives everybody this answer, over TLS with a certificate of its own; its URL and that certificate.
    async fn server(answer: String) -> (String, tempfile::NamedTempFile) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), made.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "https://{}/mail/config-v1.1.xml",
            listener.local_addr().unwrap()
        );
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let Ok(mut tls) = acceptor.accept(tcp).await else {
                    continue;
                };
                let mut asked = vec![0; 4096];
                let octets = tls.read(&mut asked).await.unwrap_or(0);
                let asked = String::from_utf8_lossy(&asked[..octets]).into_owned();
                assert!(!asked.contains("claire"), "the address is told to nobody");
                let _ = tls.write_all(answer.as_bytes()).await;
                let _ = tls.shutdown().await;
            }
        });
        (url, file)
    }

    fn ok(body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }

    #[tokio::test]
    async fn a_document_is_believed_by_its_certificate_alone() {
        let (url, authority) = server(ok(DOCUMENT)).await;
        let found = document(&url, Some(authority.path()), &address())
            .await
            .unwrap();
        let imap = found.servers.imap.unwrap().to_string();
        assert_eq!(
            (imap.as_str(), found.proved),
            ("imap.isp.net:993/tls", true)
        );
        assert_eq!(found.by, url);
        assert_eq!(document(&url, None, &address()).await, None, "who is that?");
        let open = url.replace("https", "http");
        assert_eq!(
            document(&open, Some(authority.path()), &address()).await,
            None
        );
        assert!(
            places("acme.example")
                .iter()
                .all(|p| p.starts_with("https://"))
        );
    }

    #[tokio::test]
    async fn no_redirect_is_followed_and_no_large_or_missing_document_read() {
        let (elsewhere, authority) = server(ok(DOCUMENT)).await;
        let large = DOCUMENT.replace(
            "<emailProvider>",
            &format!("<emailProvider>{}", " ".repeat(LARGEST)),
        );
        let moved =
            format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n");
        let gone = ok(DOCUMENT).replace("200 OK", "404 Not Found");
        for answer in [moved, gone, ok(&large), ok("<html/>")] {
            let (url, own) = server(answer).await;
            // Both are believed, so that only following would lead anywhere.
            let both = [own.path(), authority.path()].map(|p| std::fs::read_to_string(p).unwrap());
            std::fs::write(own.path(), both.concat()).unwrap();
            assert_eq!(document(&url, Some(own.path()), &address()).await, None);
        }
    }

    async fn recorded(records: &[(&str, &str)]) -> Option<Found> {
        let all: Vec<(String, String)> = records
            .iter()
            .map(|(name, server)| (format!("{name}.acme.example"), (*server).to_owned()))
            .collect();
        super::records("acme.example", |name| {
            let said = all.iter().find(|(n, _)| *n == name);
            let said = said.map(|(_, server)| vec![server.clone()]);
            async move { said }
        })
        .await
    }

    #[tokio::test]
    async fn records_name_the_protected_service_first_and_prove_only_their_own_domain() {
        let own = recorded(&[
            ("_imap._tcp", "imap.acme.example:143"),
            ("_imaps._tcp", "mail.acme.example:993"),
            ("_submission._tcp", "mail.acme.example:587"),
        ]);
        let own = own.await.unwrap();
        let shown = |server: &Option<Server>| server.as_ref().unwrap().to_string();
        assert_eq!(shown(&own.servers.imap), "mail.acme.example:993/tls");
        assert_eq!(shown(&own.servers.smtp), "mail.acme.example:587/starttls");
        assert!(own.proved, "a certificate of the domain is asked for there");
        let away = recorded(&[("_imaps._tcp", "mail.notacme.example:993")])
            .await
            .unwrap();
        assert!(!away.proved);
        assert_eq!(recorded(&[]).await, None);
    }
}
