//! What each command does. The codec has already said what was asked; here it is done to the folders.

use super::folders::{matches_pattern, storable};
use super::reply::{self, Ending, folder_name};

use super::session::{Selected, Session};
use super::{lock, whole_second};
use imap_codec::imap_types::auth::AuthMechanism;
use imap_codec::imap_types::command::CommandBody;
use imap_codec::imap_types::core::{Atom, QuotedChar};
use imap_codec::imap_types::extensions::binary::LiteralOrLiteral8;
use imap_codec::imap_types::fetch::MacroOrMessageDataItemNames;
use imap_codec::imap_types::flag::{Flag, FlagNameAttribute, FlagPerm};
use imap_codec::imap_types::mailbox::{ListMailbox, Mailbox};
use imap_codec::imap_types::response::{Code, Data};
use imap_codec::imap_types::status::{StatusDataItem, StatusDataItemName};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Result;
use std::num::NonZeroU32;

/// What the server says it can do.
pub(super) const CAPABILITIES: &str =
    "IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID IDLE UIDPLUS MOVE UNSELECT SPECIAL-USE";

/// LIST with the options of RFC 5258 and RFC 6154, which the codec does not know, becomes the plain LIST that it does:
/// attributes are always told, so `RETURN (SPECIAL-USE)` adds nothing.
pub(super) fn without_list_options(command: &[u8]) -> Cow<'_, [u8]> {
    let Ok(text) = std::str::from_utf8(command) else {
        return Cow::Borrowed(command);
    };
    let Some((tag, arguments)) = text.split_once(' ') else {
        return Cow::Borrowed(command);
    };
    let upper = arguments.to_ascii_uppercase();
    if !upper.starts_with("LIST ") {
        return Cow::Borrowed(command);
    }
    let end = upper
        .rfind(" RETURN (")
        .unwrap_or(arguments.trim_end().len());
    let mut begin = "LIST ".len();
    if upper[begin..].starts_with('(') {
        begin = upper.find(") ").map_or(begin, |at| at + 2);
    }
    let plain = arguments.get(begin..end).unwrap_or_default();
    Cow::Owned(format!("{tag} LIST {plain}\r\n").into_bytes())
}

impl Session {
    /// Carries out one command; what it tells stands in `self.out`. `None` if nothing is to be answered any more.
    pub(super) async fn carry_out(&mut self, body: CommandBody<'_>) -> Result<Option<Ending>> {
        use CommandBody as C;
        let ending = match body {
            C::Capability => {
                let line = format!("* CAPABILITY {CAPABILITIES}\r\n");
                self.out.extend_from_slice(line.as_bytes());
                Ending::ok("That is all.")
            }
            C::Noop | C::Check => Ending::ok("Nothing to do."),
            C::Id { .. } => {
                self.out
                    .extend_from_slice(b"* ID (\"name\" \"sandbox\")\r\n");
                Ending::ok("Pleased to meet you.")
            }
            C::Logout => {
                self.out.extend_from_slice(b"* BYE Until next time.\r\n");
                self.leaving = true;
                Ending::ok("Logged out.")
            }
            C::Login { username, password } => {
                let user = String::from_utf8_lossy(username.as_ref()).into_owned();
                let password = String::from_utf8_lossy(password.declassify().as_ref()).into_owned();
                self.log_in(&user, &password)
            }
            C::Authenticate {
                mechanism: AuthMechanism::Plain,
                initial_response,
            } => {
                let initial = initial_response.map(|r| r.declassify().to_vec());
                self.authenticate_plain(initial).await?
            }
            C::Authenticate { .. } => Ending::no("Only PLAIN."),
            body => match self.user.clone() {
                Some(user) => return self.carry_out_for(&user, body).await,
                None => Ending::no("Log in first."),
            },
        };
        Ok(Some(ending))
    }

