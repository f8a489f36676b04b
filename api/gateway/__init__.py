"""The gateway over HTTP: its list, its policy, how it stands."""
