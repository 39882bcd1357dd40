#!/bin/sh
# Installs what the goals of make need, with the system's package manager: deps.sh [GOAL]...
#
# A need is proved, not assumed: the command is there, pkg-config knows the library, a line compiles. When nothing is
# missing, nothing happens: no network, no root.
set -u

CC=${CC:-cc}
PKG_CONFIG=${PKG_CONFIG:-pkg-config}
PATH=$PATH:/usr/bin/core_perl # where Arch has prove

# What there is to need, and the packages that have it; - where there is none. The name is that of a command, unless
# have() knows better.
table='
need          apt              dnf                    pacman             zypper                 apk
compiler      gcc,libc6-dev    gcc,glibc-devel        gcc                gcc,glibc-devel        build-base,linux-headers
pkg-config    pkg-config       pkgconf-pkg-config     pkgconf            pkg-config             pkgconf
libmnl        libmnl-dev       libmnl-devel           libmnl             libmnl-devel           libmnl-dev
ncursesw      libncurses-dev   ncurses-devel          ncurses            ncurses-devel          ncurses-dev
sanitizers    gcc              libasan,libubsan       gcc                gcc                    -
cmocka        libcmocka-dev    libcmocka-devel        cmocka             libcmocka-devel        cmocka-dev
bash          bash             bash                   bash               bash                   bash
timeout       coreutils        coreutils              coreutils          coreutils              coreutils
prove         perl             perl-Test-Harness      perl               perl                   perl-utils
zsh           zsh              zsh                    zsh                zsh                    zsh
fish          fish             fish                   fish               fish                   fish
tmux          tmux             tmux                   tmux               tmux                   tmux
jq            jq               jq                     jq                 jq                     jq
ss            iproute2         iproute                iproute2           iproute2               iproute2
unshare       util-linux       util-linux             util-linux         util-linux             util-linux
setpriv       util-linux       util-linux             util-linux         util-linux             setpriv
infocmp       ncurses-bin      ncurses                ncurses            ncurses-utils          ncurses
mandoc        mandoc           mandoc                 -                  mandoc                 mandoc
clang         clang            clang,compiler-rt      clang,compiler-rt  clang                  clang,compiler-rt
clang-format  clang-format     clang-tools-extra      clang              clang                  clang-extra-tools
cppcheck      cppcheck         cppcheck               cppcheck           cppcheck               cppcheck
shellcheck    shellcheck       ShellCheck             shellcheck         ShellCheck             shellcheck
Xvfb          xvfb             xorg-x11-server-Xvfb   xorg-server-xvfb   xorg-x11-server-Xvfb   xvfb
xterm         xterm            xterm                  xterm              xterm                  xterm
import        imagemagick      ImageMagick            imagemagick        ImageMagick            imagemagick
'

compiles()
{
	dir=$(mktemp -d) || exit 1
	printf '%s\n' '#include <stdio.h>' '#include <linux/inet_diag.h>' \
		'int main(void) { return puts("") < 0; }' >"$dir/probe.c"
	$CC "$@" -o "$dir/probe" "$dir/probe.c" 2>/dev/null
	status=$?
	rm -rf "$dir"
	return $status
}

have()
{
	case $1 in
	compiler) compiles ;;
	sanitizers) compiles -fsanitize=address,undefined ;;
	libmnl | ncursesw | cmocka) $PKG_CONFIG --exists "$1" 2>/dev/null ;;
	pkg-config) command -v "$PKG_CONFIG" ;;
	*) command -v "$1" ;;
	esac >/dev/null
}

needs='compiler pkg-config libmnl ncursesw'
for goal; do
	case $goal in
	check*) needs="$needs sanitizers cmocka bash timeout prove tmux jq ss unshare setpriv infocmp mandoc zsh fish" ;;
	bench) needs="$needs bash timeout ss unshare" ;;
	bench-short) needs="$needs bash timeout prove ss unshare" ;;
	fuzz) needs="$needs clang" ;;
	fmt) needs="$needs clang-format" ;;
	lint) needs="$needs clang-format cppcheck mandoc shellcheck" ;;
	screenshots) needs="$needs bash prove tmux ss unshare Xvfb xterm import" ;;
	esac
done

# find_missing: those needs that are not met, in $missing
find_missing()
{
	missing=
	for need in $needs; do
		have "$need" || missing="$missing $need"
	done
}
find_missing
[ -n "$missing" ] || exit 0

# ---- The package manager ------------------------------------------------------------------------

manager=
for candidate in apt-get dnf pacman zypper apk; do
	if command -v $candidate >/dev/null; then
		manager=${candidate%-get}
		break
	fi
done
if [ -z "$manager" ]; then
	echo "make deps: knows apt, dnf, pacman, zypper and apk, and finds none of them here." >&2
	echo "Please install these yourself (package names of Debian):" >&2
	for need in $missing; do
		echo "$table" | awk -v need="$need" '$1 == need { print "  " $1 " (" $2 ")" }' >&2
	done
	exit 1
fi

packages=
for need in $missing; do
	found=$(echo "$table" | awk -v need="$need" -v manager="$manager" '
		$1 == "need" { for (i = 2; i <= NF; i++) if ($i == manager) column = i }
		$1 == need && $column != "-" { gsub(",", " ", $column); print $column }')
	[ -n "$found" ] || echo "make deps: $manager has no package for $need" >&2
	for package in $found; do
		case "$packages " in
		*" $package "*) ;;
		*) packages="$packages $package" ;;
		esac
	done
done

root=
if [ -n "$packages" ] && [ "$(id -u)" != 0 ]; then
	for candidate in sudo doas; do
		if command -v $candidate >/dev/null; then
			root=$candidate
			break
		fi
	done
	if [ -z "$root" ]; then
		echo "make deps: neither root nor sudo; please have these installed:$packages" >&2
		exit 1
	fi
fi

[ -z "$packages" ] || echo "make deps: installing$packages"
# shellcheck disable=SC2086
case ${packages:+$manager} in
apt)
	$root apt-get -q -o DPkg::Lock::Timeout=120 update ||
		echo "make deps: package lists are not fresh; trying nevertheless" >&2
	$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 \
		install --no-install-recommends $packages
	;;
dnf) $root dnf install -y $packages ;;
pacman)
	$root pacman -S --needed --noconfirm $packages ||
		$root pacman -Sy --needed --noconfirm $packages
	;;
zypper) $root zypper --non-interactive install $packages ;;
apk) $root apk add $packages ;;
esac || exit 1

# Without these, a test or two are skipped.
needs=$(echo "$needs" | sed 's/ mandoc//; s/ zsh fish//')
find_missing
[ -z "$missing" ] || echo "make deps: still missing:$missing" >&2
[ -z "$missing" ]
