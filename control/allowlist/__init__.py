"""allowlist."""
