"""What the benchmark finds, compares and tells; how fast anything is, is nothing for a test."""
