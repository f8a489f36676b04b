#!/usr/bin/env bash
# Renews the lock: the newest libraries within the bounds of pyproject.toml, each with the hashes of its wheels, for every
# Python from the oldest that will do. All files of packaging/requirements/ are written, or none.
#   shipped.txt  what the packages carry      build.txt  what they are built with      test.txt  what `make test` runs with
set -euo pipefail
cd "$(dirname "$0")/.."
into=packaging/requirements
oldest=$(sed -n 's/^requires-python = ">=\(.*\)"$/\1/p' pyproject.toml)
mkdir -p build
scratch=$(mktemp --directory build/lock-XXXXXX)
trap 'rm -rf "$scratch"' EXIT

compile() { # NAME, then where the requirements come from; one version for all Pythons, wheels alone
	.venv/bin/uv pip compile --quiet --upgrade --universal --python-version "$oldest" --fork-strategy fewest --no-build \
		--generate-hashes --custom-compile-command 'make lock' --output-file "$scratch/$1.txt" "${@:2}"
}

compile shipped pyproject.toml --extra postgresql
.venv/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' |
	compile build -
compile test pyproject.toml --all-extras --constraint "$scratch/shipped.txt"
sed -i "s#$scratch/##" "$scratch/test.txt" # what it says of where a version comes from
mv "$scratch"/*.txt "$into"
git --no-pager diff --stat -- "$into"
