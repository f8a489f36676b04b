"""The HTTP API: a translator between HTTP and the agent's socket, without privileges and without state."""
