"""A worker that knows the jobs of the library, for the database and folder that the environment names."""

from studium.entrypoints.worker import run_worker
from studium.kit.base.config import load_settings
from tests.jobs import library as _registered  # noqa: F401 -- a program of its own, so that each job is registered once.

if __name__ == "__main__":
    run_worker(load_settings())
