"""What the agent has to do with the machine it runs on.

Logs, the journal, the service manager, memory, the host's clock, users and rights.
"""
