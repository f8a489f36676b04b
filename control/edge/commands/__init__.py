"""How an edge does what is asked at its socket: a file a subject, as in control/commands."""
