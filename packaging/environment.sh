#!/usr/bin/env bash
# environment.sh DIRECTORY: makes the virtual environment that both packages carry, from the tree in the current
# directory and what the lock names, with Debian's own interpreter and without pip. `place.sh` puts it where it will live.
set -euo pipefail
directory=$1
# shellcheck source=packaging/into-environment.sh
. packaging/into-environment.sh
rm -rf "$directory" "$directory-builder"
export PIP_NO_COMPILE=1 # `place.sh` does it, where it will live

# What the product is built with is not shipped.
/usr/bin/python3 -m venv "$directory-builder"
builder=("$directory-builder/bin/python3" -m pip)
install_locked packaging/requirements/build.txt "${builder[@]}"

/usr/bin/python3 -m venv --without-pip "$directory"
into=("${builder[@]}" --python "$directory/bin/python3")
install_locked packaging/requirements/shipped.txt "${into[@]}"
"${builder[@]}" wheel -qq --no-index --no-deps --no-build-isolation --wheel-dir "$directory-builder" .
install_tree "$directory-builder"/*.whl "${into[@]}"
rm -rf "$directory-builder"

cd "$directory"
# Scripts of others, and those that set a shell up for people who develop; ours are written by `place.sh`.
find bin -mindepth 1 ! -name 'python*' -delete
rm -rf include .gitignore
cd lib/python3.*/site-packages
# What nobody reads at run time: tests, stubs, and what C code is compiled and linked with. bpf/ is our own source.
rm -rf numpy/_core/include numpy/_core/lib numpy/f2py numpy/distutils sqlalchemy/testing
find . -depth -type d \( -name tests -o -name _examples \) -exec rm -rf {} +
find . -path ./bpf -prune -o -type f \( -name '*.pyi' -o -name '*.h' -o -name '*.c' -o -name '*.pyx' -o -name '*.pxd' \
	-o -name '*_tests.*.so' -o -name py.typed \) -exec rm {} +
# Where a package was installed from is of the machine that built it.
rm -f ./*.dist-info/direct_url.json ./*.dist-info/REQUESTED
