"""Bodies of requests: how they come in, and how they are read without trust."""
