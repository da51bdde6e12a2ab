//! `quitus users`: who may use the review desk in a browser, and what each may do.
//!
//! It writes `users.toml` in the store's folder, which a running daemon reads at once. A password is typed, or read from a
//! file or standard input, and never stands on the command line.

use super::edge::{self, DONE, End};
use super::init::asking::{Asker, Tongue};
use super::output;
use crate::record::Language;
use crate::web::{
    Role, User, Users, hash_of_token, hash_password, is_name, secret, unfit_password,
};
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// `quitus users …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// One JSON object
    #[arg(long, global = true)]
    json: bool,
}

/// What somebody may do.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum May {
    /// Look
    Viewer,
    /// Edit templates too
    Writer,
    /// Decide too
    Reviewer,
}

impl May {
    const fn role(self) -> Role {
        match self {
            Self::Viewer => Role::Viewer,
            Self::Writer => Role::Writer,
            Self::Reviewer => Role::Reviewer,
        }
    }
}

/// Where a password comes from.
#[derive(clap::Args, Debug)]
struct Password {
    /// Read the password from the first line of this file, - for standard input [default: it is asked for]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Let somebody in
    Add {
        /// The name, as the log will write it
        name: String,
        /// What they may do
        #[arg(long)]
        role: May,
        /// The language of their pages [default: the browser's]
        #[arg(long, value_name = "LANGUAGE")]
        language: Option<Language>,
        /// No password: only a proxy lets them in ([desk] proxy_user_header)
        #[arg(long, conflicts_with = "password_file")]
        no_password: bool,
        #[command(flatten)]
        password: Password,
    },
    /// Who may sign in
    List,
    /// Let somebody in no more; whoever is signed in is out at once
    Remove {
        /// The name
        name: String,
    },
    /// Give somebody another password; whoever is signed in with the old one is out at once
    Passwd {
        /// The name
        name: String,
        #[command(flatten)]
        password: Password,
    },
    /// Make a token for the HTTP API, shown once; the one before is worth nothing any more
    Token {
        /// The name
        name: String,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    // What is written here is its owner's alone, from the first moment.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let users = Users::of_store(&edge::config(named)?.store.path);
    let (data, text) = match &arguments.command {
        Command::Add {
            name,
            role,
            language,
            no_password,
            password,
        } => {
            let hashed = match no_password {
                true => String::new(),
                false => password.hashed()?,
            };
            let user = User {
                name: name.clone(),
                role: role.role(),
                password: hashed,
                language: *language,
                token: String::new(),
            };
            add(&users, user)?
        }
        Command::List => list(&users)?,
        Command::Remove { name } => remove(&users, name)?,
        Command::Passwd { name, password } => {
            known(&users, name)?;
            let hashed = password.hashed()?;
            changed(&users, name, |u| u.password = hashed)?;
            let text = format!("{name} has another password; sessions with the old one are over\n");
            (json!({"user": name, "password": "changed"}), text)
        }
        Command::Token { name } => {
            known(&users, name)?;
            let token = format!("quitus-{}", secret()?);
            let hash = hash_of_token(&token);
            changed(&users, name, |u| u.token = hash)?;
            let text = format!("{token}\n");
            (json!({"user": name, "token": token}), text)
        }
    };
    match arguments.json {
        true => output::json_line(&mut output::programs(), &data)?,
        false => output::people().write_all(text.as_bytes())?,
    }
    Ok(DONE)
}

type Said = (Value, String);

fn add(users: &Users, user: User) -> Result<Said, End> {
    let (name, role) = (user.name.clone(), user.role.word());
    if !is_name(&name) {
        let said = "a name has letters, digits and . - _ @ only, 64 at most";
        return Err(End::Usage(said.to_owned()));
    }
    let there = users.change(|all| match all.iter().any(|u| u.name == name) {
        true => true,
        false => {
            all.push(user);
            false
        }
    })?;
    if there {
        let said = format!(
            "{name} is there already\n  → `quitus users passwd {name}` gives another password, `quitus users remove {name}` removes"
        );
        return Err(End::Usage(said));
    }
    let text = format!("{name} may sign in as {role}\n");
    Ok((json!({"user": name, "role": role}), text))
}

fn list(users: &Users) -> Result<Said, End> {
    let (mut text, mut data) = (String::new(), Vec::new());
    let all = users.all()?;
    let widest = all.iter().map(|u| u.name.chars().count()).max();
    for user in all.iter() {
        let (name, role) = (&user.name, user.role.word());
        let (password, token) = (!user.password.is_empty(), !user.token.is_empty());
        let width = widest.unwrap_or(0);
        text += &format!("{name:<width$}  {role:<8}");
        text += if password { "" } else { "  by proxy only" };
        text += if token { "  has a token\n" } else { "\n" };
        let language = user.language.map(|l| l.word());
        data.push(json!({"user": name, "role": role, "language": language, "password": password, "token": token}));
    }
    if all.is_empty() {
        text += "nobody: `quitus users add NAME --role reviewer`\n";
    }
    Ok((json!({"users": data}), text))
}

fn remove(users: &Users, name: &str) -> Result<Said, End> {
    known(users, name)?;
    users.change(|all| all.retain(|u| u.name != name))?;
    let text = format!("{name} is let in no more\n");
    Ok((json!({"user": name, "removed": true}), text))
}

fn known(users: &Users, name: &str) -> Result<(), End> {
    match users.find(name)? {
        Some(_) => Ok(()),
        None => Err(End::Usage(format!(
            "there is no user {name}\n  → `quitus users list` names all"
        ))),
    }
}

fn changed(users: &Users, name: &str, change: impl FnOnce(&mut User)) -> io::Result<()> {
    users.change(|all| {
        if let Some(user) = all.iter_mut().find(|u| u.name == name) {
            change(user);
        }
    })
}

impl Password {
    /// The hash of what was typed or read.
    fn hashed(&self) -> Result<String, End> {
        let password = match &self.password_file {
            Some(file) => first_line(file)?,
            None => typed()?,
        };
        match unfit_password(&password) {
            Some(why) => Err(End::Usage(why)),
            None => Ok(hash_password(&password)?),
        }
    }
}

fn first_line(file: &Path) -> Result<Zeroizing<String>, End> {
    let mut text = Zeroizing::new(String::new());
    let read = match file == Path::new("-") {
        true => io::stdin().lock().read_to_string(&mut text),
        false => std::fs::File::open(file).and_then(|mut f| f.read_to_string(&mut text)),
    };
    read.map_err(|e| End::Usage(format!("{}: {e}", file.display())))?;
    let line = text.lines().next().unwrap_or_default();
    Ok(Zeroizing::new(line.to_owned()))
}

/// Asked for twice: nobody sees what they type.
fn typed() -> Result<Zeroizing<String>, End> {
    if !io::stdin().is_terminal() {
        let said = "nobody is at a terminal to type the password\n  → --password-file FILE, or - for standard input";
        return Err(End::Usage(said.to_owned()));
    }
    let (mut input, mut output) = (io::stdin().lock(), anstream::stderr());
    let mut asker = Asker {
        input: &mut input,
        output: &mut output,
        tongue: Tongue::En,
    };
    let first = asker.secret("Password")?;
    let again = asker.secret("The same once more")?;
    match first.expose() == again.expose() {
        true => Ok(Zeroizing::new(first.expose().to_owned())),
        false => Err(End::Usage("these are two different passwords".to_owned())),
    }
}
