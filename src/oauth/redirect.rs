//! The browser comes back to this machine (RFC 8252 7.3): a page is shown, and the code is taken from its address.
//!
//! Only this machine can reach it, for as long as somebody logs in. Whatever else asks there is told that it is wrong, and waited
//! on: a page elsewhere on the web that makes the browser ask here knows no state of ours.

use super::consent::{Consent, NoCode};
use crate::config::Secret;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// The longest line of a request.
const LONGEST: u64 = 16 << 10;
/// How long a browser may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);

/// A free port of this machine, or the one that is wanted (because a tunnel leads there).
///
/// # Errors
/// If it cannot be had.
pub async fn listen(port: u16) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// Waits for the browser that answers this question.
///
/// # Errors
/// If the provider says no there.
pub async fn hear(listener: &TcpListener, consent: &Consent) -> Result<Secret, NoCode> {
    loop {
        // A connection that could not be taken is the browser's to try again.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let heard = timeout(PATIENCE, serve(stream, consent)).await;
        match heard {
            Ok(Some(Ok(code))) => return Ok(code),
            Ok(Some(Err(NoCode::Refused(why)))) => return Err(NoCode::Refused(why)),
            _ => {}
        }
    }
}

async fn serve(mut stream: TcpStream, consent: &Consent) -> Option<Result<Secret, NoCode>> {
    let target = target(&mut stream).await?;
    let code = consent.code(&target);
    let (status, words) = match &code {
        Ok(_) => (
            "200 OK",
            "Quitus has heard it. You may close this page; the terminal says how it went.",
        ),
        Err(NoCode::Refused(_)) => (
            "200 OK",
            "The provider says no; the terminal says why. You may close this page.",
        ),
        Err(NoCode::Elsewhere) => (
            "400 Bad Request",
            "This is the answer to another link than the one that Quitus waits for.",
        ),
        Err(NoCode::Nothing) => ("404 Not Found", "Nothing is here."),
    };
    let page = format!("<!doctype html><meta charset=utf-8><title>Quitus</title><p>{words}</p>");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Referrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    // Whether the page was seen changes nothing.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    Some(code)
}

/// What a GET asks for; nothing if it is none.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream.take(LONGEST));
    let mut first = String::new();
    reader.read_line(&mut first).await.ok()?;
    // The rest of the head is read, so that closing does not cut the answer short.
    let mut line = String::new();
    while reader.read_line(&mut line).await.ok()? > 2 {
        line.clear();
    }
    let mut words = first.split(' ');
    match (words.next(), words.next()) {
        (Some("GET"), Some(target)) => Some(target.to_owned()),
        _ => None,
    }
}
