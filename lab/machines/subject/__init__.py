"""The subjects of the rows, a file each. Every one sets up what it needs and leaves the edge in monitor."""
