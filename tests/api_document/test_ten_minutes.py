"""Every block of "Use the API in ten minutes" is run, in its order: with curl, and with both generated clients.

The clients are made by `make check-api`, which names their folder in `STUDIUM_TEST_CLIENTS`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.school import School, school
from tests.servers import lacking

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "api-in-ten-minutes.md"
SCHOOL = "http://127.0.0.1:8000"
CLIENTS = os.environ.get("STUDIUM_TEST_CLIENTS")
# What stands in for the program of that name, which is not on every machine.
OATHTOOL = f"""oathtool() {{ {sys.executable} -c 'import pyotp, sys; print(pyotp.TOTP(sys.argv[1]).now())' "$3"; }}\n"""
TSCONFIG = """{"compilerOptions": {"strict": true, "target": "es2022", "module": "esnext",
"moduleResolution": "bundler", "lib": ["es2022", "dom"], "noEmit": true,
"types": ["node"], "skipLibCheck": true}, "include": ["*.ts"]}"""

needs_clients = pytest.mark.skipif(CLIENTS is None, reason="`make check-api` makes the clients, and runs this")


def program(language: str, address: str) -> str:
    """All blocks of one language, one after the other, for the school at this address."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 8, "each step is shown in each language"
    return "\n".join(blocks).replace(SCHOOL, address)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo school."""
    folder = tmp_path_factory.mktemp("demo")
    with school(folder) as opened:
        opened.run("migrate")
        opened.run("demo")
    return folder


@pytest.fixture
def opened(demo: Path, tmp_path: Path) -> Iterator[School]:
    """A demo school of one's own, served."""
    shutil.copytree(demo, tmp_path / "data")
    with school(tmp_path / "data") as found:
        found.patience = 100  # The machine may be busy with other tests.
        found.serve()
        yield found


def run(folder: Path, *command: str, **environment: str) -> list[str]:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, timeout=120, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.timeout(180)
def test_with_curl(opened: School, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        lacking("curl is not installed")
    said = run(tmp_path, "bash", "-euo", "pipefail", "-c", OATHTOOL + program("sh", opened.address))
    assert said[:2] == ["already_enrolled", "75.0"]
    assert said[-2:] == ["valid", "900"]
    assert (tmp_path / "certificate.pdf").read_bytes().startswith(b"%PDF")


@needs_clients
@pytest.mark.timeout(180)
def test_with_the_generated_python_client(opened: School, tmp_path: Path) -> None:
    assert CLIENTS is not None
    (tmp_path / "walk.py").write_text(program("python", opened.address), encoding="utf-8")
    said = run(tmp_path, f"{CLIENTS}/venv/bin/python", "-W", "error", "walk.py", PYTHONPATH=CLIENTS)
    assert said[0] == "Getting started with Studium 8"
    assert said[-2:] == ["valid", "900"]
    assert (tmp_path / "certificate.pdf").read_bytes().startswith(b"%PDF")


@needs_clients
@pytest.mark.timeout(300)
def test_with_the_generated_typescript_client(opened: School, tmp_path: Path) -> None:
    assert CLIENTS is not None
    (tmp_path / "walk.ts").write_text(program("ts", opened.address), encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(TSCONFIG)
    shutil.copytree(f"{CLIENTS}/typescript/studium-client", tmp_path / "studium-client")
    (tmp_path / "node_modules").symlink_to(f"{CLIENTS}/node_modules")
    run(tmp_path, f"{CLIENTS}/node_modules/.bin/tsc", "--project", ".")
    said = run(tmp_path, f"{CLIENTS}/node_modules/.bin/tsx", "walk.ts")
    assert said[0] == "Getting started with Studium 8"
    assert said[-2:] == ["valid", "true"]
    assert (tmp_path / "certificate.pdf").read_bytes().startswith(b"%PDF")
