"""Files of thousands of applications: as text, as rows, as a plan taken whole or not at all."""
