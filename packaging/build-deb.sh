#!/usr/bin/env bash
# Builds both Debian packages from a clean export of this tree, and has lintian check them. As root on Debian, for its own release.
# VERSION overrides the version of pyproject.toml, for a test of an upgrade; INTO is the directory they are left in.
# Nothing is built when neither the tree nor the version has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
into=${INTO:-build/deb}
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)}
if [[ ! $version =~ ^[0-9]+(\.[0-9]+)*(rc[0-9]+|\.dev[0-9]+)?$ ]]; then
	echo "deb: VERSION $version is no version such as 0.1.1" >&2
	exit 1
fi
# shellcheck source=packaging/install-missing.sh
. packaging/install-missing.sh
install_missing deb packaging/apt-packages-deb.txt

# What the packages are made of.
parts=(api bpf control docs manual packaging LICENSES CHANGELOG.md README.md pyproject.toml)

mkdir -p "$into" build
scratch=$(mktemp --directory build/deb-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
stage=$scratch/wicketgate

export_tree() { # what the packages are made of, without what running from the checkout leaves in it
	mkdir "$stage"
	tar --create --exclude=__pycache__ --exclude='*.egg-info' "${parts[@]}" | tar --extract --directory "$stage"
	sed -i "s/^version = .*/version = \"$version\"/" "$stage/pyproject.toml"
}

write_changelog() { # Debian's form; what has changed is told once, in CHANGELOG.md, which is shipped beside it
	cat >"$stage/packaging/debian/changelog" <<END
wicketgate ($version) $(. /etc/os-release && echo "$VERSION_CODENAME"); urgency=medium

  * See CHANGELOG.md.

 -- $(sed -n 's/^Maintainer: //p' packaging/debian/control)  $(date --utc --rfc-email --date "@$SOURCE_DATE_EPOCH")
END
}

made_from() { # changes when anything does that goes into a package
	(cd "$stage" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
}

export_tree
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct -- "${parts[@]}" 2>/dev/null || stat --format %Y CHANGELOG.md)
export SOURCE_DATE_EPOCH
write_changelog
if [ "$(cat "$into/made-from" 2>/dev/null)" != "$(made_from)" ]; then
	rm -rf "$into"/*.deb "$into/made-from"
	made=$(made_from)
	mv "$stage/packaging/debian" "$stage/debian"
	(cd "$stage" && dpkg-buildpackage --build=binary --unsigned-source --unsigned-changes) >"$into/build.log" 2>&1 || {
		tail -n 40 "$into/build.log" >&2
		echo "deb: the build failed; all of it is in $into/build.log" >&2
		exit 1
	}
	# A test's version is the same packages once more, and lintian takes as long as the building.
	[ -n "${VERSION:-}" ] || lintian --allow-root --fail-on error --tag-display-limit 0 "$scratch"/*.deb
	mv "$scratch"/*.deb "$into"
	echo "$made" >"$into/made-from"
fi
for package in "$into"/*.deb; do
	echo "$package: $(numfmt --to=si --suffix=B "$(stat --format %s "$package")"), installed" \
		"$(numfmt --to=si --suffix=B --from-unit=1024 "$(dpkg-deb --field "$package" Installed-Size)")"
done