    async fn carry_out_for(&mut self, user: &str, body: CommandBody<'_>) -> Result<Option<Ending>> {
        use CommandBody as C;
        Ok(Some(match body {
            C::Select { mailbox, .. } => self.select(user, &mailbox, false),
            C::Examine { mailbox, .. } => self.select(user, &mailbox, true),
            C::List {
                mailbox_wildcard,
                reference,
            } => self.list(user, &reference, &mailbox_wildcard, false),
            C::Lsub {
                mailbox_wildcard,
                reference,
            } => self.list(user, &reference, &mailbox_wildcard, true),
            C::Status {
                mailbox,
                item_names,
            } => self.status(user, &mailbox, &item_names),
            C::Create { mailbox } => {
                let name = folder_name(&mailbox);
                done(
                    lock(&self.shared.world).create(user, name.trim_end_matches('/'), None),
                    "There is one already.",
                )
            }
            C::Delete { mailbox } => done(
                lock(&self.shared.world).delete(user, &folder_name(&mailbox)),
                "There is none.",
            ),
            C::Subscribe { .. } | C::Unsubscribe { .. } => {
                Ending::ok("All folders are subscribed.")
            }
            C::Append {
                mailbox,
                flags,
                date,
                message,
            } => {
                let date = date.as_ref().and_then(reply::timestamp);
                let raw = match &message {
                    LiteralOrLiteral8::Literal(raw) => raw.as_ref(),
                    LiteralOrLiteral8::Literal8(raw) => raw.data.as_ref(),
                };
                self.append(user, &folder_name(&mailbox), texts(&flags), date, raw)
            }
            C::Idle => self.idle().await?,
            body if self.selected.is_some() => self.carry_out_selected(user, body).await?,
            _ => Ending::no("Select a folder first."),
        }))
    }

    async fn carry_out_selected(&mut self, user: &str, body: CommandBody<'_>) -> Result<Ending> {
        use CommandBody as C;
        Ok(match body {
            C::Fetch {
                sequence_set,
                macro_or_item_names,
                uid,
                ..
            } => {
                let names = match &macro_or_item_names {
                    MacroOrMessageDataItemNames::Macro(names) => names.expand(),
                    MacroOrMessageDataItemNames::MessageDataItemNames(names) => names.clone(),
                };
                self.fetch(user, &sequence_set, &names, uid).await?
            }
            C::Search { criteria, uid, .. } => self.search(user, criteria.as_ref(), uid),
            C::Store {
                sequence_set,
                kind,
                response,
                flags,
                uid,
                ..
            } => self.store(user, &sequence_set, (kind, response, texts(&flags)), uid),
            C::Copy {
                sequence_set,
                mailbox,
                uid,
            } => self.copy(user, &sequence_set, &mailbox, uid, false),
            C::Move {
                sequence_set,
                mailbox,
                uid,
            } => self.copy(user, &sequence_set, &mailbox, uid, true),
            C::Expunge => self.expunge(user, None),
            C::ExpungeUid { sequence_set } => self.expunge(user, Some(&sequence_set)),
            C::Close => {
                let ending = self.expunge(user, None);
                self.selected = None;
                ending
            }
            C::Unselect => {
                self.selected = None;
                Ending::ok("Closed.")
            }
            _ => Ending::bad("Not here."),
        })
    }

    fn select(&mut self, user: &str, mailbox: &Mailbox<'_>, read_only: bool) -> Ending {
        self.selected = None;
        let shared = self.shared.clone();
        let mut world = lock(&shared.world);
        let Some(folder) = world.folder(user, &folder_name(mailbox)) else {
            return Ending::no("There is no such folder.");
        };
        let system = [
            Flag::Answered,
            Flag::Deleted,
            Flag::Draft,
            Flag::Flagged,
            Flag::Seen,
        ];
        let out = &mut self.out;
        reply::data(out, Data::Flags(system.to_vec()));
        reply::data(out, Data::Exists(folder.messages.len() as u32));
        reply::data(out, Data::Recent(0));
        let mut permanent: Vec<FlagPerm<'_>> = system.into_iter().map(Into::into).collect();
        permanent.push(FlagPerm::Asterisk);
        if read_only {
            permanent.clear();
        }
        let first_unseen = folder.unseen().next().map(|(at, _)| at as u32 + 1);
        let codes = [
            first_unseen.and_then(NonZeroU32::new).map(Code::Unseen),
            Some(Code::PermanentFlags(permanent)),
            NonZeroU32::new(folder.uid_validity).map(Code::UidValidity),
            NonZeroU32::new(folder.uid_next).map(Code::UidNext),
        ];
        for code in codes.into_iter().flatten() {
            reply::status(out, None, Ending::ok("So it is.").with(code));
        }
        self.selected = Some(Selected {
            name: folder.name.clone(),
            read_only,
            uid_validity: folder.uid_validity,
            view: folder.messages.iter().map(|m| m.uid).collect(),
            version: folder.version,
        });
        Ending::ok("Open.").with(if read_only {
            Code::ReadOnly
        } else {
            Code::ReadWrite
        })
    }

