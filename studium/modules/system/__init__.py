"""What an operator wants to know of the school, and does about its jobs."""
