#!/usr/bin/env bash
# The registry: PostgreSQL for itself and the edge, and the API just built.
set -euo pipefail
read -r address network < <(python3 - <<-'PYTHON'
	import json
	management = json.load(open("/tmp/wicket/topology.json"))["management"]
	print(management["registry"]["address"], management["network4"])
PYTHON
)
cluster=/etc/postgresql/15/main
cat >$cluster/conf.d/wicketgate.conf <<-CONF
	listen_addresses = 'localhost,$address'
CONF
grep -q "$network" $cluster/pg_hba.conf || echo "host wicketgate wicketgate $network scram-sha-256" >>$cluster/pg_hba.conf
# It has to wait for the address to be there.
install -d /etc/systemd/system/postgresql@.service.d
printf '[Unit]\nWants=network-online.target\nAfter=network-online.target\n[Service]\nRestart=on-failure\n' \
	>/etc/systemd/system/postgresql@.service.d/lab.conf
systemctl daemon-reload
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
