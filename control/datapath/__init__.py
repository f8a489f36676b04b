"""The kernel-facing code, and the only one: compiling, pins, lists, interfaces, counters and test runs."""
