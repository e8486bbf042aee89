"""Which modules have handlers and jobs: imported once by whatever runs them."""

from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from studium import modules
from studium.kit.jobs.registry import register_former_names
from studium.modules.former_job_names import FORMER_JOB_NAMES

_NAMES = ("handlers", "jobs")


def load_handlers() -> None:
    """Import every `handlers` and `jobs` file of the modules, so that what they register is known."""
    register_former_names(FORMER_JOB_NAMES)
    _import_all()


@cache
def _import_all() -> None:
    """Look through the packages once; a process that makes many applications, as tests do, would look each time."""
    import_module("studium.access.throttle")
    import_module("studium.access.idempotency")
    for found in walk_packages(modules.__path__, modules.__name__ + "."):
        if found.name.rpartition(".")[2].partition("_")[0] in _NAMES:
            import_module(found.name)
