"""The project's own benchmark: what the goals of docs/performance.md are about, measured.

    .venv/bin/python -m bench [--quick] [--sections ratios,dashboards] [--only complete] [--enrollments 1000000]
    .venv/bin/python -m bench --scenario exam-hour [--learners 2000 --workers 2] [--scale 0.1] [--databases sqlite]

It fills databases `studium_bench_…` on the server, the large one in some minutes, and keeps them for the next run; a
crowd has a new school each time. What it prints is kept under bench/results/ as Markdown and JSON.
"""

import argparse
import signal
import sys
from pathlib import Path

from bench.crowd_tables import crowds
from bench.crowds import CROWDS
from bench.report import Options
from bench.sections import SECTIONS

_DEFAULTS = ",".join(SECTIONS)


def main() -> None:
    """Print every table that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small schools and short rounds: some minutes in all")
    parser.add_argument("--sections", "--section", default=_DEFAULTS, help=f"which tables, of {_DEFAULTS}")
    parser.add_argument("--only", default="", help="only what has this in its title")
    parser.add_argument("--enrollments", type=int, help="of the big school; 100,000 without, 10,000 with --quick")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="that a round presses each contender")
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432")
    parser.add_argument("--course", type=Path, help="what the section `import` imports: a folder or an archive")
    parser.add_argument("--scenario", default="", help=f"crowds instead of tables: {', '.join(CROWDS)}, or all")
    parser.add_argument("--learners", type=int, help="how many the crowd is at full scale")
    parser.add_argument("--scale", type=float, default=1.0, help="shortens the crowd and its time by this factor")
    parser.add_argument("--steady", type=float, default=1.0, help="shortens what lies between start and end of a crowd")
    parser.add_argument("--databases", default="postgresql,sqlite", help="of the crowd")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes that serve the crowd; above one with a worker"
    )
    args = parser.parse_args()
    sections, names = args.sections.split(","), _names(args.scenario)
    for unknown in (set(sections) - set(SECTIONS)) | (set(names) - set(CROWDS)):
        parser.error(f"there is no {unknown}: sections are {_DEFAULTS}, scenarios {', '.join(CROWDS)}")
    options = Options(
        server=args.server,
        enrollments=args.enrollments or (10_000 if args.quick else 100_000),
        rounds=args.rounds or (1 if args.quick else 3),
        seconds=args.seconds or (0.5 if args.quick else 2.0),
        only=args.only,
        scenarios=names,
        databases=("postgresql",) if args.workers > 1 else tuple(args.databases.split(",")),
        learners=args.learners,
        scale=args.scale,
        steady=args.steady,
        workers=args.workers,
        course=args.course,
    )
    # Whoever stops the benchmark stops its servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    heading = options.heading()
    print("\n".join(heading))
    if names:
        crowds(options)
    else:
        for name in sections:
            SECTIONS[name](options)
    print(f"\nKept in {options.report.keep(heading, args.scenario or args.sections.replace(',', '-')[:40])}")


def _names(scenario: str) -> tuple[str, ...]:
    return tuple(CROWDS) if scenario == "all" else tuple(filter(None, scenario.split(",")))


if __name__ == "__main__":
    main()
