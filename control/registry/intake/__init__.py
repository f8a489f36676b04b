"""Files of thousands of applications: as text, as rows, as a plan entered in portions."""
