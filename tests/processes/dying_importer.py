"""`studium worker` that kills itself (SIGKILL) in the middle of an import, where `DIES_AT` says. Run by tests."""

import os
from typing import Any

from studium.entrypoints.worker import run_worker
from studium.kit.base.config import load_settings
from studium.kit.jobs.registry import Jobs
from studium.kit.storage import Storage
from studium.modules.exchange import handlers
from tests.processes.dying_worker import after, before, die

POINTS = ("after claim", "among files", "before commit", "after commit")


async def _die(*values: Any) -> None:  # noqa: ANN401 -- as the method itself.
    del values
    die()


def main() -> None:
    point = os.environ["DIES_AT"]
    if point == "after claim":
        setattr(Jobs, "run_job", before(Jobs.run_job, "courses.run_import"))  # noqa: B010 -- mypy refuses an assignment.
    elif point == "among files":
        setattr(Storage, "adopt", after(Storage.adopt))  # noqa: B010
    elif point == "before commit":
        setattr(handlers, "_finish", after(handlers._finish))  # noqa: B010 -- the last thing in its transaction.
    elif point == "after commit":
        setattr(Storage, "delete", _die)  # noqa: B010
    run_worker(load_settings())


if __name__ == "__main__":
    main()
