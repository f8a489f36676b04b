#!/usr/bin/env bash
# Makes a machine what its roles say, as root: roles.sh ROLE… (edge, subscriber, internet, registry).
set -euo pipefail
cd /tmp/wicket
export DEBIAN_FRONTEND=noninteractive

# A public box lacks the lab's software; ours has it.
mapfile -t missing < <(comm -23 <(grep -v -e '^#' -e '^$' packages.txt | sort) <(dpkg-query -Wf '${Package}\n' | sort))
if [ ${#missing[@]} -gt 0 ]; then
	apt-get -qq update
	apt-get -qq install -y --no-install-recommends "${missing[@]}"
fi

systemctl --quiet enable --now systemd-networkd
python3 provision/network.py "$@"

for role in "$@"; do
	case $role in
	edge) bash provision/edge.sh ;;
	registry) bash provision/registry.sh ;;
	esac
done
rm -rf /tmp/wicket
