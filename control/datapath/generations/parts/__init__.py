"""What the lines of a generation's array are: a filter, exact sets of hosts, and a tree of prefixes."""
