"""What people are entitled to: copies of what is known of them, and its erasure."""
