"""The captions of a lesson as its page takes them, and the transcript that is made of them."""

from collections.abc import Sequence
from functools import partial

from fastapi import Request
from starlette.responses import Response

from studium.access.actor import Actor
from studium.access.permissions import VisibleFile
from studium.kit.base.problems import NotFound
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import request_runtime
from studium.kit.storage import BlobMissing
from studium.models import UploadedFile
from studium.models.file import WEBVTT
from studium.models.file_reference import named_files
from studium.modules.courses.schemas import LessonOut
from studium.modules.files.caption_files import cues_of, visible_captions
from studium.modules.files.delivery import guard_headers, is_known
from studium.web.learner.views_lesson import Said, Track
from studium.web.routing import Later, Pages

router = Pages()


async def said_in(request: Request, actor: Actor | None, lesson: LessonOut, wanted: str, language: str) -> Said:
    """The captions of the video of a lesson that the visitor may read, with the transcript in the language `wanted`.

    Without it, in that of the page, else in the first one. One statement where a lesson has captions, and one blob.
    """
    if not lesson.captions or lesson.video_url is None:
        return Said()
    runtime = request_runtime(request)
    ids = [named_files([each.url]).pop() for each in lesson.captions]
    paths = await visible_captions(runtime, actor, ids)
    shown = [(each.language, file_id) for each, file_id in zip(lesson.captions, ids, strict=True) if file_id in paths]
    if not shown:
        return Said()
    at = _chosen([tag for tag, _ in shown], wanted, language)
    tracks = [Track(tag, f"/files/{file_id}/captions") for tag, file_id in shown]
    return Said(tracks, tracks[at], await cues_of(runtime, paths[shown[at][1]]))


def _chosen(tags: Sequence[str], wanted: str, language: str) -> int:
    """Which of the languages the transcript is in."""
    lower = [tag.lower() for tag in tags]
    if wanted.lower() in lower:
        return lower.index(wanted.lower())
    return next((at for at, tag in enumerate(lower) if tag.partition("-")[0] == language), 0)


@router.get("/files/{file_id}/captions")
async def captions_file(request: Request, file: VisibleFile) -> Response:
    """The captions of a video, from our own address even where files lie elsewhere: players take no others."""
    if file.mime_type != WEBVTT:
        message = "These are no captions."
        raise NotFound(message)
    return Later(AfterSession(partial(_given_out, request, file)))


async def _given_out(request: Request, file: UploadedFile) -> Response:
    headers = guard_headers(file.checksum, is_public=file.is_public)
    headers.pop("Accept-Ranges")
    if is_known(request.headers, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    try:
        data = await request_runtime(request).storage.get(file.storage_path)
    except BlobMissing:
        message = "The content of this file is missing."
        raise NotFound(message) from None
    return Response(data, media_type=WEBVTT, headers=headers)
