"""The lab: real VPN sessions and ordinary traffic over network namespaces subscriber — edge — internet.

`stage` builds the namespaces, `sessions` fills them with sessions, `ordinary` with what must never suffer;
`exchange` measures what is up and what is lost, `watch` what crosses the edge.
"""
