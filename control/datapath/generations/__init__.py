"""Whole lists in the kernel, side by side, of which one is live."""
