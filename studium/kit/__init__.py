"""What the system runs on. Nothing in here knows about learning."""
