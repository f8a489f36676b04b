#!/usr/bin/env bash
# place.sh ENVIRONMENT ROOT HOME SCRIPT…: copies the environment to HOME below ROOT, such that it works at HOME, with
# our scripts (of pyproject.toml) and with everything compiled. Nothing in it may say where it was built.
set -euo pipefail
environment=$(realpath "$1") root=$2 home=$3
shift 3
mkdir -p "$root$home"
cp -a "$environment/." "$root$home"
cat >"$root$home/pyvenv.cfg" <<END
home = /usr/bin
include-system-site-packages = false
version = $(/usr/bin/python3 -c 'import platform; print(platform.python_version())')
END
for script in "$@"; do
	entry=$(sed -n "s/^$script = \"\(.*\)\"$/\1/p" pyproject.toml)
	cat >"$root$home/bin/$script" <<END
#!$home/bin/python3 -Es
import sys

from ${entry%:*} import ${entry#*:}

sys.exit(${entry#*:}())
END
	chmod 755 "$root$home/bin/$script"
done
# Unchecked: the sources never change but with the package, and nothing is then written beside them at run time.
/usr/bin/python3 -m compileall -q -s "$root" -p / --invalidation-mode unchecked-hash "$root$home/lib"
if grep --recursive --binary-files=text --files-with-matches --fixed-strings \
	-e "$environment" -e "$PWD" "$root$home"; then
	echo "place.sh: the files above name the directory that they were built in" >&2
	exit 1
fi
