//! `quitus man` and `quitus completions`: the manual and what a shell completes, from the definition of the commands itself.

use super::edge::{DONE, End};
use super::{Cli, output};
use clap::CommandFactory as _;
use std::io::Write as _;
use std::path::PathBuf;

/// `quitus man [DIR]`
#[derive(clap::Args, Debug)]
pub struct Man {
    /// Write a page for every command into this folder, which is made if it is not there; without it, the first page is printed
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// `quitus completions SHELL`
#[derive(clap::Args, Debug)]
pub struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

/// Prints the manual's first page, or writes all of them.
pub fn man(arguments: &Man) -> Result<u8, End> {
    // Without clap's own `help`, which needs no page; generate_to leaves it out as well.
    let command = Cli::command().disable_help_subcommand(true);
    match &arguments.folder {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(command, folder)?;
        }
        None => clap_mangen::Man::new(command).render(&mut output::programs())?,
    }
    Ok(DONE)
}

/// Prints what the shell must know.
pub fn completions(arguments: &Completions) -> Result<u8, End> {
    // The generator panics where nobody reads on, so it never writes to a pipe itself.
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "quitus", &mut text);
    let mut out = output::programs();
    out.write_all(&text)?;
    out.flush()?;
    Ok(DONE)
}
