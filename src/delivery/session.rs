//! One connection to the server, and the dialog of one letter after the other over it.
//!
//! Commands go through lettre's connection one by one, not through its `send`, so that the step at which something
//! failed is known and the house can be asked between RCPT and DATA. Where the server offers PIPELINING (RFC 2920), MAIL and
//! RCPT travel together, and behind the final dot of the letter before. DATA never does, because `sending` must be durable first.

use super::letter::Parcel;
use super::login::Credentials;
use super::opening::{self, Offers, Opened};
use super::outcome::{Outcome, Phase, Problem, Trouble};
use super::reply::clean;
use super::settings::SmtpSettings;
use super::steps::{refused, said, told, within};
use super::tls::Trust;
use super::wire::{Fail, Marks};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Quit, Rset};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who has letters for a connection, is asked before each leaves, and is told how each ended.
///
/// The next letter is asked for before the outcome of this one is known, so that its MAIL and RCPT travel behind this one's
/// final dot (RFC 2920 3.1): a round trip less for each letter. DATA never does: `sending` must be durable first.
pub trait House: Send {
    /// The next letter to carry, if one waits.
    fn next(&mut self) -> Option<Arc<Parcel>>;

    /// The house's last word on the letter whose turn it is: called once its recipient was accepted, before DATA
    /// (answering.md C4, A9). Here `sending` is made durable. `true`: it is, hand the letter over. `false`: a colleague was
    /// faster, or it could not be committed; nothing is handed over and the outcome is [`Outcome::Withdrawn`]. Called at most
    /// once for a letter.
    fn committed(&mut self) -> impl Future<Output = bool> + Send;

    /// How the oldest letter that has not ended did. It may be written down together with the next `sending`.
    fn ended(&mut self, outcome: Outcome) -> impl Future<Output = ()> + Send;

    /// The server is slow to answer for the next letter: whatever was not written down is written down now.
    fn settle(&mut self) -> impl Future<Output = ()> + Send;
}

/// The last word on one letter that travels alone: [`House::committed`]. A closure `|| async { … }` will do.
pub trait BeforeData {
    /// Whether the letter may go.
    fn committed(&self) -> impl Future<Output = bool> + Send;
}

impl<F, Answer> BeforeData for F
where
    F: Fn() -> Answer + Sync,
    Answer: Future<Output = bool> + Send,
{
    fn committed(&self) -> impl Future<Output = bool> + Send {
        self()
    }
}

/// How long the outcome of a letter may wait for the server's answer about the next one.
const SOON: Duration = Duration::from_millis(50);

/// How one dialog ended, and whether it may be had again on another connection.
pub(super) struct Spoken {
    pub(super) outcome: Outcome,
    /// The connection, not the letter, failed, and the house was not asked yet.
    pub(super) again: bool,
    /// The letter that the house gave meanwhile; it is the next one to be carried.
    pub(super) next: Option<Arc<Parcel>>,
}

/// An open connection, logged in.
pub(super) struct Session {
    line: AsyncSmtpConnection,
    marks: Arc<Marks>,
    pub(super) offers: Offers,
    /// Letters it has carried.
    pub(super) carried: u32,
    /// When it was last used.
    pub(super) used: Instant,
    /// Whether it may be used again.
    pub(super) sound: bool,
    asked: bool,
    /// The letter whose MAIL and RCPT have left already; their answers are still to be read.
    named: Option<Arc<Parcel>>,
}

impl Session {
    /// Opens a connection.
    pub(super) async fn open(
        settings: &SmtpSettings<()>,
        trust: Option<&Trust>,
        login: Option<&Credentials>,
    ) -> Result<Self, Problem> {
        let Opened {
            line,
            marks,
            offers,
        } = match login {
            None => opening::open(settings, trust, None).await?,
            Some(login) => Self::logged_in(settings, trust, login).await?,
        };
        Ok(Self {
            line,
            marks,
            offers,
            carried: 0,
            used: Instant::now(),
            sound: true,
            asked: false,
            named: None,
        })
    }

    async fn logged_in(
        settings: &SmtpSettings<()>,
        trust: Option<&Trust>,
        login: &Credentials,
    ) -> Result<Opened, Problem> {
        let pass = login.pass().await?;
        let refused = match opening::open(settings, trust, Some(&pass)).await {
            Err(refused) => refused,
            opened => return opened,
        };
        match login.instead_of(&pass, &refused).await? {
            Some(other) => opening::open(settings, trust, Some(&other)).await,
            None => Err(refused),
        }
    }

