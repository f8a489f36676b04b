"""What packets cost: one by itself, and a flood of them."""
