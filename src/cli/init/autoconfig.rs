//! The provider's own document of settings (`config-v1.1.xml`, draft-ietf-mailmaint-autoconfig), as mail programs read it.
//!
//! Only the first servers that a password can be given to safely are taken: IMAP and SMTP, over TLS. What a document says of other protocols,
//! of clear text, or in a form that is not understood is as if it were not there.

use super::providers::{Login, Protection};
use super::servers::{Role, Server};
use crate::record::{Address, domain_to_ascii};
use roxmltree::{Document, Node};

/// What a domain says of its servers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// Where mail is read.
    pub imap: Option<Server>,
    /// Where mail is handed in.
    pub smtp: Option<Server>,
    /// What of the address the login is.
    pub login: Login,
}

/// Reads the document; nothing if it names no server of either kind.
pub fn read(text: &str, address: &Address) -> Option<Published> {
    // Without a DTD, which is refused: nothing in it can grow.
    let document = Document::parse(text).ok()?;
    let imap = server(&document, ("incomingServer", "imap"), Role::Imap, address);
    let smtp = server(&document, ("outgoingServer", "smtp"), Role::Smtp, address);
    let login = imap.as_ref().or(smtp.as_ref())?.1;
    Some(Published {
        imap: imap.map(|(server, _)| server),
        smtp: smtp.map(|(server, _)| server),
        login,
    })
}

/// The first that can be used, and what its login is.
fn server(
    document: &Document<'_>,
    (tag, kind): (&str, &str),
    role: Role,
    address: &Address,
) -> Option<(Server, Login)> {
    let all = document.descendants().filter(|n| n.has_tag_name(tag));
    let mut all = all.filter(|n| n.attribute("type") == Some(kind));
    all.find_map(|node| of(node, role, address))
}

fn of(node: Node<'_, '_>, role: Role, address: &Address) -> Option<(Server, Login)> {
    let said = |name: &str| {
        let child = node.children().find(|c| c.has_tag_name(name))?;
        child.text().map(str::trim).filter(|t| !t.is_empty())
    };
    let protection = match said("socketType")?.to_ascii_uppercase().as_str() {
        "SSL" | "TLS" => Protection::Tls,
        "STARTTLS" => Protection::Starttls,
        _ => return None,
    };
    let host = filled(said("hostname")?, address);
    let host = domain_to_ascii(&host)?;
    let port = match said("port") {
        Some(port) => port.parse().ok().filter(|p| *p > 0)?,
        None => role.port(protection),
    };
    let login = match said("username") {
        None | Some("%EMAILADDRESS%") => Login::Address,
        Some("%EMAILLOCALPART%") => Login::Local,
        // A login that only the provider knows: the person is asked, with the address as the default.
        Some(_) => Login::Address,
    };
    let server = Server {
        host,
        port,
        protection,
    };
    Some((server, login))
}

/// The document's placeholders.
fn filled(text: &str, address: &Address) -> String {
    text.replace("%EMAILDOMAIN%", address.domain())
        .replace("%EMAILLOCALPART%", address.local())
        .replace("%EMAILADDRESS%", address.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address::parse("claire@acme.example").unwrap()
    }

    const DOCUMENT: &str = r#"<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="acme.example">
 <domain>acme.example</domain>
 <incomingServer type="pop3"><hostname>pop.isp.net</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
 <incomingServer type="imap"><hostname>open.isp.net</hostname><port>143</port><socketType>plain</socketType></incomingServer>
 <incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType>
  <username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>
 <outgoingServer type="smtp"><hostname>smtp.isp.net</hostname><socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"#;

    #[test]
    fn the_first_servers_over_tls_are_taken_and_nothing_in_clear_text() {
        let found = read(DOCUMENT, &address()).unwrap();
        let shown = |server: Option<Server>| server.unwrap().to_string();
        assert_eq!(shown(found.imap), "imap.acme.example:993/tls");
        assert_eq!(shown(found.smtp), "smtp.isp.net:587/starttls");
        assert_eq!(found.login, Login::Local);
        let clear = DOCUMENT
            .replace("SSL", "plain")
            .replace("STARTTLS", "plain");
        assert_eq!(read(&clear, &address()), None);
    }

    #[test]
    fn what_is_no_such_document_says_nothing() {
        let bomb = format!(
            "<!DOCTYPE x [<!ENTITY a \"imap.isp.net\">]>{}",
            &DOCUMENT[21..]
        );
        let odd = DOCUMENT
            .replace("imap.%EMAILDOMAIN%", "not a host/..")
            .replace("smtp.isp", "-");
        for text in ["", "<html><body>404</body></html>", &DOCUMENT[..400], &bomb] {
            assert_eq!(read(text, &address()), None, "{text}");
        }
        assert!(read(&odd, &address()).is_none_or(|p| p.imap.is_none()));
    }
}
