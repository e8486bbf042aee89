"""Test plans, dispatch and protocol on the oldest and the newest release of FastAPI, Starlette, Pydantic and uvicorn.

The ranges are those of pyproject.toml; all else is what the lock file says. Needs a package registry.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = ROOT / ".venv/bin/uv"
NAMES = ("fastapi", "starlette", "pydantic", "uvicorn")
TESTS = (
    "test_route_plans.py",
    "test_protocol_names.py",
    "test_protocol.py",
    "test_middleware.py",
    "test_frameworks.py",
)


def ranges() -> list[str]:
    """What pyproject.toml says of the four."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return [each for each in wanted if re.split(r"[<>=\[]", each)[0] in NAMES]


def run(*command: object) -> None:
    """Run a command in the repository; raise CalledProcessError where it fails."""
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)  # noqa: S603 -- our own tools.


def main() -> None:
    """Make an environment, and change the four in it twice."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "venv/bin/python")
        install = (UV, "pip", "install", "--no-config", "--quiet", "--python", python)
        run(UV, "venv", "--quiet", "--python", sys.executable, python.parents[1])
        run(*install, "--require-hashes", "--requirements", "requirements-dev.lock")
        for resolution in ("lowest-direct", "highest"):
            run(*install, "--upgrade", "--resolution", resolution, *ranges())
            tests = [f"tests/kit/{name}" for name in TESTS]
            run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={folder}/tests", *tests)


main()