    /// The dialog of one letter; if `more`, the house is asked for the next one meanwhile.
    pub(super) async fn carry(
        &mut self,
        parcel: &Arc<Parcel>,
        house: &mut impl House,
        settings: &SmtpSettings<()>,
        more: bool,
    ) -> Spoken {
        self.asked = false;
        let mut next = None;
        let outcome = match self.unsuitable(parcel) {
            Some(reply) => Outcome::Rejected {
                phase: Phase::MailFrom,
                reply,
            },
            None => match self
                .dialog(parcel, house, settings, more.then_some(&mut next))
                .await
            {
                Ok(outcome) => outcome,
                Err((phase, fail)) => self.judge(phase, fail),
            },
        };
        self.carried += 1;
        self.used = Instant::now();
        let again = !self.asked
            && matches!(&outcome, Outcome::Deferred { trouble, .. } if trouble.is_relation() && !trouble.needs_a_person());
        let open_transaction = !matches!(outcome, Outcome::Sent { .. }) && self.named.is_none();
        if open_transaction && self.sound {
            let reset = within(settings.timeouts.connect.0, self.line.command(Rset)).await;
            self.sound = reset.is_ok();
        }
        Spoken {
            outcome,
            again,
            next,
        }
    }

    /// Whether nothing that was said on it waits for an answer.
    pub(super) fn is_quiet(&self) -> bool {
        self.named.is_none()
    }

    /// Why these bytes can never pass through this server, if so; the letter is not changed to suit it.
    fn unsuitable(&self, parcel: &Parcel) -> Option<String> {
        let size = parcel.letter.bytes().len();
        if parcel.needs_8bit() && !self.offers.has("8BITMIME") {
            return Some("the letter is 8-bit and the server offers no 8BITMIME".into());
        }
        if parcel.needs_utf8() && !self.offers.has("SMTPUTF8") {
            return Some("an address is not ASCII and the server offers no SMTPUTF8".into());
        }
        let limit = self.offers.size_limit().filter(|limit| size > *limit)?;
        Some(format!(
            "the letter has {size} octets, the server takes {limit}"
        ))
    }

    async fn dialog(
        &mut self,
        parcel: &Arc<Parcel>,
        house: &mut impl House,
        settings: &SmtpSettings<()>,
        next: Option<&mut Option<Arc<Parcel>>>,
    ) -> Result<Outcome, (Phase, Fail)> {
        let patience = settings.timeouts.command.0;
        self.name(parcel, patience, house).await?;
        self.name_copy(parcel, patience).await?;
        self.asked = true;
        if !house.committed().await {
            return Ok(Outcome::Withdrawn);
        }
        let go = within(patience, self.line.command(Data)).await;
        let go = go.map_err(|fail| (Phase::Data, fail))?;
        if !go.has_code(354) {
            let fail = Fail::Garbled(format!("DATA was answered {}", go.code()));
            return Err((Phase::Data, fail));
        }
        if let Some(next) = next {
            *next = house.next();
            next.iter().for_each(|n| self.name_ahead(n, settings));
        }
        let bytes = parcel.letter.without_last_line_end();
        let long = Duration::from_secs(bytes.len() as u64 / 16_384);
        let patience = settings.timeouts.final_dot.0 + long;
        let taken = within(patience, self.line.message(bytes)).await;
        let taken = taken.map_err(|fail| (Phase::FinalDot, fail))?;
        if self.marks.write_failed() || u16::from(taken.code()) / 100 != 2 {
            let fail = Fail::Garbled(format!("unasked: {}", told(&taken)));
            return Err((Phase::FinalDot, fail));
        }
        Ok(Outcome::Sent {
            reply: clean(&told(&taken)),
        })
    }

    /// Lets the next letter's MAIL and RCPT travel behind the final dot of this one, if the server takes them so.
    fn name_ahead(&mut self, next: &Arc<Parcel>, settings: &SmtpSettings<()>) {
        let last = self.carried + 1 >= settings.messages_per_connection;
        if self.offers.has("PIPELINING") && !last && self.unsuitable(next).is_none() {
            let (mail, rcpt) = self.commands(next);
            self.marks.say_behind(mail + &rcpt);
            self.named = Some(next.clone());
        }
    }

