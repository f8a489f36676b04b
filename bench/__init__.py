"""How fast the gateway is, and what a list of a million costs: the product itself, beside its peers, in one run."""
