//! Postfix's policy delegation (SMTPD_POLICY_README): lines `name=value`, an empty line, and one action for each request.
//!
//! Many requests come over one connection. Whatever is no request is answered with "later" where that can be said, and the
//! connection is closed: Postfix takes a closed connection for "later", too.

use super::gate::{Gate, Ruling};
use super::listen::{Caller, Socket, take_in};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::sync::watch;
use tokio::time::timeout;

/// Postfix closes a connection that it does not use after 5 minutes (`smtpd_policy_service_max_idle`).
const IDLE: Duration = Duration::from_secs(360);
/// A request that was begun is a few lines.
const REQUEST: Duration = Duration::from_secs(20);
/// Octets of a line: names, addresses, subjects of certificates.
const LINE: u64 = 8 * 1024;
/// Lines of a request; Postfix 3.7 sends 30.
const LINES: usize = 200;

const LATER: &str = "451 4.3.0 Whether this recipient may be written to cannot be looked up now";

/// What a request says, as far as it matters here.
#[derive(Default, Debug, PartialEq, Eq)]
struct Request {
    kind: Option<Vec<u8>>,
    state: Option<Vec<u8>>,
    recipient: Option<Vec<u8>>,
}

/// What came over the connection.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Request(Request),
    /// The other side has ended.
    End,
    /// Not the protocol.
    Garbled(&'static str),
}

/// Serves it until it is time to stop.
pub(super) async fn serve(gate: Gate, text: String, socket: Socket, stop: watch::Receiver<bool>) {
    let (gate, text) = (Arc::new(gate), Arc::new(text));
    take_in(socket, stop, move |caller| {
        let (gate, text) = (gate.clone(), text.clone());
        async move { converse(&gate, &text, caller).await }
    })
    .await;
}

async fn converse(gate: &Gate, text: &str, (wire, from): Caller) {
    let (read, mut write) = tokio::io::split(wire);
    let mut read = BufReader::new(read);
    loop {
        match timeout(IDLE, read.fill_buf()).await {
            Ok(Ok(some)) if !some.is_empty() => {}
            // Idle, ended or broken: nothing is owed.
            _ => return,
        }
        let came = timeout(REQUEST, request(&mut read)).await;
        let (action, on) = match came {
            Ok(Ok(Came::Request(request))) => (action(gate, text, &request), true),
            Ok(Ok(Came::Garbled(why))) => {
                tracing::warn!(
                    ?from,
                    why,
                    "what came to the guard's policy service is no request of Postfix"
                );
                gate.failed();
                (LATER.to_owned(), false)
            }
            Ok(Ok(Came::End) | Err(_)) | Err(_) => return,
        };
        if say(&mut write, &action).await.is_err() || !on {
            return;
        }
    }
}

/// One answer: `action=…` and an empty line.
async fn say(write: &mut (impl AsyncWrite + Unpin), action: &str) -> std::io::Result<()> {
    let answer = format!("action={action}\n\n");
    let said = timeout(REQUEST, async {
        write.write_all(answer.as_bytes()).await?;
        write.flush().await
    });
    said.await
        .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}

/// Reads up to the empty line.
async fn request(read: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Came> {
    let (mut request, mut line) = (Request::default(), Vec::new());
    for _ in 0..LINES {
        line.clear();
        let read = (&mut *read).take(LINE).read_until(b'\n', &mut line).await?;
        if line.pop_if(|last| *last == b'\n').is_none() {
            return Ok(match read as u64 {
                LINE => Came::Garbled("a line is too long"),
                _ => Came::End,
            });
        }
        if line.is_empty() {
            return Ok(Came::Request(request));
        }
        let Some(at) = line.iter().position(|b| *b == b'=') else {
            return Ok(Came::Garbled("a line has no ="));
        };
        let (name, value) = (&line[..at], &line[at + 1..]);
        let place = match name {
            b"request" => &mut request.kind,
            b"protocol_state" => &mut request.state,
            b"recipient" => &mut request.recipient,
            _ => continue,
        };
        if place.replace(value.to_vec()).is_some() {
            return Ok(Came::Garbled("a name is there twice"));
        }
    }
    Ok(Came::Garbled("too many lines"))
}

/// The answer; everything but a recipient at RCPT is nobody's business here.
fn action(gate: &Gate, text: &str, request: &Request) -> String {
    if request.kind.as_deref() != Some(b"smtpd_access_policy") {
        gate.failed();
        return LATER.to_owned();
    }
    match (request.state.as_deref(), request.recipient.as_deref()) {
        (Some(b"RCPT"), Some(recipient)) => match gate.rule(recipient) {
            Ruling::Free => "DUNNO".to_owned(),
            Ruling::Blocked => format!("550 5.7.1 {text}"),
            Ruling::Unreadable => "550 5.1.3 This address cannot be read".to_owned(),
            Ruling::Trouble => LATER.to_owned(),
        },
        (Some(b"RCPT") | None, _) => {
            gate.failed();
            LATER.to_owned()
        }
        (Some(_), _) => "DUNNO".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn came(text: &[u8]) -> Came {
        request(&mut &text[..]).await.unwrap()
    }

    #[tokio::test]
    async fn a_request_is_read_up_to_its_empty_line() {
        let text = b"request=smtpd_access_policy\nprotocol_state=RCPT\nsender=\nrecipient=a=b@x.example\n\nrequest=";
        let read = Request {
            kind: Some(b"smtpd_access_policy".to_vec()),
            state: Some(b"RCPT".to_vec()),
            recipient: Some(b"a=b@x.example".to_vec()),
        };
        assert_eq!(came(text).await, Came::Request(read));
    }

    #[tokio::test]
    async fn what_is_no_request_is_told_apart_from_an_end() {
        for (text, why) in [
            (vec![b'a'; 9_000], "a line is too long"),
            (b"GET / HTTP/1.1\n\n".to_vec(), "a line has no ="),
            (b"a=b\n".repeat(300), "too many lines"),
            (
                b"recipient=a\nrecipient=b\n\n".to_vec(),
                "a name is there twice",
            ),
        ] {
            assert_eq!(came(&text).await, Came::Garbled(why));
        }
        assert_eq!(came(b"recipient=a").await, Came::End);
    }
}
