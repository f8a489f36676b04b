# Sourced: `install_missing NAME FILE` installs the packages of a list (a name a line) that the machine lacks. As root.
# It does only what is missing, so that it costs nothing the next time, and needs no network then.

installed() { dpkg-query --show --showformat '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii  *//p' | sort; }
wanted() { grep -v -e '^#' -e '^$' "$1" | sort; }

install_missing() {
	local missing
	mapfile -t missing < <(comm -23 <(wanted "$2") <(installed))
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "$1: installing ${missing[*]}" >&2
	(
		export DEBIAN_FRONTEND=noninteractive
		start_nothing
		apt-get -qq -o DPkg::Lock::Timeout=300 update
		apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >/dev/null
	)
}

# Of a daemon the program is wanted, not the service: none is started that was not asked for (Debian's policy-rc.d(8)),
# unless the machine has a policy of its own. Until the (sub)shell ends, however it does.
start_nothing() {
	local policy=/usr/sbin/policy-rc.d
	[ ! -e $policy ] || return 0
	trap "rm -f $policy" EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
}
