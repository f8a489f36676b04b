"""Witnesses: signed heads of a registry's audit, and who keeps them where the registry's keepers do not reach."""
