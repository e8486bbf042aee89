"""Write `requirements-released.csv`: when each release was published that Studium runs on or that its makers asked for.

uv notes the dates where it locks, so it locks in a folder of its own; reasons beside old releases are kept.
"""

import csv
import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "requirements-released.csv"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)( ; [^\\]+)?", re.MULTILINE)


def plain(name: str) -> str:
    """A name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted() -> list[tuple[str, str, str]]:
    """Name, version and marker of every release that is run, and of what development asks for itself."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    asked = {plain(re.split(r"[\[<>=~! ;]", text, maxsplit=1)[0]) for text in groups["dev"]}
    running = PINNED.findall((ROOT / "requirements.lock").read_text())
    development = PINNED.findall((ROOT / "requirements-dev.lock").read_text())
    return sorted({*running, *(pin for pin in development if plain(pin[0]) in asked)})


def published(pins: list[tuple[str, str, str]]) -> dict[tuple[str, str], str]:
    """The day on which the first file of each release was published, by name and version."""
    lines = ",".join(repr(f"{name}=={version}{marker.rstrip()}") for name, version, marker in pins)
    with tempfile.TemporaryDirectory() as folder:
        project = f'[project]\nname = "dates"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = [{lines}]\n'
        Path(folder, "pyproject.toml").write_text(project)
        # Our own program, on a project of our own.
        subprocess.run([ROOT / ".venv/bin/uv", "lock", "--quiet", "--project", folder], check=True)  # noqa: S603 -- our own tool.
        packages = tomllib.loads(Path(folder, "uv.lock").read_text())["package"]
    return {
        (plain(each["name"]), each["version"]): min(file["upload-time"] for file in files)[:10]
        for each in packages
        if (files := [file for file in (each.get("sdist"), *each.get("wheels", [])) if file and "upload-time" in file])
    }


def main() -> None:
    """Ask for the days, and write the table."""
    pins = wanted()
    dates = published(pins)
    with TABLE.open() as file:
        reasons = {row["name"]: row["reason"] for row in csv.DictReader(file)}
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "version", "released", "reason"])
        for name, version, _ in pins:
            writer.writerow([name, version, dates[plain(name), version], reasons.get(name, "")])


if __name__ == "__main__":
    main()
