//! Puts what `init` made on the disk: all of it or nothing, and never over something that is there.

use super::asking::Tongue;
use crate::cli::edge::End;
use crate::config::Secret;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Files that are taken away again unless all of them are there.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        for path in &self.0 {
            // What cannot be removed cannot be helped; the error that led here is told.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Writes the configuration, and the password beside it if it is kept in a file.
pub fn write(
    file: &Path,
    text: &str,
    password: Option<(&Path, &Secret)>,
    tongue: Tongue,
) -> Result<(), End> {
    let told = |path: &Path| {
        let path = path.to_owned();
        move |e: io::Error| match e.kind() {
            io::ErrorKind::AlreadyExists => there(&path, tongue),
            _ => {
                let what = tongue.of("cannot be written", "ne peut pas être écrit");
                End::Usage(format!("{} {what}: {e}", path.display()))
            }
        }
    };
    let folder = folder_of(file);
    let made = DirBuilder::new().recursive(true).mode(0o755).create(folder);
    made.map_err(told(folder))?;
    let mut made = Made::default();
    if let Some((path, secret)) = password {
        let mut opened = new(path, 0o600).map_err(told(path))?;
        made.0.push(path.to_owned());
        let line = zeroize::Zeroizing::new(format!("{}\n", secret.expose()));
        let written = opened.write_all(line.as_bytes());
        written
            .and_then(|()| opened.sync_all())
            .map_err(told(path))?;
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.{}", std::process::id()));
    let mut opened = new(&draft, 0o644).map_err(told(&draft))?;
    made.0.push(draft.clone());
    let written = opened.write_all(text.as_bytes());
    written
        .and_then(|()| opened.sync_all())
        .map_err(told(file))?;
    put(&draft, file).map_err(told(file))?;
    // From here on everything is in its place; the draft's name is gone.
    made.0.clear();
    // The names, too, survive a power cut; a file system that cannot promise it is no reason to fail.
    let _ = File::open(folder).and_then(|f| f.sync_all());
    Ok(())
}

/// The folder of a file that may be named without one.
pub fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// The refusal to write over something.
pub fn there(path: &Path, tongue: Tongue) -> End {
    let path = path.display();
    End::Usage(match tongue {
        Tongue::En => format!(
            "{path} is there already, and init writes over nothing\n  → name another place with --config, or move it away"
        ),
        Tongue::Fr => format!(
            "{path} existe déjà, et init n'écrase rien\n  → nommez un autre endroit par --config, ou déplacez-le"
        ),
    })
}

/// A file that was not there before.
fn new(path: &Path, mode: u32) -> io::Result<File> {
    File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
}

/// Gives the draft its name in one step, unless that name is taken.
fn put(draft: &Path, file: &Path) -> io::Result<()> {
    match renameat_with(CWD, draft, CWD, file, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // Some file systems cannot; a second name for the same file is as good.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            std::fs::hard_link(draft, file)?;
            std::fs::remove_file(draft)
        }
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = names
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn everything_or_nothing_is_written_and_the_password_is_its_owners() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("config");
        let (file, path) = (folder.join("quitus.toml"), folder.join("quitus.password"));
        let secret = Secret::new("hunter2".to_owned());
        let all = || write(&file, "x = 1\n", Some((&path, &secret)), Tongue::En);
        all().unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "x = 1\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "hunter2\n");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        // The password's file is there: nothing is made.
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&path, "another").unwrap();
        assert!(matches!(all(), Err(End::Usage(why)) if why.contains("there already")));
        assert_eq!(names(&folder), ["quitus.password"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "another");

        // The configuration is there: the password's file goes away again.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&file, "theirs").unwrap();
        assert!(matches!(all(), Err(End::Usage(_))));
        assert_eq!(names(&folder), ["quitus.toml"]);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "theirs");
    }
}
