//! One IMAP connection: commands out, responses in, every tag accounted for.
//!
//! async-imap reads and parses (`read_response`); its own commands are not used, because they swallow a tagged NO and take a
//! closed connection for an empty answer. Here an answer is complete only with the tagged status of its own command. Every read and
//! write has a time limit; after any error the caller drops the connection (see `session`).

use super::command::Command;
use super::connect::Stream;
use super::error::SessionError;
use async_imap::imap_proto::{Capability, MailboxDatum, Response, ResponseCode, Status};
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// The number of a command, and so its tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag(u32);

impl Tag {
    fn is(self, said: &str) -> bool {
        said.strip_prefix('Q').and_then(|n| n.parse().ok()) == Some(self.0)
    }
}

/// How a command ended: OK or NO, with the server's words.
#[derive(Debug)]
pub struct Ending {
    ok: bool,
    text: String,
    /// What the server can do, if it said so with this answer.
    pub capabilities: Option<Vec<String>>,
}

impl Ending {
    /// Whether the server said OK.
    pub fn is_ok(&self) -> bool {
        self.ok
    }

    /// The server's words.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// With a reason that the server gave before it.
    pub fn because(self, why: Option<String>) -> Self {
        match why {
            Some(why) if !self.ok => Self {
                text: format!("{} ({why})", self.text),
                ..self
            },
            _ => self,
        }
    }

    /// NO as an error.
    pub fn ok(self, during: &'static str) -> Result<Self, SessionError> {
        match self.ok {
            true => Ok(self),
            false => Err(SessionError::No {
                during,
                text: self.text,
            }),
        }
    }
}

/// A server that opens a folder of 100,000 messages for the first time numbers them first; a client that gives up and comes
/// again makes it begin again.
const AT_WORK: u32 = 5;

/// A message comes as one answer: no line is so slow that it carries fewer octets in a second, and stays of use.
const SLOWEST: u64 = 16 << 10;

/// A connection on which commands and answers are in step.
pub struct Wire {
    reader: async_imap::Client<Stream>,
    sent: u32,
    patience: Duration,
    /// The server is at work that takes it long: [`AT_WORK`] times the patience.
    pub at_work: bool,
    /// Octets of the longest message that was asked for.
    pub longest: u64,
    /// The number of messages in the selected folder, as last announced.
    pub exists: u32,
}

impl Wire {
    /// Takes over a fresh connection.
    pub fn new(stream: Stream, patience: Duration) -> Self {
        Self {
            reader: async_imap::Client::new(stream),
            sent: 0,
            patience,
            at_work: false,
            longest: 0,
            exists: 0,
        }
    }

    /// Whether what is said on it is protected.
    pub fn is_protected(&self) -> bool {
        matches!(self.reader.get_ref(), Stream::Tls(_))
    }

