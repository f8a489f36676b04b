"""What an edge keeps on its own disk: lists by serial, what it followed, and when."""
