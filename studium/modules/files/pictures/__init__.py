"""Pictures among files: what they hold, and how they are written anew with their pixels alone."""
