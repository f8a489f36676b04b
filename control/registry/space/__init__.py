"""Addresses: which can be registered, and who holds them."""
