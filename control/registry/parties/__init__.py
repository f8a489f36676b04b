"""Registrants, providers and officers, and what can be applied for."""
