"""Which modules have handlers and jobs: imported once by whatever runs them."""

from importlib import import_module
from pkgutil import walk_packages

from studium import modules

_NAMES = ("handlers", "jobs")


def load_handlers() -> None:
    """Import every `handlers` and `jobs` file of the modules, so that what they register is known."""
    import_module("studium.access.throttle")
    import_module("studium.access.idempotency")
    for found in walk_packages(modules.__path__, modules.__name__ + "."):
        if found.name.rpartition(".")[2].partition("_")[0] in _NAMES:
            import_module(found.name)
