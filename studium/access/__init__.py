"""Who may do it: who is asking, and the rules that decide."""
