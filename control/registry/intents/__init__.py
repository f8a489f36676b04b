"""What is proposed by one officer and confirmed by another: whatever lets less through."""
