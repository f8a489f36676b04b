"""What a benchmark found: figures by name, in build/bench.json, held against the committed ones, and drawn."""
