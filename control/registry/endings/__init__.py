"""Registrations that come to their end: foreseen, held while they are in use, and else taken off in batches."""
