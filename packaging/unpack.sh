#!/usr/bin/env bash
# unpack.sh PACKAGE INTO: lays a package of Debian's, with what it needs and this machine lacks, into a folder instead of
# installing it: for a daemon that will not be installed beside another one. As root. Does only what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
package=$1 into=$2
[ ! -e "$into" ] || exit 0
echo "unpack: $package, into $into" >&2
making=$(mktemp --directory)
trap 'rm -rf "$making" "$into.making"' EXIT
mkdir -p "$making/partial" "$into.making"
apt=(apt-get -qq -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root)
"${apt[@]}" update
"${apt[@]}" -o Dir::Cache::archives="$making" install -y --no-install-recommends --download-only "$package" >/dev/null
for archive in "$making"/*.deb; do dpkg --extract "$archive" "$into.making"; done
mv "$into.making" "$into"
