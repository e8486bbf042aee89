"""Pages for people, over the same actions, queries and permission types as the API."""
