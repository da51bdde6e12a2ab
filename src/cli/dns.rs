//! Asks the system's name server the questions that the standard library cannot ask: where mail for a domain goes (MX), what a domain
//! says of itself in text (TXT: SPF, DMARC), and which servers it names for a service (SRV).
//!
//! One datagram and its answer (RFC 1035), no cache, no DNSSEC. Nothing that is answered is trusted with a password: it only chooses
//! among providers that are written down, or is shown to somebody who agrees. Deliberately absent: TCP for long answers, and so a resolver.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// How long one name server may take, and how often each is asked.
const PATIENCE: Duration = Duration::from_secs(2);
const TRIES: usize = 2;
/// Of a longer chain of pointers nobody sees the end.
const HOPS: usize = 32;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Servers that take mail, the preferred first.
    Mx = 15,
    /// Texts.
    Txt = 16,
    /// Servers of a service, the preferred first, as `name:port` (RFC 2782).
    Srv = 33,
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The name is not there at all.
    #[error("the name does not exist")]
    NoName,
    /// Nobody answered, or nothing that can be read.
    #[error("no name server answered")]
    Silent,
}

/// Names that exist nowhere (RFC 2606, section 2): nobody is asked of them.
const NOWHERE: [&str; 3] = [".example", ".invalid", ".test"];

/// Whether a name exists nowhere by definition.
pub fn is_nowhere(domain: &str) -> bool {
    NOWHERE.iter().any(|end| domain.ends_with(end))
}

/// Answers of that kind; none if the name has none.
pub async fn ask(domain: &str, kind: Kind) -> Result<Vec<String>, NoAnswer> {
    if is_nowhere(domain) {
        return Err(NoAnswer::NoName);
    }
    for server in name_servers() {
        match ask_server(server, domain, kind).await {
            Err(NoAnswer::Silent) => {}
            answer => return answer,
        }
    }
    Err(NoAnswer::Silent)
}

/// Those of /etc/resolv.conf, at most three; this machine if it names none.
fn name_servers() -> Vec<SocketAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let named = text.lines().filter_map(|line| {
        let address = line.trim().strip_prefix("nameserver")?.trim();
        let address: IpAddr = address.split('%').next()?.parse().ok()?;
        Some(SocketAddr::new(address, 53))
    });
    let mut servers: Vec<SocketAddr> = named.take(3).collect();
    if servers.is_empty() {
        servers.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53));
    }
    servers
}

async fn ask_server(server: SocketAddr, domain: &str, kind: Kind) -> Result<Vec<String>, NoAnswer> {
    let mut random = [0; 2];
    getrandom::fill(&mut random).map_err(|_| NoAnswer::Silent)?;
    let question = question(random, domain, kind).ok_or(NoAnswer::NoName)?;
    for _ in 0..TRIES {
        let exchange = timeout(PATIENCE, exchange(server, &question));
        if let Ok(Ok(answer)) = exchange.await
            && let Some(read) = read(&answer, &question, kind)
        {
            return read;
        }
    }
    Err(NoAnswer::Silent)
}

async fn exchange(server: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let any = match server {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut answer = vec![0; 4096];
    loop {
        let octets = socket.recv(&mut answer).await?;
        // An answer to another question: somebody guesses.
        if answer[..octets].starts_with(&question[..2]) {
            answer.truncate(octets);
            return Ok(answer);
        }
    }
}

/// A query with recursion, and room for a long answer (EDNS, RFC 6891).
fn question(id: [u8; 2], domain: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut octets = vec![id[0], id[1], 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in domain.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|n| (1..64).contains(n))?;
        octets.push(length);
        octets.extend_from_slice(label.as_bytes());
    }
    octets.extend_from_slice(&[0, 0, kind as u8, 0, 1]);
    octets.extend_from_slice(&[0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]);
    Some(octets)
}

/// What the answer says; nothing if it is no answer to this question.
fn read(answer: &[u8], question: &[u8], kind: Kind) -> Option<Result<Vec<String>, NoAnswer>> {
    let number = |at: usize| Some(u16::from_be_bytes([*answer.get(at)?, *answer.get(at + 1)?]));
    let (flags, answers) = (number(2)?, number(6)?);
    // The question is repeated as it was asked (upper and lower case too, but not every server minds that).
    let asked = question.get(12..question.len() - 11)?;
    let repeated = answer.get(12..12 + asked.len())?;
    if flags & 0x8000 == 0 || !repeated.eq_ignore_ascii_case(asked) {
        return None;
    }
    match flags & 0xf {
        0 => {}
        3 => return Some(Err(NoAnswer::NoName)),
        _ => return None,
    }
    let (mut at, mut found) = (12 + asked.len(), Vec::new());
    for _ in 0..answers {
        let (_, end) = name(answer, at)?;
        let length = usize::from(number(end + 8)?);
        let data = end + 10;
        if number(end)? == kind as u16 {
            found.push(match kind {
                Kind::Mx => (number(data)?, name(answer, data + 2)?.0),
                Kind::Txt => (0, texts(answer.get(data..data + length)?)),
                Kind::Srv => {
                    let (host, port) = (name(answer, data + 6)?.0, number(data + 4)?);
                    // A lone dot says that the domain does not have the service.
                    let named = !host.is_empty() && port > 0;
                    (
                        number(data)?,
                        if named {
                            format!("{host}:{port}")
                        } else {
                            String::new()
                        },
                    )
                }
            });
        }
        at = data + length;
    }
    found.sort_by_key(|(preference, _)| *preference);
    // RFC 7505: a lone dot says that the domain takes no mail.
    let found = found.into_iter().map(|(_, text)| text);
    Some(Ok(found.filter(|t| !t.is_empty()).collect()))
}

