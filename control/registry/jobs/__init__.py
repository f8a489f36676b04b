"""Long work, and what time brings."""
