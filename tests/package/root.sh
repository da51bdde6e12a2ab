#!/bin/sh
# Makes a small Debian root in a folder, from the packages of this machine: nothing is fetched, nothing of the machine is mounted.
#
#   tests/package/root.sh FOLDER
set -eu
root=$1
[ "$(id -u)" -eq 0 ] || { echo "root.sh: only root can make and enter a root" >&2; exit 2; }
command -v dpkg-query >/dev/null || { echo "root.sh: this is no Debian" >&2; exit 2; }

# The essential packages, what a package may ask of its installation, and all that these depend on.
wanted=$(dpkg-query -Wf '${Essential} ${Package}\n' | sed -n 's/^yes //p')
wanted="$wanted adduser passwd debconf tzdata libc6 libgcc-s1"
closed=""
while [ -n "$wanted" ]; do
    next=""
    for package in $wanted; do
        case " $closed " in *" $package "*) continue ;; esac
        dpkg-query -Wf '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || continue
        closed="$closed $package"
        next="$next $(dpkg-query -Wf '${Pre-Depends}, ${Depends}' "$package" | tr ',|' '\n\n' | sed 's/[(:].*//; s/ //g' | tr '\n' ' ')"
    done
    wanted=$next
done

mkdir -p "$root"
for folder in bin sbin lib lib32 lib64 libx32; do
    [ -L "/$folder" ] && { mkdir -p "$root/usr/$folder"; ln -s "usr/$folder" "$root/$folder"; }
done
# shellcheck disable=SC2086
dpkg-query -L $closed | grep '^/' | grep -v '^/usr/share/\(doc\|man\|locale\|info\)/' | sort -u | sed 's|^/||; /^\.$/d' >"$root/.list"
tar -C / --no-recursion --ignore-failed-read -T "$root/.list" -cf - 2>/dev/null |
    tar -C "$root" --keep-directory-symlink -xf -
rm "$root/.list"

# What scripts of these packages made when they were installed.
cp -a /etc/pam.d /etc/alternatives "$root/etc/" 2>/dev/null || true
cp /usr/share/base-passwd/passwd.master "$root/etc/passwd"
cp /usr/share/base-passwd/group.master "$root/etc/group"
: >"$root/etc/shadow"
: >"$root/etc/gshadow"
printf 'passwd: files\ngroup: files\nshadow: files\n' >"$root/etc/nsswitch.conf"
mkdir -p "$root/dev" "$root/proc" "$root/run" "$root/tmp" "$root/var/cache/debconf" "$root/var/log" \
    "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/triggers"
chmod 1777 "$root/tmp"
mknod -m 666 "$root/dev/null" c 1 3 2>/dev/null || : >"$root/dev/null"

# dpkg's own book: these packages are installed here.
: >"$root/var/lib/dpkg/available"
cp /var/lib/dpkg/info/format "$root/var/lib/dpkg/info/" 2>/dev/null || true
for package in $closed; do
    dpkg-query -s "$package" >>"$root/var/lib/dpkg/status"
    echo >>"$root/var/lib/dpkg/status"
    for file in "/var/lib/dpkg/info/$package".* "/var/lib/dpkg/info/$package":*.*; do
        [ -e "$file" ] && cp -a "$file" "$root/var/lib/dpkg/info/"
    done
done
exit 0
