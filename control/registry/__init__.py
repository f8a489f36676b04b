"""The registry: from an application to a live entry, and a record that nobody can rewrite.

Open it by ``control.registry.store.database.open_database``; change it inside ``Database.writing`` with the functions
of ``registrants``, ``providers``, ``officers``, ``applications``, ``registrations``, ``intents`` and ``tokens``.
"""
