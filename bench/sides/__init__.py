"""The sides of a benchmark: today's tree and another commit's, each driven by its own code in its own process."""
