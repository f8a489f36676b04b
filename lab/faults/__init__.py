"""What goes wrong at an edge, one thing after another, with registered traffic across it: `make faults`."""
