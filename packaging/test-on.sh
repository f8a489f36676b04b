#!/usr/bin/env bash
# test-on.sh RELEASE COMMAND: runs a command on this checkout in another release of Debian, in a tree of its own under
# build/ on this machine's kernel. As root on Debian. The tree is made the first time, from the archive that this machine's
# apt uses (ARCHIVE overrides it), and kept; the checkout in it is a new one each time, as it stands here, committed or not.
# Mounts and processes are in namespaces and go with them, however this ends.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "test-on: run it as root: namespaces and mounts need it" >&2; exit 1; }
release=$1 command=$2
if [[ ! $release =~ ^[a-z]+$ ]]; then
	echo "test-on: RELEASE '$release' is no release of Debian such as trixie: make test-on RELEASE=trixie" >&2
	exit 1
fi
# shellcheck source=packaging/install-missing.sh
. packaging/install-missing.sh

directory=build/test-on/$release
root=$PWD/$directory/root
mkdir -p "$directory"
exec 9>"$directory/lock"
flock --nonblock 9 || { echo "test-on: another run is using $directory; wait for it, or end it" >&2; exit 1; }

inside=
trap 'kill -KILL $inside 2>/dev/null; exit 130' INT TERM HUP
trap 'rm -rf "$directory/making"' EXIT

apart() { # runs words in namespaces of their own; what they start and mount is gone when they end or this does
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc "$@" 9>&- <&0 &
	inside=$!
	wait "$inside"
}

archive_here() { # where this machine's own release comes from
	apt-get indextargets --format '$(REPO_URI)' "Release: $(. /etc/os-release && echo "$VERSION_CODENAME")" \
		'Component: main' 'Created-By: Packages' | head -n 1
}

make_root() { # what a fresh machine has, and make
	install_missing test-on packaging/apt-packages-test-on.txt
	local archive=${ARCHIVE:-$(archive_here)}
	if [ -z "$archive" ]; then
		echo "test-on: apt names no archive of this machine's release; say ARCHIVE=, the address of a Debian archive" >&2
		exit 1
	fi
	echo "test-on: making a tree of $release" >&2
	rm -rf "$directory/making"
	apart mmdebstrap --quiet --variant=minbase --include=ca-certificates,make "$release" "$PWD/$directory/making" \
		"deb $archive $release main"
	mv "$directory/making" "$root"
}

copy_reach() { # how this machine reaches the archives of packages
	local file
	for file in etc/resolv.conf etc/pip.conf usr/local/share/ca-certificates; do
		[ ! -e "/$file" ] || cp --recursive --no-target-directory "/$file" "$root/$file"
	done
	mapfile -t reach < <(env | grep -iE '^(pip_[a-z_]+|(https?|no)_proxy)=')
}

copy_checkout() { # without what git ignores, and with the captures that lie beside it
	rm -rf "$root/srv/shared" "$root/srv/wicketgate"
	mkdir "$root/srv/wicketgate"
	tar --create --exclude=./.git --exclude-from=<(sed 's#^/#./#; s#/$##' .gitignore) . |
		tar --extract --directory "$root/srv/wicketgate"
	[ ! -d ../shared/corpus ] || (cd .. && tar --create shared/corpus) | tar --extract --directory "$root/srv"
}

[ -e "$root" ] || make_root
copy_reach
copy_checkout
# The tree becomes the root (pivot_root): the lab's private mounts fail in a mere chroot.
# shellcheck disable=SC2016
apart bash -euc '
	root=$1 command=$2; shift 2
	mount --bind "$root" "$root"
	cd "$root"
	mount --rbind /dev dev
	mount --rbind /sys sys
	mount -t proc proc proc
	mount -t tmpfs tmpfs run
	mount -t tmpfs tmpfs tmp
	mount -t bpf bpf sys/fs/bpf
	mkdir -p old
	pivot_root . old
	umount --lazy /old
	update-ca-certificates >/dev/null 2>&1
	cd /srv/wicketgate
	env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@" bash -c "$command"' - \
	"$root" "$command" "${reach[@]}"
