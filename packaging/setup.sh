#!/usr/bin/env bash
# Sets a fresh Debian 12 up for Wicketgate, as root: packages, a virtual environment that sees Debian's bcc, a bpffs.
# Does only what is missing, so that it costs nothing the next time, and needs no network then.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "setup: run it as root: the kernel program, namespaces and bpffs need it" >&2; exit 1; }
exec 9>.setup.lock
flock 9 # two `make` beside each other set up once

# shellcheck source=packaging/install-missing.sh
. packaging/install-missing.sh
install_missing setup packaging/apt-packages.txt

# Debian's own interpreter: bcc is built for no other.
version=$(sha256sum pyproject.toml | cut -d' ' -f1)
if [ "$(cat .venv/ready 2>/dev/null)" != "$version" ]; then
	echo "setup: making the virtual environment" >&2
	[ -x .venv/bin/python ] || /usr/bin/python3 -m venv --system-site-packages .venv
	.venv/bin/python -m pip install -qq --disable-pip-version-check --root-user-action=ignore -e '.[test]'
	.venv/bin/python -c 'import bcc, pyroute2' || { echo "setup: bcc cannot be imported" >&2; exit 1; }
	echo "$version" >.venv/ready
fi

if [ "$(stat --file-system --format %T /sys/fs/bpf 2>/dev/null)" != bpf_fs ]; then
	mount -t bpf bpf /sys/fs/bpf
fi
