"""The agent's socket: what can be asked of an edge, and what it answers."""
