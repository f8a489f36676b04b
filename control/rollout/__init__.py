"""Changes of the live list as values: what they widen and narrow. Pure: nothing here reads or writes."""
