"""Removing is careful: what would cut too much is held, what was done can be undone."""
