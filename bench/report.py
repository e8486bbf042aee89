"""What the benchmark prints, and keeps for `docs/performance.md`."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.school import Size

RESULTS = Path("bench/results")


@dataclass(slots=True)
class Table:
    """A printed table."""

    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """As Markdown."""
        return [*self.head(), *(_line(row) for row in self.rows)]

    def head(self) -> list[str]:
        """As Markdown, without rows."""
        return [f"### {self.title}", "", _line(self.columns), "|" + "---|" * len(self.columns)]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


@dataclass(slots=True)
class Report:
    """Tables, printed row by row as they are measured and kept."""

    tables: list[Table] = field(default_factory=list)

    def table(self, title: str, *columns: str) -> None:
        """Begin a table."""
        self.tables.append(Table(title, list(columns)))
        print("\n" + "\n".join(self.tables[-1].head()), flush=True)

    def row(self, *cells: object) -> None:
        """One line of the table; floats with two places, what was not measured as a dash."""
        texts = [f"{cell:.2f}" if isinstance(cell, float) else "-" if cell is None else str(cell) for cell in cells]
        self.tables[-1].rows.append(texts)
        print(_line(texts), flush=True)

    def keep(self, heading: list[str], name: str) -> Path:
        """Write everything that was printed as Markdown to paste, and as JSON to compare; return the former."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{name}.md"
        lines = [*heading, *(line for table in self.tables for line in ("", *table.lines()))]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        kept = {
            table.title: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for table in self.tables
        }
        facts = {"heading": heading, "tables": kept}
        path.with_suffix(".json").write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return path


@dataclass(frozen=True, slots=True)
class Options:
    """How much to measure, and where."""

    server: str
    enrollments: int
    rounds: int
    seconds: float
    only: str
    scenarios: tuple[str, ...] = ()
    databases: tuple[str, ...] = ("postgresql", "sqlite")
    learners: int | None = None
    scale: float = 1.0
    steady: float = 1.0
    workers: int = 1
    course: Path | None = None
    report: Report = field(default_factory=Report)

    @property
    def size(self) -> Size:
        """The big school."""
        return Size(self.enrollments)

    @property
    def small(self) -> Size:
        """The school that growth is measured from."""
        return Size(min(20_000, self.enrollments // 10))

    def heading(self) -> list[str]:
        """What was measured on what, for the head of a report."""
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607 -- git of the path.
        python, revision = sys.version.split()[0], commit.stdout.strip() or "unknown"
        busy = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
        return [
            f"{datetime.now(UTC):%Y-%m-%d}, {_cores()} cores, Python {python}, commit {revision}, load {busy} before;",
            f"{self.rounds} rounds of {self.seconds} s, medians; PostgreSQL at {self.server.rpartition('@')[2]}",
        ]


def _cores() -> int:
    return Path("/proc/cpuinfo").read_text(encoding="utf-8").count("processor\t")