    /// The server's own certificate (DER), where there is one.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        let Stream::Tls(tls) = self.reader.get_ref() else {
            return None;
        };
        let chain = tls.get_ref().1.peer_certificates()?;
        Some(chain.first()?.to_vec())
    }

    /// How long one answer may take now.
    fn after(&self) -> Duration {
        let times = if self.at_work { AT_WORK } else { 1 };
        self.patience * times + Duration::from_secs(self.longest / SLOWEST)
    }

    async fn write(&mut self, bytes: &[u8], during: &'static str) -> Result<(), SessionError> {
        let after = self.after();
        let stream = self.reader.get_mut();
        let written = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        match timeout(after, written).await {
            Err(_) => Err(SessionError::Timeout { during, after }),
            Ok(Err(_)) => Err(SessionError::Closed { during }),
            Ok(Ok(())) => Ok(()),
        }
    }

    /// The next response, within the time that one answer may take; `see` takes from it what is wanted.
    pub async fn next<T>(
        &mut self,
        during: &'static str,
        see: impl FnOnce(&Response<'_>) -> T,
    ) -> Result<T, SessionError> {
        let after = self.after();
        timeout(after, self.next_whenever(during, see))
            .await
            .map_err(|_| SessionError::Timeout { during, after })?
    }

    /// The next response, however long it takes (IDLE). May be given up and called again: bytes stay in the buffer.
    pub async fn next_whenever<T>(
        &mut self,
        during: &'static str,
        see: impl FnOnce(&Response<'_>) -> T,
    ) -> Result<T, SessionError> {
        // imap-proto slices some texts without looking and can panic on a hostile server: a protocol error like any other.
        let read = AssertUnwindSafe(self.reader.read_response())
            .catch_unwind()
            .await;
        let odd = |what: &str| SessionError::Protocol {
            during,
            what: what.to_owned(),
        };
        let response = match read {
            Err(_) => return Err(odd("the reader stumbled over it")),
            Ok(Ok(Some(response))) => response,
            Ok(Ok(None)) => return Err(SessionError::Closed { during }),
            // The rest of that error's text is the server's bytes, which may hold mail: they stay out of logs.
            Ok(Err(e)) if e.kind() == std::io::ErrorKind::Other => {
                return Err(odd("it is not IMAP, or far too large"));
            }
            Ok(Err(_)) => return Err(SessionError::Closed { during }),
        };
        let response = response.parsed();
        self.note(response, during)?;
        Ok(see(response))
    }

    fn note(&mut self, response: &Response<'_>, during: &'static str) -> Result<(), SessionError> {
        match response {
            Response::Data {
                status: Status::Bye,
                outcome,
            } if during != "LOGOUT" => {
                let text = outcome.information.as_deref().unwrap_or("without a reason");
                return Err(SessionError::Bye {
                    text: text.trim().to_owned(),
                });
            }
            Response::MailboxData(MailboxDatum::Exists(n)) => self.exists = *n,
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }

    /// Sends a command that holds no literal, without waiting: several may be under way, answered in their order.
    pub async fn send(&mut self, command: Command) -> Result<Tag, SessionError> {
        let during = command.name();
        let mut pieces = command.into_pieces();
        match (pieces.len(), pieces.pop()) {
            (1, Some(piece)) => self.send_line(&piece, during).await,
            _ => Err(SessionError::Protocol {
                during,
                what: "a command with a literal cannot be sent ahead".to_owned(),
            }),
        }
    }

    async fn send_line(&mut self, piece: &[u8], during: &'static str) -> Result<Tag, SessionError> {
        let tag = self.next_tag();
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(piece.len() + 16));
        bytes.extend_from_slice(format!("Q{} ", tag.0).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
        self.write(&bytes, during).await?;
        Ok(tag)
    }

    fn next_tag(&mut self) -> Tag {
        self.sent = self.sent.wrapping_add(1);
        Tag(self.sent)
    }

    /// Sends a command and reads to its end; every untagged response goes to `each`.
    pub async fn exec(
        &mut self,
        command: Command,
        mut each: impl FnMut(&Response<'_>),
    ) -> Result<Ending, SessionError> {
        let during = command.name();
        let pieces = command.into_pieces();
        if let [piece] = pieces.as_slice() {
            let tag = self.send_line(piece, during).await?;
            return self.finish(tag, during, each).await;
        }
        let tag = self.next_tag();
        self.write(format!("Q{} ", tag.0).as_bytes(), during)
            .await?;
        for (n, piece) in pieces.iter().enumerate() {
            self.write(piece, during).await?;
            if n + 1 < pieces.len()
                && let Some(ending) = self.ready(tag, during, &mut each).await?
            {
                return Ok(ending);
            }
        }
        self.write(b"\r\n", during).await?;
        self.finish(tag, during, each).await
    }

    /// Waits for the `+` that asks for the next piece; an early tagged answer (a refusal) is given back.
    pub async fn ready(
        &mut self,
        tag: Tag,
        during: &'static str,
        each: &mut impl FnMut(&Response<'_>),
    ) -> Result<Option<Ending>, SessionError> {
        loop {
            let seen = self.next(during, |response| match response {
                Response::Continue(_) => Some(Ok(None)),
                Response::Done { .. } => Some(ending(tag, response, during).map(Some)),
                other => {
                    each(other);
                    None
                }
            });
            if let Some(end) = seen.await? {
                return end;
            }
        }
    }

    /// Waits for the end of a command, or for a challenge that must be answered first.
    pub async fn challenged(
        &mut self,
        tag: Tag,
        during: &'static str,
    ) -> Result<Result<Ending, String>, SessionError> {
        loop {
            let seen = self.next(during, |response| match response {
                Response::Continue(said) => {
                    let text = said.information.as_deref().unwrap_or_default();
                    Some(Ok(Err(text.to_owned())))
                }
                Response::Done { .. } => Some(ending(tag, response, during).map(Ok)),
                _ => None,
            });
            if let Some(end) = seen.await? {
                return end;
            }
        }
    }

    /// Reads to the end of a command that was sent ahead.
    pub async fn finish(
        &mut self,
        tag: Tag,
        during: &'static str,
        each: impl FnMut(&Response<'_>),
    ) -> Result<Ending, SessionError> {
        let (_, ending) = self.finish_any(&[tag], during, each).await?;
        Ok(ending)
    }

    /// Reads until one of several commands has ended, and tells which; data of any of them may have come by then.
    pub async fn finish_any(
        &mut self,
        tags: &[Tag],
        during: &'static str,
        mut each: impl FnMut(&Response<'_>),
    ) -> Result<(usize, Ending), SessionError> {
        loop {
            let seen = self.next(during, |response| match response {
                Response::Done { tag, .. } => {
                    let n = tags.iter().position(|t| t.is(&tag.0)).unwrap_or(0);
                    let ended = tags.get(n).map(|tag| ending(*tag, response, during));
                    ended.map(|ended| ended.map(|ending| (n, ending)))
                }
                Response::Continue(_) => Some(Err(SessionError::Protocol {
                    during,
                    what: "it asks for more where there is no more".to_owned(),
                })),
                other => {
                    each(other);
                    None
                }
            });
            if let Some(end) = seen.await? {
                return end;
            }
        }
    }

    /// A line without a tag: the end of IDLE, the answer to a challenge.
    pub async fn say(&mut self, line: &str, during: &'static str) -> Result<(), SessionError> {
        let bytes = zeroize::Zeroizing::new(format!("{line}\r\n"));
        self.write(bytes.as_bytes(), during).await
    }
}

/// The tagged end of the command `tag`; anything out of step is an error.
pub fn ending(
    tag: Tag,
    response: &Response<'_>,
    during: &'static str,
) -> Result<Ending, SessionError> {
    let odd = |what: &str| SessionError::Protocol {
        during,
        what: what.to_owned(),
    };
    let Response::Done {
        tag: said,
        status,
        outcome,
    } = response
    else {
        return Err(odd("it has no tag"));
    };
    if !tag.is(&said.0) {
        return Err(odd("it answers another command"));
    }
    let text = outcome.information.as_deref().unwrap_or_default();
    let text = text.trim().to_owned();
    let ok = match status {
        Status::Ok => true,
        Status::No => false,
        _ => return Err(SessionError::Bad { during, text }),
    };
    Ok(Ending {
        ok,
        text,
        capabilities: match &outcome.code {
            Some(ResponseCode::Capabilities(list)) => Some(capability_words(list)),
            _ => None,
        },
    })
}

/// Capabilities as upper-case words, `AUTH=PLAIN` among them.
pub fn capability_words(list: &[Capability<'_>]) -> Vec<String> {
    list.iter()
        .map(|capability| match capability {
            Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
            Capability::Auth(word) => format!("AUTH={}", word.to_ascii_uppercase()),
            Capability::Atom(word) => word.to_ascii_uppercase(),
        })
        .collect()
}
