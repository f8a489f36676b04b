"""The sides of a benchmark: today's tree and another commit's, each measured by its own code in a process of its own."""
