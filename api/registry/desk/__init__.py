"""What every view of the registry works through: its database as whoever asks, transactions, keys and pages.

It knows no resource. ``operation`` wraps every view; ``store``, ``idempotency`` and ``paging`` are its parts beside
those of ``api.kit``, which knows no database.
"""
