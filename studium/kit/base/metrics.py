"""What the server counts, in the format of Prometheus. Labels are few and known: templates and names, never input."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

REGISTRY = CollectorRegistry()
UNMATCHED = "unmatched"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

HTTP_REQUESTS = Counter("studium_http_requests", "Answered requests.", ("method", "route", "status"), registry=REGISTRY)
HTTP_SECONDS = Histogram(
    "studium_http_request_seconds",
    "From the first byte of a request to the last of its answer.",
    ("method", "route"),
    buckets=_BUCKETS,
    registry=REGISTRY,
)
HTTP_IN_FLIGHT = Gauge("studium_http_requests_in_flight", "Requests that are being answered.", registry=REGISTRY)
HTTP_CUT = Counter("studium_http_cut", "Connections cut before the application.", ("reason",), registry=REGISTRY)
GATE_REFUSED = Counter("studium_gate_refused", "Requests refused for want of room.", ("gate",), registry=REGISTRY)
GATE_RUNNING = Gauge("studium_gate_running", "Requests inside a gate.", ("gate",), registry=REGISTRY)
JOBS_TOTAL = Counter("studium_jobs", "Runs of jobs.", ("name", "outcome"), registry=REGISTRY)
JOBS_KEPT = Gauge(
    "studium_jobs_kept", "Jobs in the database by state: ready, running, dead.", ("state",), registry=REGISTRY
)
JOBS_WAIT = Gauge(
    "studium_jobs_oldest_seconds", "How long the job that is due longest has waited; 0 without one.", registry=REGISTRY
)
JOB_SECONDS = Histogram("studium_job_seconds", "How long a run of a job took.", ("name",), registry=REGISTRY)
SWEEPS = Counter("studium_sweeps", "Turns of periodic work.", ("name", "outcome"), registry=REGISTRY)
DATABASE_UP = Gauge("studium_database_up", "Whether the database answered this very question.", registry=REGISTRY)
LANE_TASKS = Gauge("studium_lane_tasks", "Tasks in a lane, running or waiting.", ("lane",), registry=REGISTRY)
LANE_LIMIT = Gauge("studium_lane_limit", "Tasks that a lane takes.", ("lane",), registry=REGISTRY)
LANE_REFUSED = Counter("studium_lane_refused", "Tasks for which a lane had no room.", ("lane",), registry=REGISTRY)
POOL_BUSY = Gauge(
    "studium_pool_busy", "Connections in use, by pool: sessions, reads, replica.", ("pool",), registry=REGISTRY
)
POOL_LIMIT = Gauge("studium_pool_limit", "Connections that a pool may open.", ("pool",), registry=REGISTRY)
BREAKER_OPEN = Gauge(
    "studium_breaker_open",
    "1 while a dependency that failed is left alone: cache, mail, replica.",
    ("name",),
    registry=REGISTRY,
)
REPLICA_READS = Counter(
    "studium_replica_reads",
    "Reads that a replica may answer, by who did: replica, primary.",
    ("by",),
    registry=REGISTRY,
)
STORAGE_FREE = Gauge("studium_storage_free_bytes", "What is free on the disk of the files.", registry=REGISTRY)
ProcessCollector(registry=REGISTRY)

# Finding a labelled child takes a lock and builds a tuple of texts; the pairs that occur are few, so they are kept.
_children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request. `route` is the path template, or UNMATCHED; an unknown method is counted as OTHER."""
    found = _children.get((method, route, status))
    if found is None:
        found = _new_children(method, route, status)
    found[0].inc()
    found[1].observe(seconds)


def show(gauge: Gauge, value: Callable[[], float], *labels: str) -> None:
    """Let a gauge ask for its value whenever it is looked at; the newest question replaces the one before."""
    (gauge.labels(*labels) if labels else gauge).set_function(value)


def render() -> tuple[bytes, str]:
    """Everything counted so far, and the content type of that text."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST


def _new_children(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    known = method if method in METHODS else "OTHER"
    found = HTTP_REQUESTS.labels(known, route, str(status)), HTTP_SECONDS.labels(known, route)
    if known == method:
        _children[method, route, status] = found
    return found
