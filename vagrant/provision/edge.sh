#!/usr/bin/env bash
# The edge: the package just built, following the registry.
set -euo pipefail
read -r url < <(python3 - <<-'PYTHON'
	import json
	registry = json.load(open("/tmp/wicket/topology.json"))["management"]["registry"]["address"]
	print(f"postgresql://wicketgate:lab@{registry}/wicketgate")
PYTHON
)
install -d -m 700 /etc/credstore
(umask 077 && printf %s "$url" >/etc/credstore/wicketgate.feed.url)
apt-get -qq install -y --no-install-recommends /tmp/wicket/deb/wicketgate-edge_*.deb
