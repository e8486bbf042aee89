"""The project's own benchmark: see `make bench` and docs/performance.md."""
