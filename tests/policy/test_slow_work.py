"""No rendering, storage, mail or hashing happens while a database session is open: tests fail where it does."""

import ast
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import studium
from studium.kit.base import held
from studium.kit.base.executors import BoundedExecutor, in_thread
from studium.kit.base.held import ConnectionHeld, holding, require_free
from studium.kit.mail import OutgoingMail
from studium.kit.runtime import Runtime
from studium.kit.security.passwords import hash_password
from studium.kit.text.markdown import html_of
from tests.world import World

HOME = Path(studium.__file__).parent
THREADS = {"to_thread", "run_in_executor", "ThreadPoolExecutor", "ProcessPoolExecutor"}
BY_THEMSELVES = {
    "kit/base/executors.py": "where threads are asked for",
    "kit/db/transaction.py": "the database's own work",
    "kit/storage.py": "asks by itself whether a session is open",
    "kit/mail.py": "asks by itself",
    "kit/health.py": "no request waits for it",
    "kit/base/memory.py": "no request waits for it",
    "modules/files/temporary_uploads.py": "asks by itself",
    "modules/files/actions_backup.py": "a command, beside which nobody is served from its process",
}
MAIL = OutgoingMail(to="sam@school.example", subject="Hello", text="Hello", html="<p>Hello</p>", message_id="<a@b>")


async def _listed(runtime: Runtime) -> None:
    async for _ in runtime.storage.list("uploads"):
        return


async def _streamed(runtime: Runtime) -> None:
    async for _ in runtime.storage.stream("uploads/f1.txt"):
        return


SLOW: dict[str, Callable[[Runtime], Awaitable[object]]] = {
    "lane": lambda _: BoundedExecutor("test", threads=1, queue=1).run(int),
    "thread": lambda _: in_thread(int),
    "hashing": lambda _: hash_password("violet kettle 41"),
    "rendering": lambda _: html_of("word " * 1_000),
    "mail": lambda runtime: runtime.mailer.send(MAIL),
    "get": lambda runtime: runtime.storage.get("uploads/f1.txt"),
    "put": lambda runtime: runtime.storage.put("uploads/f9.txt", b"hello"),
    "size": lambda runtime: runtime.storage.size("uploads/f1.txt"),
    "delete": lambda runtime: runtime.storage.delete("uploads/f9.txt"),
    "adopt": lambda runtime: runtime.storage.adopt("uploads/f8.txt", runtime.settings.data_dir / "missing", {}),
    "list": _listed,
    "stream": _streamed,
}


def test_the_check_is_on_in_tests() -> None:
    assert held.is_checked


@pytest.mark.parametrize("what", SLOW)
async def test_slow_work_in_a_session_is_told(world: World, what: str) -> None:
    database = world.runtime.database
    for opened in (database.read_session, database.write_session, database.snapshot):
        async with opened():
            with pytest.raises(ConnectionHeld):
                await SLOW[what](world.runtime)
    async with database.transaction():
        with pytest.raises(ConnectionHeld):
            await SLOW[what](world.runtime)
    if what != "adopt":
        await SLOW[what](world.runtime)


def test_it_counts_how_many_are_held() -> None:
    with holding():
        with holding():
            pass
        with pytest.raises(ConnectionHeld, match="Drawing is awaited"):
            require_free("Drawing")
    require_free("Drawing")


def threads_in(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        names |= {name} & THREADS
    return names


def test_threads_are_asked_for_where_the_check_is() -> None:
    """Work in a thread goes through `kit/base/executors.py`, but for what is listed with a reason."""
    found = {str(path.relative_to(HOME)) for path in HOME.rglob("*.py") if threads_in(path)}
    has_external_effects = {name for name in found if not name.startswith("modules/exchange/")}
    assert has_external_effects == BY_THEMSELVES.keys()


async def test_a_download_closes_its_session_first(world: World) -> None:
    """What a route has to fetch or draw is fetched and drawn by it, with the check on: no connection is held."""
    paths = ("/certificates/{X3}/download", "/certificates/{X3}/download?paper=letter", "/files/{F1}/download")
    for path in (*paths, "/courses/{C1}/export"):
        for _ in range(2):
            answer = await world.call("root", "GET", path)
            assert answer.status_code == 200, answer.text
