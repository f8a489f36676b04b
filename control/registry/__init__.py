"""The registry: from an application to a live entry, and a record that nobody can rewrite.

Open it by ``control.registry.store.database.open_database``; change it inside ``Database.writing`` with the functions
of ``registrants``, ``providers``, ``officers``, ``applications``, ``review``, ``registrations``, ``intents``, ``jobs``
and ``tokens``. What they all refuse, each by the same check, is told here once, and beside each only what is its own:

- "forbidden": the actor has no scope for the action (``access.scopes.demand``).
- "not-found": an object is not there, or not for the actor to see, which must look the same (``store.rows.find``).
- "stale": a row has another version than the caller has seen (``store.rows.demand_versions``).
- "invalid": a step lacks its reason (``cases.workflow.demand_reason``); a form has faults (``parties.forms``).
- "conflict": a step is not legal in that state (``cases.workflow.demand_legal``).
- "unavailable", "no-room": the database cannot be used or written (``store.database``).
"""
