"""Interfaces: what they are fit for, attaching to them, and when they come and go."""
