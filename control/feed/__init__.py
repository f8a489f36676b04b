"""Where the list comes from: what an edge has accepted, by serial."""
