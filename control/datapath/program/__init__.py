"""The kernel program: its sources, its layout, how it is compiled and pinned."""
