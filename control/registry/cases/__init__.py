"""Applications and registrations, and the workflow between them."""
