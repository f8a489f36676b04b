"""`make fuzz`: frames by the million through the program and through the oracle, and what the program is made of.

Not collected by pytest; `tests/kernel/test_differential.py` runs the same for some seconds.
"""
