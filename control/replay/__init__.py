"""Replaying captures: files, as Ethernet frames, through the loaded program, as flows, as a report."""
