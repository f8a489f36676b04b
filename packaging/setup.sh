#!/usr/bin/env bash
# Sets a fresh Debian up for Wicketgate, as root: packages, a virtual environment with Debian's bcc in it, a bpffs.
# Does only what is missing, so that it costs nothing the next time, and needs no network then.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "setup: run it as root: the kernel program, namespaces and bpffs need it" >&2; exit 1; }
exec 9>.setup.lock
flock 9 # two `make` beside each other set up once

# shellcheck source=packaging/install-missing.sh
. packaging/install-missing.sh
# shellcheck source=packaging/into-environment.sh
. packaging/into-environment.sh
# Some are services of routers and VPNs, which are not to run on this machine: the lab runs them in namespaces. Offline
# (systemctl(1)), the packages install them and start none.
SYSTEMD_OFFLINE=1 install_missing setup packaging/apt-packages.txt

# Debian's own interpreter: bcc is built for no other. The environment is made anew when anything differs that it was made
# of, so that it holds what the lock names and nothing else.
parts=(pyproject.toml packaging/setup.sh packaging/into-environment.sh packaging/requirements/*)
made_of=$({ /usr/bin/python3 --version && sha256sum "${parts[@]}"; } | sha256sum)
if [ "$(cat .venv/ready 2>/dev/null)" != "$made_of" ]; then
	echo "setup: making the virtual environment" >&2
	rm -rf .venv
	/usr/bin/python3 -m venv .venv
	pip=(.venv/bin/python -m pip)
	for file in build test; do install_locked "packaging/requirements/$file.txt" "${pip[@]}"; done
	install_tree --editable=. "${pip[@]}"
	link_bcc .venv
	.venv/bin/python -c 'import bcc' || { echo "setup: bcc cannot be imported" >&2; exit 1; }
	echo "$made_of" >.venv/ready
fi

if [ "$(stat --file-system --format %T /sys/fs/bpf 2>/dev/null)" != bpf_fs ]; then
	mount -t bpf bpf /sys/fs/bpf
fi
