"""Studium: a learning-management backend behind one HTTP API."""

__version__ = "0.1.0"
