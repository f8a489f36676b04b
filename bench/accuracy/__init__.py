"""How right the program is: flow by flow, on captures of others with their labels, beside another classifier.

The program is the shipped command, ``wicket replay``. What is asked of it is decided without it: labels are read from
a file, and whether a capture holds the opening of a flow at all is read by code that shares nothing with the
classifier (openings.py).
"""
