//! The bytes between us and the server, below lettre: replies before lettre takes over, and writes that wait to be whole.
//!
//! Four things lettre's connection does not do. It cannot start after a STARTTLS (it expects a greeting), so greeting,
//! EHLO and STARTTLS are spoken here and the greeting is played back to it. It writes the final dot apart from the
//! letter; here nothing leaves until an answer is awaited, so that both are one packet and one TLS record. It cannot send the
//! next letter's MAIL and RCPT behind the final dot; here they wait until that answer is awaited. And when writing fails it
//! does not look whether the server had said why; here that is read first.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// Bytes that may wait before they are written although nobody awaits an answer.
const WAITING: usize = 64 * 1024;
/// A reply longer than this is no reply.
const LONGEST_REPLY: usize = 64 * 1024;

/// A TCP connection, or TLS over one.
pub(super) trait Stream:
    AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug
{
}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug> Stream for T {}

/// Why there is no positive reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fail {
    /// A negative reply.
    Said {
        /// Its code.
        code: u16,
        /// Its text, as it came.
        text: String,
    },
    /// The connection ended.
    Cut(String),
    /// Nothing came in time.
    Silent,
    /// What came is no reply.
    Garbled(String),
}

/// What of a wire must still be known, and told to it, when lettre holds it.
#[derive(Debug, Default)]
pub(super) struct Marks {
    write_failed: AtomicBool,
    behind: Mutex<Vec<u8>>,
}

impl Marks {
    /// Whether some bytes never left: a positive reply after that answers something else.
    pub(super) fn write_failed(&self) -> bool {
        self.write_failed.load(Ordering::Acquire)
    }

    /// These octets leave behind what is written next, in the same packet if there is room: when its answer is awaited.
    pub(super) fn say_behind(&self, words: String) {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = words.into_bytes();
    }
}

/// See the file's first lines.
#[derive(Debug)]
pub(super) struct Wire {
    inner: Box<dyn Stream>,
    peer: std::net::SocketAddr,
    ahead: Vec<u8>,
    waiting: Vec<u8>,
    written: usize,
    failed: Option<io::Error>,
    marks: Arc<Marks>,
}

impl Wire {
    pub(super) fn new(inner: Box<dyn Stream>, peer: std::net::SocketAddr) -> Self {
        Self {
            inner,
            peer,
            ahead: Vec::new(),
            waiting: Vec::new(),
            written: 0,
            failed: None,
            marks: Arc::default(),
        }
    }

    /// The stream itself, to be wrapped in TLS. Whatever was sent in clear text and not yet read stays behind.
    pub(super) fn into_stream(self) -> Box<dyn Stream> {
        self.inner
    }

    /// What can be asked after lettre holds the wire.
    pub(super) fn marks(&self) -> Arc<Marks> {
        Arc::clone(&self.marks)
    }

    /// Lets the next reader find a greeting that was already heard.
    pub(super) fn play_greeting_back(&mut self) {
        self.ahead = b"220 heard before\r\n".to_vec();
    }

    /// Says a command (without its line end) and hears the reply: its lines, without code.
    pub(super) async fn ask(&mut self, command: &str) -> Result<Vec<String>, Fail> {
        self.waiting.extend_from_slice(command.as_bytes());
        self.waiting.extend_from_slice(b"\r\n");
        self.hear().await
    }

    /// Hears one reply; more than one at a time is refused, because nothing more was asked (and after STARTTLS it could
    /// have been put in by somebody in between).
    pub(super) async fn hear(&mut self) -> Result<Vec<String>, Fail> {
        let mut heard = Vec::new();
        loop {
            if let Some((code, lines, used)) = whole_reply(&heard)? {
                if used != heard.len() {
                    return Err(Fail::Garbled("more was said than was asked".into()));
                }
                return match code / 100 {
                    2 | 3 => Ok(lines),
                    _ => Err(Fail::Said {
                        code,
                        text: lines.join(" "),
                    }),
                };
            }
            if heard.len() > LONGEST_REPLY {
                return Err(Fail::Garbled("an endless reply".into()));
            }
            match self.read_buf(&mut heard).await {
                Ok(0) => return Err(Fail::Cut("the server closed the connection".into())),
                Ok(_) => {}
                Err(e) => return Err(Fail::Cut(e.to_string())),
            }
        }
    }

    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while self.written < self.waiting.len() {
            let rest = &self.waiting[self.written..];
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.written += n,
            }
        }
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.waiting.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    /// Drains; a failure is kept for the reader, who first looks for the server's last words.
    fn drain_or_note(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Err(e) = ready!(self.drain(cx)) {
            self.marks.write_failed.store(true, Ordering::Release);
            self.failed = Some(e);
            self.waiting.clear();
            self.written = 0;
        }
        Poll::Ready(())
    }
}

