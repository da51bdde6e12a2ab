//! The Debian package as an administrator has it: built, installed, upgraded, removed and purged in a root made for it; and
//! the manual and the completions that it carries.
//!
//! The root is made of this machine's own packages (tests/package/root.sh) and entered by chroot, so this runs as root, as
//! the tests with Postfix do.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const BINARY: &str = env!("CARGO_BIN_EXE_quitus");

fn done(output: &Output, what: &str) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    let all = String::from_utf8_lossy(&all).into_owned();
    assert!(
        output.status.success(),
        "{what}: {:?}\n{all}",
        output.status.code()
    );
    all
}

fn package(version: &str, folder: &Path) -> PathBuf {
    let built = Command::new(".ci/deb")
        .args([BINARY.as_ref(), folder])
        .envs([("VERSION", version), ("LEVEL", "1")])
        .output()
        .unwrap();
    done(&built, ".ci/deb");
    PathBuf::from(String::from_utf8(built.stdout).unwrap().trim())
}

/// A Debian of its own.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("tests/package/root.sh")
            .arg(folder.path())
            .output();
        done(
            &made.unwrap(),
            "tests/package/root.sh, which needs Debian and root",
        );
        Self(folder)
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.0.path().join(inside.trim_start_matches('/'))
    }

    /// Runs a line of the shell in it; all that it printed.
    fn run(&self, line: &str) -> String {
        let run = Command::new("chroot")
            .arg(self.0.path())
            .args(["/bin/sh", "-c", line])
            .env_clear()
            .envs([
                ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
                ("DEBIAN_FRONTEND", "noninteractive"),
                ("LC_ALL", "C.UTF-8"),
            ])
            .output()
            .unwrap();
        done(&run, line)
    }

    fn install(&self, package: &Path) -> String {
        std::fs::copy(package, self.path("/quitus.deb")).unwrap();
        self.run("dpkg -i /quitus.deb")
    }

    /// Mode, owner and group of a path, as `ls` would say them.
    fn mode(&self, inside: &str) -> String {
        self.run(&format!("stat -c '%a %U:%G' {inside}"))
            .trim()
            .to_owned()
    }

    fn has(&self, inside: &str) -> bool {
        self.path(inside).exists()
    }

    fn text(&self, inside: &str) -> String {
        std::fs::read_to_string(self.path(inside)).unwrap()
    }
}

const FIRM: &str = "[controller]
name = 'Acme'
legal_name = 'Acme SAS'
address = '12 rue de la Paix, Paris'
privacy_email = 'privacy@acme.example'
[store]
path = '/var/lib/quitus'
[smtp]
host = 'smtp.acme.example'
[[mailbox]]
name = 'sales'
address = 'sales@acme.example'
imap = { host = 'imap.acme.example', username = 'u', password = { credential = 'imap.password' } }
";
const CONFFILE: &str = "/etc/quitus/conf.d/10-debian.toml";
const LOG: &str = "/var/lib/quitus/log/00000000.log";

#[test]
fn a_package_is_installed_upgraded_removed_and_purged_and_the_store_survives_all_of_it() {
    let built = tempfile::tempdir().unwrap();
    let [first, second] = ["1.0.0-1", "1.1.0-1"].map(|v| package(v, built.path()));
    let root = Root::new();

    let told = root.install(&first);
    assert!(
        told.contains("next: quitus init --config /etc/quitus/quitus.toml"),
        "{told}"
    );
    is_as_promised(&root);

    // What an operator and a daemon have put there.
    std::fs::write(root.path("/etc/quitus/quitus.toml"), FIRM).unwrap();
    root.run(&format!("mkdir -p $(dirname {LOG}) && echo proof > {LOG} && chown -R quitus:quitus /var/lib/quitus/log && chmod 600 {LOG}"));
    root.run(&format!(
        "echo '# ours' >> {CONFFILE} && chmod 0700 /etc/quitus"
    ));
    let told = root.run("quitus config show control");
    assert!(
        told.contains("socket = \"/run/quitus/control.sock\""),
        "{told}"
    );
    assert!(
        told.contains("# /etc/quitus/conf.d/10-debian.toml:"),
        "{told}"
    );

    let told = root.install(&second);
    assert!(!told.contains("next: quitus init"), "{told}");
    assert!(root.run("dpkg-query -W quitus").contains("1.1.0-1"));
    assert!(
        root.text(CONFFILE).ends_with("# ours\n"),
        "a changed conffile stays"
    );
    assert_eq!(
        root.mode("/etc/quitus"),
        "700 root:quitus",
        "the operator's mode stays"
    );
    survived(&root);

    root.run("dpkg --remove quitus");
    assert!(!root.has("/usr/bin/quitus") && !root.has("/lib/systemd/system/quitus.service"));
    assert!(root.text(CONFFILE).ends_with("# ours\n"));
    survived(&root);

    let told = root.run("dpkg --purge quitus");
    assert!(told.contains("/var/lib/quitus is left as it is"), "{told}");
    assert!(!root.has(CONFFILE), "what the package brought goes");
    assert_eq!(root.text("/etc/quitus/quitus.toml"), FIRM);
    survived(&root);
    let left = root.run("dpkg-query -W -f '${Status}' quitus 2>&1 || true");
    assert!(
        !left.contains("installed") || left.contains("no packages"),
        "{left}"
    );

    purged_by_consent(&root, &second);
}

