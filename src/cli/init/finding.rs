//! Which servers: by flags, by the provider that the domain or its MX names, by what the domain publishes, by trying the usual
//! names, or by asking.

use super::answers::{Question, Setup};
use super::providers::{Login, Needs, Provider, Providers};
use super::published::{self, Found};
use super::servers::{self, Role, Server};
use crate::cli::dns;
use crate::cli::edge::End;
use crate::record::Address;

/// What is known of the servers.
pub struct Servers {
    /// Where mail is read.
    pub imap: Server,
    /// Where letters leave.
    pub smtp: Server,
    /// The login of both.
    pub username: String,
    /// Whether the server puts what SMTP takes into Sent.
    pub files_sent: bool,
    /// Who judges what arrives, if that is known.
    pub authserv_id: Option<String>,
    /// Who gives tokens for it, if that is known.
    pub oauth: Option<String>,
    /// Whether it takes nothing else.
    pub only_tokens: bool,
}

/// Servers that may be offered, and what of the address the login is.
type Offered = (Option<Server>, Option<Server>, Login);

const IMAP: Question = ("IMAP server (reads)", "Serveur IMAP (lecture)");
const SMTP: Question = ("SMTP server (sends)", "Serveur SMTP (envoi)");

impl Setup<'_> {
    /// By flags, by the provider, by trying the usual names, or by asking.
    pub fn servers(&mut self, address: &Address, providers: &Providers) -> Result<Servers, End> {
        let (a, tongue) = (self.arguments, self.tongue);
        let provider = match (&a.imap, &a.smtp) {
            (Some(_), Some(_)) if a.provider.is_none() => None,
            _ => self.provider(address, providers)?,
        };
        if let Some(provider) = &provider {
            self.introduce(provider)?;
        }
        let given = (a.imap.as_deref(), a.smtp.as_deref());
        let (imap, smtp, local) = match &provider {
            Some(p) => (Some((&p.imap).into()), Some((&p.smtp).into()), p.login),
            None => self.published(address)?,
        };
        let imap = self.known(given.0, imap, address.domain(), Role::Imap)?;
        let smtp = self.known(given.1, smtp, address.domain(), Role::Smtp)?;
        if !self.terminal {
            let all = [("--imap", given.0, &imap), ("--smtp", given.1, &smtp)];
            self.none_missing(
                all.map(|(flag, given, known)| (flag, given.is_some() || known.is_some())),
            )?;
        }
        let parse = |role| move |t: &str| Server::parse(t, role, tongue);
        let imap = self.value("--imap", given.0, IMAP, imap.as_deref(), parse(Role::Imap))?;
        let smtp = self.value("--smtp", given.1, SMTP, smtp.as_deref(), parse(Role::Smtp))?;
        let login = match local {
            Login::Local => address.local(),
            Login::Address => address.as_str(),
        };
        let question = ("Login name", "Identifiant");
        let username = self.text("--username", a.username.as_deref(), question, Some(login))?;
        let files_sent = provider.as_ref().is_some_and(|p| p.files_sent);
        let oauth = provider.as_ref().and_then(|p| p.oauth.clone());
        let only_tokens =
            provider.as_ref().is_some_and(|p| p.auth == Needs::Oauth) && oauth.is_some();
        let authserv_id = provider.and_then(|p| p.authserv_id);
        Ok(Servers {
            imap,
            smtp,
            username,
            files_sent,
            authserv_id,
            oauth,
            only_tokens,
        })
    }

    /// A server that may be offered: the provider's, or, where nothing is given, one of the usual names.
    fn known(
        &mut self,
        given: Option<&str>,
        of_provider: Option<Server>,
        domain: &str,
        role: Role,
    ) -> Result<Option<String>, End> {
        match (of_provider, given) {
            (None, None) => self.guessed(domain, role),
            (known, _) => Ok(known.map(|k| k.to_string())),
        }
    }

    /// What the domain publishes itself, if servers are wanted. What only name servers say is offered to a person, and is not used without one.
    fn published(&mut self, address: &Address) -> Result<Offered, End> {
        let (a, tongue) = (self.arguments, self.tongue);
        let none = (None, None, Login::Address);
        if a.offline || (a.imap.is_some() && a.smtp.is_some()) {
            return Ok(none);
        }
        let looked = published::look(address, a.ca_file.as_deref());
        let Some(Found {
            servers,
            by,
            proved,
        }) = self.runtime.block_on(looked)
        else {
            return Ok(none);
        };
        let all = servers.imap.iter().chain(&servers.smtp);
        let all: Vec<String> = all.map(Server::to_string).collect();
        self.asker.tell(&format!("{by}: {}", all.join(", ")))?;
        match (proved, self.terminal) {
            (true, _) => {}
            (false, true) => self.asker.tell(tongue.of(
                "  (said by name servers alone, which proves nothing: take them only if you know them)",
                "  (dit par le seul DNS, qui ne prouve rien : ne les acceptez que si vous les connaissez)",
            ))?,
            (false, false) => {
                self.asker.tell(tongue.of(
                    "  said by name servers alone, which proves nothing: name them with --imap and --smtp if they are right",
                    "  dit par le seul DNS, qui ne prouve rien : donnez-les par --imap et --smtp s'ils sont justes",
                ))?;
                return Ok(none);
            }
        }
        Ok((servers.imap, servers.smtp, servers.login))
    }

    /// Who runs the mailbox, if that is known.
    fn provider(
        &mut self,
        address: &Address,
        providers: &Providers,
    ) -> Result<Option<Provider>, End> {
        if let Some(id) = &self.arguments.provider {
            return match providers.named(id) {
                Some(provider) => Ok(Some(provider.clone())),
                None => {
                    let none = self.tongue.of("is none of", "ne figure pas parmi");
                    let all: Vec<&str> = providers.ids().collect();
                    Err(End::Usage(format!(
                        "--provider {id} {none} {}",
                        all.join(", ")
                    )))
                }
            };
        }
        if let Some(provider) = providers.of_domain(address.domain()) {
            return Ok(Some(provider.clone()));
        }
        if self.arguments.offline {
            return Ok(None);
        }
        let asked = self
            .runtime
            .block_on(dns::ask(address.domain(), dns::Kind::Mx));
        let servers = asked.unwrap_or_default();
        Ok(providers.of_mx(&servers).cloned())
    }

    fn introduce(&mut self, provider: &Provider) -> Result<(), End> {
        let tongue = self.tongue;
        let hint = tongue.of(&provider.hint.en, &provider.hint.fr);
        self.asker.tell(&format!("{}\n  → {hint}", provider.name))?;
        if !provider.verified {
            self.asker.tell(tongue.of(
                "  (we are not sure of these settings)",
                "  (nous ne sommes pas sûrs de ces réglages)",
            ))?;
        }
        if provider.auth == Needs::Oauth && provider.oauth.is_none() && self.terminal {
            let question = tongue.of("Go on all the same?", "Continuer quand même ?");
            if !self.asker.agree(question, false)? {
                return Err(End::Usage(
                    tongue
                        .of("nothing was written", "rien n'a été écrit")
                        .to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// Servers of the usual names, if one of them is there; what was tried is told.
    fn guessed(&mut self, domain: &str, role: Role) -> Result<Option<String>, End> {
        let tongue = self.tongue;
        if self.arguments.offline {
            return Ok(None);
        }
        match self.runtime.block_on(servers::guess(domain, role)) {
            Ok(server) => Ok(Some(server.to_string())),
            Err(tried) => {
                let what = match role {
                    Role::Imap => tongue.of(
                        "no IMAP server was found by the usual names; tried:",
                        "aucun serveur IMAP trouvé sous les noms usuels ; essayés :",
                    ),
                    Role::Smtp => tongue.of(
                        "no SMTP server was found by the usual names; tried:",
                        "aucun serveur SMTP trouvé sous les noms usuels ; essayés :",
                    ),
                };
                self.asker
                    .tell(&format!("{what}\n  {}", tried.join("\n  ")))?;
                Ok(None)
            }
        }
    }
}
