"""Removing is careful, at the edge: what is held, the way back, the breaker, confirmations, plans, and ends."""
