"""Who asks, and by which token."""
