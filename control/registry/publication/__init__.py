"""The live list as it is given to edges: serials, and which edge has which."""
