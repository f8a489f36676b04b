"""What the agent has to do with the machine it runs on: logs, the journal, the service manager, memory."""
