"""The project's own benchmark: what the goals of docs/performance.md are about, measured.

    .venv/bin/python -m bench [--quick] [--sections ratios,dashboards] [--only complete] [--enrollments 1000000]

It fills databases `studium_bench_…` on the server, the large one in a minute or two, and keeps them for the next run.
"""

import argparse

from bench.sections import SECTIONS, Wish, heading


def main() -> None:
    """Print every table that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small schools and short rounds: some two minutes in all")
    parser.add_argument("--sections", default=",".join(SECTIONS), help="which tables, separated by commas")
    parser.add_argument("--only", default="", help="only what has this in its title")
    parser.add_argument("--enrollments", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432")
    args = parser.parse_args()
    sections = args.sections.split(",")
    if unknown := set(sections) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    wish = Wish(
        server=args.server,
        enrollments=args.enrollments or (10_000 if args.quick else 1_000_000),
        rounds=args.rounds or (1 if args.quick else 5),
        seconds=args.seconds or (0.5 if args.quick else 2.0),
        only=args.only,
    )
    print("\n".join(heading(wish)))
    for name in sections:
        SECTIONS[name](wish)


if __name__ == "__main__":
    main()
