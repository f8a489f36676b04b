#!/usr/bin/env bash
# The registry: PostgreSQL for itself and the edge, and the API just built.
set -euo pipefail
read -r network < <(python3 - <<-'PYTHON'
	import json
	print(json.load(open("/tmp/wicket/topology.json"))["management"]["network4"])
PYTHON
)
cluster=/etc/postgresql/15/main
# On every address, since some come late; pg_hba.conf says who may come in.
echo "listen_addresses = '*'" >$cluster/conf.d/wicketgate.conf
grep -q "$network" $cluster/pg_hba.conf || echo "host wicketgate wicketgate $network scram-sha-256" >>$cluster/pg_hba.conf
systemctl --quiet enable postgresql
systemctl restart postgresql
runuser -u postgres -- psql --quiet --no-psqlrc <<-'SQL'
	SELECT 'CREATE ROLE wicketgate LOGIN PASSWORD ''lab''' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wicketgate') \gexec
	SELECT 'CREATE DATABASE wicketgate OWNER wicketgate' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'wicketgate') \gexec
SQL

install -d -m 700 /etc/credstore
(umask 077 && printf %s "postgresql://wicketgate:lab@localhost/wicketgate" >/etc/credstore/wicketgate.registry.url)
apt-get -qq install -y --no-install-recommends /tmp/wicket/deb/wicketgate-api_*.deb
grep -q '^\[registry\]' /etc/wicketgate/api.toml || cat >>/etc/wicketgate/api.toml <<-'CONFIG'

	[api]
	gateway = false

	[registry]
	enabled = true
CONFIG
systemctl restart wicket-api
