"""What every view stands on: door, bodies, conditions, contracts, problems, the document, the way to the agent.

It knows no resource, but for what gateway and registry share (``shared``).
"""
