"""How people come into courses: invitations and join codes."""