    /// MAIL and RCPT, as they are said.
    fn commands(&self, parcel: &Parcel) -> (String, String) {
        let mut mail = format!(
            "MAIL FROM:<{}>",
            parcel.sender.as_ref().map_or("", |a| a.as_str())
        );
        if self.offers.has("SIZE") {
            mail.push_str(&format!(" SIZE={}", parcel.letter.bytes().len()));
        }
        if parcel.needs_8bit() {
            mail.push_str(" BODY=8BITMIME");
        }
        if parcel.needs_utf8() {
            mail.push_str(" SMTPUTF8");
        }
        mail.push_str("\r\n");
        (mail, format!("RCPT TO:<{}>\r\n", parcel.recipient.as_str()))
    }

    /// MAIL and RCPT, together if the server takes them so; or only their answers, if they have left already.
    async fn name(
        &mut self,
        parcel: &Arc<Parcel>,
        patience: Duration,
        house: &mut impl House,
    ) -> Result<(), (Phase, Fail)> {
        let (mail, rcpt) = self.commands(parcel);
        let named = self.named.take();
        if named.is_none() && !self.offers.has("PIPELINING") {
            house.settle().await;
            let first = within(patience, self.line.command(mail)).await;
            first.map_err(|fail| (Phase::MailFrom, fail))?;
            let second = within(patience, self.line.command(rcpt)).await;
            return second.map(drop).map_err(|fail| (Phase::RcptTo, fail));
        }
        let line = &mut self.line;
        let answers = async {
            let first = match named {
                Some(_) => within(patience, line.read_response()).await,
                None => within(patience, line.command(mail + &rcpt)).await,
            };
            // The second reply belongs to this letter whatever the first one says; unread it would answer the next command.
            let second = match &first {
                Ok(_) | Err(Fail::Said { .. }) => within(patience, line.read_response()).await,
                Err(_) => Err(Fail::Silent),
            };
            (first, second)
        };
        let mut answers = pin!(answers);
        let (first, second) = tokio::select! {
            biased;
            heard = &mut answers => heard,
            () = tokio::time::sleep(SOON) => {
                house.settle().await;
                answers.await
            }
        };
        self.sound &= matches!(&second, Ok(_) | Err(Fail::Said { .. }));
        first.map_err(|fail| (Phase::MailFrom, fail))?;
        second.map(drop).map_err(|fail| (Phase::RcptTo, fail))
    }

    /// RCPT of the blind copy. A server that refuses it carries the letter all the same; only a lost connection counts.
    async fn name_copy(
        &mut self,
        parcel: &Parcel,
        patience: Duration,
    ) -> Result<(), (Phase, Fail)> {
        let Some(copy) = &parcel.blind_copy else {
            return Ok(());
        };
        let rcpt = format!("RCPT TO:<{}>\r\n", copy.as_str());
        match within(patience, self.line.command(rcpt)).await {
            Ok(_) => Ok(()),
            Err(Fail::Said { code, text }) if code != 421 => {
                tracing::warn!(reply = %said(code, &text), "the server refuses the blind copy");
                Ok(())
            }
            Err(fail) => Err((Phase::RcptTo, fail)),
        }
    }

    /// What a failed step means for the letter, and for the connection.
    fn judge(&mut self, phase: Phase, fail: Fail) -> Outcome {
        self.sound &= matches!(&fail, Fail::Said { code, .. } if *code != 421);
        let handed_over = phase == Phase::FinalDot;
        match fail {
            Fail::Said { code, text } => {
                let reply = said(code, &text);
                let trouble = match code {
                    421 => Trouble::Refused,
                    // RFC 4954 6, RFC 3207 4: "log in first", "not without TLS"; no fault of the letter.
                    530 | 534 | 535 | 538 if !handed_over => Trouble::Login,
                    400..=499 => Trouble::Letter,
                    _ => return Outcome::Rejected { phase, reply },
                };
                Outcome::Deferred {
                    phase,
                    trouble,
                    reply,
                }
            }
            other if handed_over => Outcome::Uncertain {
                phase,
                why: clean(&refused(phase, other).reply),
            },
            other => refused(phase, other).into(),
        }
    }

    /// Says goodbye, without waiting long for an answer.
    pub(super) async fn close(mut self) {
        if self.sound && self.is_quiet() {
            let bye = self.line.command(Quit);
            // Whatever is answered, nothing depends on it.
            let _ = within(Duration::from_secs(2), bye).await;
        }
    }
}
