"""Jobs of the embedded engine as jobs of Procrastinate: the same names, payloads, queues, locks, tries and times.

A job that ran when its process ended has one death more, as the embedded engine counts it at its next start. What a
dead job raised last stays in the log: Procrastinate has no place for it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from studium.entrypoints.operations.moving.source import Advance, Faults, Source
from studium.entrypoints.operations.moving.values import NULL, Digest, Form, json_of_line, line_of
from studium.kit.base.clock import now
from studium.kit.jobs.registry import MAX_DEATHS

if TYPE_CHECKING:
    import psycopg

_JOBS = "COPY procrastinate_jobs (id, task_name, queue_name, lock, args, status, attempts, scheduled_at) FROM STDIN"
_EVENTS = "COPY procrastinate_events (job_id, type, at) FROM STDIN"
_DEATHS = "COPY job_deaths (job_id, deaths, noted_at) FROM STDIN"
_SEQUENCE = (
    "SELECT setval(pg_get_serial_sequence('procrastinate_jobs', 'id'), max(id)) FROM procrastinate_jobs"
    " HAVING max(id) IS NOT NULL"
)
_SEEN = (
    "COPY (SELECT job.task_name, job.queue_name, job.lock, job.args, job.status, job.attempts,"
    " to_char(job.scheduled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),"
    " to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), coalesce(died.deaths, 0)"
    " FROM procrastinate_jobs job LEFT JOIN procrastinate_events event ON event.job_id = job.id"
    " LEFT JOIN job_deaths died ON died.job_id = CAST(job.id AS text)) TO STDOUT"
)
_PAYLOAD, _CREATED, _DIED = 3, 7, 8
"""Places among the fields of a job."""


def check_jobs(source: Source, form: Form, faults: Faults, advance: Advance) -> Digest:
    """Look at every job; return what the target must have."""
    before, digest = faults.count, Digest()
    source.check(form, faults, advance)
    if faults.count == before:
        for fields in _jobs(source, form):
            _add(digest, fields)
    return digest


def move_jobs(source: Source, form: Form, target: "psycopg.Connection[Any]", advance: Advance) -> None:
    """Store all of them in the order of their ids, in which jobs with the same lock run.

    Procrastinate's triggers, which would note the present time, are off meanwhile.
    """
    target.execute("ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER")
    with target.cursor().copy(_JOBS) as copy:
        for number, fields in enumerate(_jobs(source, form), start=1):
            copy.write(line_of([str(number), *fields[:_CREATED]]))
            advance(1)
    with target.cursor().copy(_EVENTS) as copy:
        for number, fields in enumerate(_jobs(source, form), start=1):
            copy.write(line_of([str(number), "deferred", fields[_CREATED]]))
    with target.cursor().copy(_DEATHS) as copy:
        for number, fields in enumerate(_jobs(source, form), start=1):
            if fields[_DIED] != "0":
                copy.write(line_of([str(number), fields[_DIED], now().isoformat()]))
    target.execute(_SEQUENCE)
    target.execute("ALTER TABLE procrastinate_jobs ENABLE TRIGGER USER")


def moved_jobs(target: "psycopg.Connection[Any]", advance: Advance) -> Digest:
    """What the target has."""
    digest = Digest()
    with target.cursor().copy(_SEEN) as copy:
        for line in copy:
            _add(digest, bytes(line)[:-1].decode().split("\t"))
    advance(digest.count)
    return digest


def _add(digest: Digest, fields: list[str]) -> None:
    digest.add(line_of([*fields[:_PAYLOAD], json_of_line(fields[_PAYLOAD]), *fields[_PAYLOAD + 1 :]]))


def _jobs(source: Source, form: Form) -> Iterator[list[str]]:
    """The fields of each job for COPY: name, queue, lock, payload, status, tries, when due, when stored, deaths."""
    for rows in source.rows(form):
        for row in rows:
            job = dict(zip(form.names, form.sent(row)[:-1].decode().split("\t"), strict=True))
            deaths = int(job["deaths"]) + (job["state"] == "running")
            is_dead = job["state"] == "dead" or (job["state"] == "running" and deaths >= MAX_DEATHS)
            is_later = job["state"] == "ready" and job["run_at"] != job["created_at"]
            named = [job["name"], job["queue"], job["lock"], job["payload"], "failed" if is_dead else "todo"]
            yield [*named, job["tries"], job["run_at"] if is_later else NULL, job["created_at"], str(deaths)]
