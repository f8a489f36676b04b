"""docs/performance.md as the committed run has it: its tables between their marks, and its plots."""
