//! The commands: what a person types, what is printed, and how a command ends.
//!
//! One file a command. Exit codes: 0 done, 1 found something wrong, 2 usage or configuration. Whoever stops reading our
//! output (`| head`) makes no error. Deliberately absent: everything that decides; that is in the rooms.

mod activate;
mod ask;
mod canary;
mod check;
mod checking;
mod classify;
mod compliance;
mod config;
mod contacts;
#[cfg(feature = "demo")]
mod demo;
mod dns;
mod doctor;
mod edge;
mod eval;
mod explain;
mod figures;
mod incidents;
mod init;
mod judging;
mod learning;
mod letters;
mod log;
mod manual;
mod oauth;
mod output;
mod paging;
mod paper;
mod replay;
mod requests;
mod review;
mod run;
mod screen;
mod senders;
mod sent;
mod status;
mod store;
mod suppression;
mod templates;
mod token;
mod users;

use clap::{Parser, Subcommand};
use edge::End;
use std::path::PathBuf;
use std::process::ExitCode;

/// Answers the people who reply to prospecting e-mail: STOP, source, access, erasure and the other GDPR rights.
#[derive(Parser, Debug)]
#[command(
    name = "quitus",
    version,
    about,
    propagate_version = true,
    arg_required_else_help = true
)]
struct Cli {
    /// The configuration [default: $QUITUS_CONFIG, ./config/quitus.toml, /etc/quitus/quitus.toml]
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Watch it work on this machine alone: a small firm, some replies, the real daemon; needs nothing
    #[cfg(feature = "demo")]
    Demo(demo::Arguments),
    /// Write a configuration by questions or by flags, tried before it is written; never over one that is there
    Init(Box<init::Arguments>),
    /// Watch the mailboxes, obey, answer, and write everything down, until it is ended
    Run,
    /// How everything is: mode, messages, letters, what waits, mailboxes; 1 if a human should look
    Status(status::Arguments),
    /// What leaves the house: nothing, what a human approved, or what the policy allows
    Activate(activate::Arguments),
    /// Walk through what waits for a human, the nearest deadline first: one key approves, edits, refuses, skips
    Review(review::Arguments),
    /// Requests that a human must decide
    Requests(requests::Arguments),
    /// Who must not be written to
    Suppression(suppression::Arguments),
    /// The register of contacts
    Contacts(contacts::Arguments),
    /// Say what messages ask and what would be done; changes nothing, needs no configuration (used only if --config names one)
    Classify(classify::Arguments),
    /// Say of one message why it is read so, and which line to change; changes nothing, like classify
    Explain(explain::Arguments),
    /// Say how well labelled replies are read: right, held, wrong, missed, and the worst of them
    Eval(eval::Arguments),
    /// Say what a mailbox has missed so far: objections, requests overdue, mails after a STOP; sends and changes nothing
    Replay(Box<replay::Arguments>),
    /// Check configuration, templates and lexicons: every mistake at once
    Check(check::Arguments),
    /// What is in force and where each value comes from; the reference of all settings
    Config(config::Arguments),
    /// Look at everything that Quitus depends on: good, warning or wrong, each with what to do; 1 if anything is wrong
    Doctor(doctor::Arguments),
    /// Check the templates of letters, or show a letter
    Templates(templates::Arguments),
    /// By week and kind: requests, time to answer, what a human had to look at, mails after a STOP
    Figures(figures::Arguments),
    /// What reviewers corrected: the replies that are kept, and which phrase would have caught one
    Learning(learning::Arguments),
    /// The processing log
    Log(log::Arguments),
    /// The folder that holds the log, the keys and the index
    Store(store::Arguments),
    /// What became of letters; what to do about those of unknown fate, refused or bounced
    Letters(letters::Arguments),
    /// Log in at the mail provider without a password (OAuth 2.0): once by a browser, how each log-in is, end one
    Oauth(oauth::Arguments),
    /// Send a marked STOP and a marked access request on the whole way, and wait for both answers; 1 if one does not come
    Canary(canary::Arguments),
    /// Mails that went to people after their STOP
    Incidents(incidents::Arguments),
    /// The tools that send and must obey: how each is, a test, their own opt-outs
    Senders(senders::Arguments),
    /// What was sent, for tools that keep no Sent folder
    Sent(sent::Arguments),
    /// Marks for mails that a sending tool sends, by which a reply names its person
    Token(token::Arguments),
    /// Who may use the review desk in a browser
    Users(users::Arguments),
    /// Papers for the firm's own file, as drafts for counsel: record of processing, balancing test, note to staff, yearly figures
    Compliance(compliance::Arguments),
    /// The manual: its first page, or a page for every command into a folder
    Man(manual::Man),
    /// What a shell completes: bash, zsh, fish, elvish, powershell
    Completions(manual::Completions),
}

/// Runs the command that stands on the command line.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // clap's own codes: 0 for help and version, 2 for a mistake. A closed pipe must not change them.
        Err(said) => {
            let _ = said.print();
            return ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2));
        }
    };
    let config = cli.config.as_deref();
    let end = match cli.command {
        #[cfg(feature = "demo")]
        Command::Demo(a) => demo::run(a),
        Command::Init(a) => init::run(&a, config),
        Command::Run => run::run(config),
        Command::Status(a) => status::run(&a, config),
        Command::Activate(a) => activate::run(&a, config),
        Command::Review(a) => review::run(&a, config),
        Command::Requests(a) => requests::run(&a, config),
        Command::Suppression(a) => suppression::run(&a, config),
        Command::Contacts(a) => contacts::run(&a, config),
        Command::Classify(a) => classify::run(&a, config),
        Command::Explain(a) => explain::run(&a, config),
        Command::Eval(a) => eval::run(&a, config),
        Command::Replay(a) => replay::run(&a, config),
        Command::Check(a) => check::run(&a, config),
        Command::Config(a) => self::config::run(&a, config),
        Command::Doctor(a) => doctor::run(&a, config),
        Command::Templates(a) => templates::run(&a, config),
        Command::Figures(a) => figures::run(&a, config),
        Command::Learning(a) => learning::run(&a, config),
        Command::Log(a) => log::run(&a, config),
        Command::Store(a) => store::run(&a, config),
        Command::Letters(a) => letters::run(&a, config),
        Command::Oauth(a) => oauth::run(&a, config),
        Command::Canary(a) => canary::run(&a, config),
        Command::Incidents(a) => incidents::run(&a, config),
        Command::Senders(a) => senders::run(&a, config),
        Command::Sent(a) => sent::run(&a, config),
        Command::Token(a) => token::run(&a, config),
        Command::Users(a) => users::run(&a, config),
        Command::Compliance(a) => compliance::run(&a, config),
        Command::Man(a) => manual::man(&a),
        Command::Completions(a) => manual::completions(&a),
    };
    end.map_or_else(End::tell, ExitCode::from)
}
