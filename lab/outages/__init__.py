"""Outages that really happened elsewhere, played at an edge with live registered sessions across it."""
