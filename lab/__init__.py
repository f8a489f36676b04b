"""The lab: real VPN sessions and ordinary traffic against the real gateway, over network namespaces or on machines.

`run` is `make run`: `stage` builds the namespaces subscriber — edge — internet, `sessions` fills them with sessions,
`traffic` asks and counts, `guarding` puts the gateway on the edge, and `table` says what came of it. `machines` does it
on machines of their own (`make vagrant-test`); what the peers of a VPN are told stands in `vpn` for both.
"""
