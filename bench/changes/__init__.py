"""What changes of a list cost, and the agent that makes them."""