    fn list(
        &mut self,
        user: &str,
        reference: &Mailbox<'_>,
        pattern: &ListMailbox<'_>,
        lsub: bool,
    ) -> Ending {
        let pattern = wanted_names(pattern);
        let delimiter = QuotedChar::try_from('/').ok();
        if pattern.is_empty() {
            // RFC 3501, 6.3.8: an empty name asks for the delimiter only.
            self.out
                .extend_from_slice(b"* LIST (\\Noselect) \"/\" \"\"\r\n");
            return Ending::ok("That is all.");
        }
        let pattern = match folder_name(reference) {
            reference if reference.is_empty() => pattern,
            reference => format!("{reference}{pattern}"),
        };
        let shared = self.shared.clone();
        let mut world = lock(&shared.world);
        let folders = world
            .account(user)
            .map(|a| a.folders.as_slice())
            .unwrap_or_default();
        for folder in folders
            .iter()
            .filter(|f| matches_pattern(&pattern, &f.name))
        {
            let items = special_use(folder.special.as_deref());
            let Ok(mailbox) = Mailbox::try_from(folder.name.clone()) else {
                continue;
            };
            let listed = match lsub {
                true => Data::Lsub {
                    items,
                    delimiter,
                    mailbox,
                },
                false => Data::List {
                    items,
                    delimiter,
                    mailbox,
                },
            };
            reply::data(&mut self.out, listed);
        }
        Ending::ok("That is all.")
    }

    fn status(
        &mut self,
        user: &str,
        mailbox: &Mailbox<'_>,
        names: &[StatusDataItemName],
    ) -> Ending {
        let shared = self.shared.clone();
        let mut world = lock(&shared.world);
        let Some(folder) = world.folder(user, &folder_name(mailbox)) else {
            return Ending::no("There is no such folder.");
        };
        let deleted = || {
            folder
                .messages
                .iter()
                .filter(|m| m.flags.contains("\\Deleted"))
        };
        let item = |name: &StatusDataItemName| {
            Some(match name {
                StatusDataItemName::Messages => {
                    StatusDataItem::Messages(folder.messages.len() as u32)
                }
                StatusDataItemName::Recent => StatusDataItem::Recent(0),
                StatusDataItemName::UidNext => {
                    StatusDataItem::UidNext(NonZeroU32::new(folder.uid_next)?)
                }
                StatusDataItemName::UidValidity => {
                    StatusDataItem::UidValidity(NonZeroU32::new(folder.uid_validity)?)
                }
                StatusDataItemName::Unseen => {
                    StatusDataItem::Unseen(folder.unseen().count() as u32)
                }
                StatusDataItemName::Deleted => StatusDataItem::Deleted(deleted().count() as u32),
                StatusDataItemName::DeletedStorage => {
                    StatusDataItem::DeletedStorage(deleted().map(|m| m.raw.len() as u64).sum())
                }
            })
        };
        let items: Vec<StatusDataItem> = names.iter().filter_map(item).collect();
        let mailbox = mailbox.clone();
        reply::data(
            &mut self.out,
            Data::Status {
                mailbox,
                items: items.into(),
            },
        );
        Ending::ok("So it is.")
    }

    fn append(
        &mut self,
        user: &str,
        name: &str,
        flags: BTreeSet<String>,
        date: Option<Timestamp>,
        raw: &[u8],
    ) -> Ending {
        let mut world = lock(&self.shared.world);
        let Some(folder) = world.folder(user, name) else {
            return Ending::no("There is no such folder.").with(Code::TryCreate);
        };
        let date = whole_second(date.unwrap_or_else(Timestamp::now));
        let uid = folder.put(storable(raw), date, flags);
        let code = NonZeroU32::new(folder.uid_validity)
            .zip(NonZeroU32::new(uid))
            .map(|(uid_validity, uid)| Code::AppendUid { uid_validity, uid });
        drop(world);
        self.shared.write_down(raw);
        self.shared.changed();
        match code {
            Some(code) => Ending::ok("Kept.").with(code),
            None => Ending::ok("Kept."),
        }
    }
}

fn wanted_names(pattern: &ListMailbox<'_>) -> String {
    let octets = match pattern {
        ListMailbox::Token(text) => text.as_ref(),
        ListMailbox::String(text) => text.as_ref(),
    };
    String::from_utf8_lossy(octets).into_owned()
}

fn done(done: bool, why_not: &str) -> Ending {
    match done {
        true => Ending::ok("Done."),
        false => Ending::no(why_not),
    }
}

fn texts(flags: &[Flag<'_>]) -> BTreeSet<String> {
    flags.iter().map(ToString::to_string).collect()
}

/// What a folder is for (RFC 6154), as `LIST` tells it.
fn special_use(special: Option<&str>) -> Vec<FlagNameAttribute<'static>> {
    let special = special.and_then(|s| s.strip_prefix('\\'));
    let special = special.and_then(|s| Atom::try_from(s.to_owned()).ok());
    special.map(FlagNameAttribute::from).into_iter().collect()
}