/// A whole reply at the beginning of what was heard: code, lines, octets used.
fn whole_reply(heard: &[u8]) -> Result<Option<(u16, Vec<String>, usize)>, Fail> {
    let garbled = |line: &[u8]| {
        let shown: String = String::from_utf8_lossy(line).chars().take(80).collect();
        Fail::Garbled(format!("not an SMTP reply: {shown}"))
    };
    let (mut lines, mut used) = (Vec::new(), 0);
    while let Some(n) = heard[used..].iter().position(|b| *b == b'\n') {
        let line = heard[used..used + n].trim_ascii_end();
        used += n + 1;
        let code = line
            .get(..3)
            .filter(|c| c.iter().all(u8::is_ascii_digit))
            .ok_or_else(|| garbled(line))?;
        let code = code
            .iter()
            .fold(0u16, |all, d| 10 * all + u16::from(d - b'0'));
        let text = line.get(4..).unwrap_or_default();
        lines.push(String::from_utf8_lossy(text).into_owned());
        match line.get(3) {
            Some(b'-') => {}
            None | Some(b' ') => return Ok(Some((code, lines, used))),
            Some(_) => return Err(garbled(line)),
        }
    }
    Ok(None)
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if !me.marks.write_failed() {
            let mut behind = me
                .marks
                .behind
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            me.waiting.append(&mut behind);
        }
        ready!(me.drain_or_note(cx));
        if !me.ahead.is_empty() {
            let n = me.ahead.len().min(buf.remaining());
            buf.put_slice(&me.ahead[..n]);
            me.ahead.drain(..n);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut me.inner).poll_read(cx, buf);
        if buf.filled().len() > before {
            return read;
        }
        match me.failed.take() {
            Some(e) => Poll::Ready(Err(e)),
            None => read,
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        if me.waiting.len() >= WAITING {
            ready!(me.drain_or_note(cx));
        }
        if !me.marks.write_failed() {
            me.waiting.extend_from_slice(buf);
        }
        Poll::Ready(Ok(buf.len()))
    }

    /// Does nothing on purpose: what waits leaves when an answer is awaited, or when it is much.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        ready!(me.drain_or_note(cx));
        Pin::new(&mut me.inner).poll_shutdown(cx)
    }
}

impl lettre::transport::smtp::client::AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<std::net::SocketAddr> {
        Ok(self.peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_whole_at_its_last_line() {
        assert_eq!(whole_reply(b"220-a\r\n220"), Ok(None));
        assert_eq!(
            whole_reply(b"220-a\r\n220 b\r\nrest"),
            Ok(Some((220, vec!["a".into(), "b".into()], 14)))
        );
        assert_eq!(whole_reply(b"250\n"), Ok(Some((250, vec!["".into()], 4))));
        for bad in [&b"HTTP/1.1 400\r\n"[..], b"22\r\n", b"\n", b"220xyz\r\n"] {
            assert!(matches!(whole_reply(bad), Err(Fail::Garbled(_))));
        }
    }

    #[tokio::test]
    async fn what_is_slipped_in_behind_a_reply_is_refused() {
        let (ours, mut theirs) = tokio::io::duplex(1000);
        let mut wire = Wire::new(Box::new(ours), ([127, 0, 0, 1], 1).into());
        tokio::io::AsyncWriteExt::write_all(&mut theirs, b"220 go\r\n250-evil\r\n")
            .await
            .unwrap();
        assert!(matches!(wire.ask("STARTTLS").await, Err(Fail::Garbled(_))));
    }

    #[tokio::test]
    async fn the_servers_last_words_are_heard_although_writing_failed() {
        let (ours, mut theirs) = tokio::io::duplex(1000);
        let mut wire = Wire::new(Box::new(ours), ([127, 0, 0, 1], 1).into());
        tokio::io::AsyncWriteExt::write_all(&mut theirs, b"552 too big\r\n")
            .await
            .unwrap();
        drop(theirs);
        let said = wire.ask(&"x".repeat(2000)).await;
        assert!(
            matches!(said, Err(Fail::Said { code: 552, .. })),
            "{said:?}"
        );
        assert!(wire.marks().write_failed());
    }
}