/// A name, and where what follows it begins.
fn name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let (mut labels, mut end) = (Vec::new(), None);
    for _ in 0..HOPS * 4 {
        let length = usize::from(*message.get(at)?);
        match length {
            0 => return Some((labels.join("."), end.unwrap_or(at + 1))),
            64.. if length >= 0xc0 => {
                end = end.or(Some(at + 2));
                at = (length & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
            }
            64.. => return None,
            _ => {
                let label = message.get(at + 1..at + 1 + length)?;
                labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
                at += 1 + length;
            }
        }
    }
    None
}

/// The pieces of a TXT record are one text.
fn texts(mut data: &[u8]) -> String {
    let mut text = Vec::new();
    while let Some((length, rest)) = data.split_first() {
        let length = usize::from(*length).min(rest.len());
        text.extend_from_slice(&rest[..length]);
        data = &rest[length..];
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header, the question back, and these records.
    fn answer(question: &[u8], code: u8, records: &[Vec<u8>]) -> Vec<u8> {
        let mut all = question[..question.len() - 11].to_vec();
        (all[2], all[3]) = (0x81, 0x80 | code);
        (all[7], all[11]) = (u8::try_from(records.len()).unwrap(), 0);
        records.iter().for_each(|r| all.extend_from_slice(r));
        all
    }

    /// A record whose name points at the question's.
    fn record(kind: Kind, data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len()).unwrap();
        let mut all = vec![0xc0, 12, 0, kind as u8, 0, 1, 0, 0, 1, 0, 0, length];
        all.extend_from_slice(data);
        all
    }

    fn asked(records: &[Vec<u8>], kind: Kind) -> Option<Result<Vec<String>, NoAnswer>> {
        let question = question([7, 9], "acme.example", kind).unwrap();
        read(&answer(&question, 0, records), &question, kind)
    }

    #[test]
    fn the_preferred_server_is_first_and_names_may_point_back() {
        let far = record(Kind::Mx, b"\x00\x14\x02mx\xc0\x0c");
        let near = record(Kind::Mx, b"\x00\x0a\x05ASPMX\x01l\x06google\x03com\x00");
        let found = asked(&[far, near], Kind::Mx);
        let should = ["aspmx.l.google.com", "mx.acme.example"];
        assert_eq!(found, Some(Ok(should.map(str::to_owned).to_vec())));
        assert_eq!(
            asked(&[record(Kind::Mx, b"\0\0\0")], Kind::Mx),
            Some(Ok(vec![]))
        );
    }

    #[test]
    fn servers_of_a_service_are_named_with_their_ports_and_a_lone_dot_is_none() {
        let far = record(Kind::Srv, b"\0\x14\0\0\x03\xe1\x04imap\xc0\x0c");
        let near = record(Kind::Srv, b"\0\x0a\0\x05\x03\xe1\x04mail\x03isp\x03net\0");
        let found = asked(&[far, near], Kind::Srv);
        let should = ["mail.isp.net:993", "imap.acme.example:993"];
        assert_eq!(found, Some(Ok(should.map(str::to_owned).to_vec())));
        let none = record(Kind::Srv, b"\0\0\0\0\0\0\0");
        assert_eq!(asked(&[none], Kind::Srv), Some(Ok(vec![])));
    }

    #[test]
    fn a_text_in_pieces_is_one_text() {
        let spf = record(Kind::Txt, b"\x07v=spf1 \x04-all");
        let found = asked(&[spf], Kind::Txt);
        assert_eq!(found, Some(Ok(vec!["v=spf1 -all".to_owned()])));
    }

    #[test]
    fn what_is_no_answer_says_nothing() {
        let question = question([7, 9], "acme.example", Kind::Mx).unwrap();
        let none = answer(&question, 3, &[]);
        assert_eq!(
            read(&none, &question, Kind::Mx),
            Some(Err(NoAnswer::NoName))
        );
        let other = super::question([7, 9], "acmf.example", Kind::Mx).unwrap();
        assert_eq!(read(&answer(&other, 0, &[]), &question, Kind::Mx), None);
        assert_eq!(read(&question, &question, Kind::Mx), None, "our own words");
        let refused = answer(&question, 2, &[]);
        assert_eq!(read(&refused, &question, Kind::Mx), None);
        // A name that points at itself, and every way of being cut short.
        let circle = record(Kind::Mx, b"\0\x0a\xc0\x2c");
        let whole = answer(&question, 0, &[circle]);
        assert_eq!(read(&whole, &question, Kind::Mx), None);
        for n in 0..whole.len() {
            assert_eq!(read(&whole[..n], &question, Kind::Mx), None, "{n}");
        }
    }

    #[tokio::test]
    async fn a_server_is_asked_and_its_answer_is_read() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let serve = async move {
            let mut asked = vec![0; 512];
            let (octets, from) = server.recv_from(&mut asked).await.unwrap();
            asked.truncate(octets);
            let spf = record(Kind::Txt, b"\x0bv=spf1 -all");
            let answer = answer(&asked, 0, &[spf]);
            server.send_to(&answer, from).await.unwrap();
        };
        let (said, ()) = tokio::join!(ask_server(address, "acme.example", Kind::Txt), serve);
        assert_eq!(said, Ok(vec!["v=spf1 -all".to_owned()]));
    }
}
