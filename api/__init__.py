"""The HTTP API, without privileges.

For a gateway it translates between HTTP and the agent's socket and keeps nothing; for a registry it also has the
database, and does the registry's jobs beside the requests.
"""
