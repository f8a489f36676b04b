"""Who asks and by which token, what they may do (``scopes``), and which rows they see (``sight``)."""
