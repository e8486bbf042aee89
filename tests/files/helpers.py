"""Handing files in and getting them back, and what is left of them afterwards."""

from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import select

from studium.models import UploadedFile
from tests.world import FILES, World

MIB = 1 << 20


@dataclass
class Desk:
    world: World

    async def upload(
        self, who: str | None, name: str, content: bytes, *, key: str | None = None, **fields: str
    ) -> httpx2.Response:
        files = {"file": (name, content, "application/x-made-up")}
        return await self.world.call(
            who,
            "POST",
            "/files/upload",
            files=files,
            data={**fields},
            headers={} if key is None else {"Idempotency-Key": key},
        )

    async def take(self, who: str, name: str, content: bytes, **fields: str) -> dict[str, Any]:
        """Upload what must be taken."""
        answer = await self.upload(who, name, content, **fields)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def download(self, who: str | None, file_id: str, **headers: str) -> httpx2.Response:
        """The file, also from where a redirect leads."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.world.call(who, "GET", f"/files/{file_id}/download", headers=named)
        if answer.status_code != 307:
            return answer
        async with httpx2.AsyncClient() as has_external_effects:
            return await has_external_effects.get(answer.headers["location"])

    async def rows(self) -> list[UploadedFile]:
        """The files that were uploaded, without those of the school."""
        async with self.world.runtime.database.read_session() as session:
            school = [f"uploads/{name.lower()}.txt" for name in FILES]
            found = select(UploadedFile).where(UploadedFile.storage_path.not_in(school)).order_by(UploadedFile.id)
            return list((await session.execute(found)).scalars())

    async def blobs(self) -> list[str]:
        """The content of what was uploaded, without that of the school's files."""
        school = {f"uploads/{name.lower()}.txt" for name in FILES}
        return sorted([path async for path in self.world.runtime.storage.list("uploads") if path not in school])

    def leftovers(self) -> list[str]:
        """What is still in the folder for files that are being received."""
        return [path.name for path in self.world.runtime.storage.incoming.glob("*")]

    async def is_clean(self) -> bool:
        """Whether every blob has its row and the other way round, and nothing temporary is left."""
        return await self.blobs() == sorted(row.storage_path for row in await self.rows()) and not self.leftovers()