/// Users, folders, modes, and what lies where.
fn is_as_promised(root: &Root) {
    for (path, mode) in [
        ("/usr/bin/quitus", "755 root:root"),
        ("/var/lib/quitus", "700 quitus:quitus"),
        ("/etc/quitus", "750 root:quitus"),
        ("/etc/quitus/conf.d", "750 root:quitus"),
    ] {
        assert_eq!(root.mode(path), mode, "{path}");
    }
    let user = root.run("getent passwd quitus");
    let fields: Vec<&str> = user.trim().split(':').collect();
    let id: u32 = fields[2].parse().unwrap();
    assert!(
        (100..1000).contains(&id) && fields[5] == "/var/lib/quitus",
        "{user}"
    );
    assert!(fields[6].ends_with("nologin"), "{user}");
    root.run("su -s /bin/sh -c 'cat /etc/quitus/conf.d/10-debian.toml > /dev/null' quitus");
    let unit = root.text("/lib/systemd/system/quitus.service");
    assert!(unit.contains("\nExecStart=/usr/bin/quitus run --config /etc/quitus/quitus.toml\n"));
    for file in [
        "/usr/share/man/man1/quitus.1.gz",
        "/usr/share/man/man1/quitus-config-show.1.gz",
        "/usr/share/bash-completion/completions/quitus",
        "/usr/share/zsh/vendor-completions/_quitus",
        "/usr/share/fish/vendor_completions.d/quitus.fish",
        "/usr/share/doc/quitus/copyright",
        "/usr/share/doc/quitus/config/reference.md",
        "/usr/share/doc/quitus/examples/quitus.toml",
    ] {
        assert!(root.has(file), "{file}");
    }
    assert_eq!(
        root.run("dpkg --verify quitus"),
        "",
        "every file is as its sum says"
    );
    assert!(root.run("quitus --version").starts_with("quitus "));
}

/// The store is as it was, its user too.
fn survived(root: &Root) {
    assert_eq!(root.text(LOG), "proof\n");
    assert_eq!(root.mode(LOG), "600 quitus:quitus");
    assert_eq!(root.mode("/var/lib/quitus"), "700 quitus:quitus");
}

/// Installed over a store that was left, and purged by somebody who says yes.
fn purged_by_consent(root: &Root, package: &Path) {
    root.install(package);
    survived(root);
    root.run("echo 'quitus quitus/purge-data boolean true' | debconf-set-selections");
    let told = root.run("dpkg --purge quitus");
    assert!(!told.contains("is left"), "{told}");
    assert!(!root.has("/var/lib/quitus") && !root.has("/etc/quitus"));
    assert!(!root.run("getent passwd quitus || true").contains("quitus"));
    // The yes of that time is nobody's answer to the next question.
    root.install(package);
    let told = root.run("dpkg --purge quitus");
    assert!(told.contains("/var/lib/quitus is left as it is"), "{told}");
}

#[test]
fn every_command_has_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    done(
        &Command::new(BINARY)
            .arg("man")
            .arg(&pages)
            .output()
            .unwrap(),
        "man",
    );
    let help = done(
        &Command::new(BINARY).arg("--help").output().unwrap(),
        "help",
    );
    let commands = help
        .split("Commands:\n")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let names = commands
        .lines()
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    let names: Vec<&str> = names.filter_map(|l| l.split_whitespace().next()).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names.iter().filter(|n| **n != "help") {
        let page = std::fs::read_to_string(pages.join(format!("quitus-{name}.1"))).unwrap();
        assert!(
            page.contains(".TH") && page.contains(".SH SYNOPSIS"),
            "{name}"
        );
    }
    let printed = Command::new(BINARY).arg("man").output().unwrap();
    let first = std::fs::read_to_string(pages.join("quitus.1")).unwrap();
    assert_eq!(done(&printed, "man"), first);
}

#[test]
fn bash_completes_commands_and_flags() {
    let complete = |words: &str, last: usize| {
        let script = format!(
            "source <({BINARY} completions bash); COMP_WORDS=({words}); COMP_CWORD={last}; \
             _quitus quitus \"${{COMP_WORDS[{last}]}}\" \"${{COMP_WORDS[{last}-1]}}\"; echo \"${{COMPREPLY[*]}}\""
        );
        done(
            &Command::new("bash").args(["-c", &script]).output().unwrap(),
            "bash",
        )
    };
    assert_eq!(complete("quitus conf", 1).trim(), "config");
    assert_eq!(complete("quitus config sh", 2).trim(), "show");
    assert!(complete("quitus config show --", 3).contains("--written"));
    let shells = ["zsh", "fish", "elvish", "powershell"];
    for shell in shells {
        let text = done(
            &Command::new(BINARY)
                .args(["completions", shell])
                .output()
                .unwrap(),
            shell,
        );
        assert!(text.contains("suppression"), "{shell}");
    }
    let unknown = Command::new(BINARY)
        .args(["completions", "tcsh"])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn scripts_of_the_package_never_fail_for_want_of_systemd_and_are_executable() {
    for script in ["postinst", "prerm", "postrm"] {
        let path = Path::new("config/debian").join(script);
        let meta = std::fs::metadata(&path).unwrap();
        assert!(
            meta.permissions().mode() & 0o111 != 0 && meta.size() > 0,
            "{script}"
        );
        let checked = Command::new("sh").arg("-n").arg(&path).output().unwrap();
        done(&checked, script);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("#!/bin/sh\n") && text.contains("\nset -e\n"));
        let calls = text
            .lines()
            .filter(|l| l.contains("systemctl") && !l.contains("say "));
        assert!(
            calls.count() == 0
                || text.contains("if [ -d /run/systemd/system ]")
                || text.contains("&& [ -d /run/systemd/system ]")
        );
    }
}
