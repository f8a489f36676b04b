"""The list of registered ends: one entry, the list as columns, and the formats that it comes in."""
