"""The machines' own parts, as far as they can be tried without a machine."""
