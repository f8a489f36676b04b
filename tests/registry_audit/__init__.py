"""The audit, and what holds it and the tables against those who keep them."""
