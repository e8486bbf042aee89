"""`studium worker` that kills itself (SIGKILL) at the point that `DIES_AT` names. Run as a program by tests."""

import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from studium.entrypoints.worker import run_worker
from studium.kit.base.config import load_settings
from studium.kit.jobs.registry import Jobs
from studium.kit.mail import FolderMailer
from studium.kit.storage import Storage

POINTS = ("after claim", "after PDF", "after mail")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(function: Callable[..., Awaitable[Any]], job: str) -> Callable[..., Awaitable[Any]]:
    """Die when this job is to be performed."""

    async def call(self: Jobs, job_id: str, name: str, payload: Mapping[str, str]) -> None:
        if name == job:
            die()
        await function(self, job_id, name, payload)

    return call


def after(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Do it, then die."""

    async def call(*values: Any, **named: Any) -> None:  # noqa: ANN401 -- as the function itself.
        await function(*values, **named)
        die()

    return call


def main() -> None:
    point = os.environ["DIES_AT"]
    if point == "after claim":
        setattr(Jobs, "run_job", before(Jobs.run_job, "certificates.issue_certificate"))  # noqa: B010 -- mypy refuses an assignment.
    elif point == "after PDF":
        setattr(Storage, "put", after(Storage.put))  # noqa: B010
    elif point == "after mail":
        setattr(FolderMailer, "send", after(FolderMailer.send))  # noqa: B010
    run_worker(load_settings())


if __name__ == "__main__":
    main()
