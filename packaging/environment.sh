#!/usr/bin/env bash
# environment.sh DIRECTORY: makes the virtual environment that both packages carry, from the tree in the current
# directory, with Debian's own interpreter and without pip. `place.sh` puts it where it will live.
set -euo pipefail
directory=$1
rm -rf "$directory"
/usr/bin/python3 -m venv --without-pip "$directory"
/usr/bin/python3 -m pip --quiet --disable-pip-version-check --python "$directory/bin/python3" \
	install --no-compile --no-warn-script-location --root-user-action=ignore '.[postgresql]'

cd "$directory"
# Scripts of others, and those that set a shell up for people who develop; ours are written by `place.sh`.
find bin -mindepth 1 ! -name 'python*' -delete
rm -rf include
cd lib/python3.*/site-packages
# What nobody reads at run time: tests, stubs, and what C code is compiled and linked with. bpf/ is our own source.
rm -rf numpy/_core/include numpy/_core/lib numpy/f2py numpy/distutils sqlalchemy/testing
find . -depth -type d \( -name tests -o -name _examples \) -exec rm -rf {} +
find . -path ./bpf -prune -o -type f \( -name '*.pyi' -o -name '*.h' -o -name '*.c' -o -name '*.pyx' -o -name '*.pxd' \
	-o -name '*_tests.*.so' -o -name py.typed \) -exec rm {} +
# Where a package was installed from is of the machine that built it.
rm -f ./*.dist-info/direct_url.json ./*.dist-info/REQUESTED
