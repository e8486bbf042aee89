"""Studium: a learning-management backend behind one HTTP API."""

__version__ = "0.1.0"

GC_THRESHOLD = 50_000
"""How many new objects before the collector looks while a process starts: what imports make is no garbage."""
