# Sourced: what goes into a virtual environment. PIP… are the words that call the pip which installs into it.

_quietly=(install -qq --disable-pip-version-check --no-warn-script-location --root-user-action=ignore)

# `install_locked FILE PIP…` installs just what a file of packaging/requirements/ names. What is not named there is not
# fetched, what has another hash is refused, and nothing is built from a source.
install_locked() { "${@:2}" "${_quietly[@]}" --require-hashes --only-binary :all: --requirement "$1"; }

# `install_tree TREE PIP…` installs the product from a directory, with what the lock has brought and no network;
# `install_tree --editable=TREE PIP…` such that it runs from there.
install_tree() { "${@:2}" "${_quietly[@]}" --no-index --no-deps --no-build-isolation "$1"; }

# `link_bcc ENVIRONMENT` lets it see Debian's bcc, which is nowhere else to be had, and nothing else of Debian's.
link_bcc() { ln -s /usr/lib/python3/dist-packages/bcc "$(echo "$1"/lib/python3.*/site-packages)/bcc"; }
