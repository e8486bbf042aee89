"""The comments that a grader gives again and again."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from studium.access.actor import Actor, Teacher
from studium.kit.base.problems import Forbidden
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.dependencies import ReadsDep, TransactionDep
from studium.modules.desk import actions_comments, queries
from studium.modules.desk.schemas import CommentIn, CommentUpdate
from studium.web import lists
from studium.web.again import actor_of, reads_of
from studium.web.forms import FormDep, shown_form
from studium.web.lists import Cursor
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again
from studium.web.teacher.grading.marks import version_of
from studium.web.teacher.grading.views import QUEUE, Bank

router = Pages()
BANK = f"{QUEUE}/comments"
PER_PAGE = 50


@router.get(BANK)
async def bank_page(request: Request, actor: Teacher, reads: ReadsDep, cursor: Cursor = None) -> Page:
    """One's own comments, those that are used most first."""
    return await _bank(request, actor, reads, cursor)


async def _bank(request: Request, actor: Actor, reads: QueryExecutor, cursor: str | None) -> Page:
    found = await queries.comment_page(reads, actor, lists.listing(request, PER_PAGE, cursor))
    return Page("teacher/grading/comments.html", Bank(found, is_first=cursor is None), form=shown_form(request))


async def bank_again(request: Request) -> Page:
    """The comments with what was typed and refused."""
    problem = shown_form(request).problem
    if isinstance(problem, Forbidden):
        raise problem
    return await _bank(request, actor_of(request), reads_of(request), None)


@router.post(BANK)
@shows_again(bank_again)
async def add(request: Request, actor: Teacher, form: FormDep, tx: TransactionDep) -> Response:
    """Keep another comment."""
    await actions_comments.add_comment(tx, actor, form.read(CommentIn))
    return see_and_say(request, BANK, "saved")


@router.post(f"{BANK}/{{comment_id}}")
@shows_again(bank_again)
async def change(request: Request, actor: Teacher, comment_id: UUID, form: FormDep, tx: TransactionDep) -> Response:
    """Write a comment anew."""
    patch = form.read(CommentUpdate, "text", text=form["text"])
    await actions_comments.change_comment(tx, actor, comment_id, patch, version_of(form))
    return see_and_say(request, BANK, "saved")


@router.post(f"{BANK}/{{comment_id}}/delete")
@shows_again(bank_again)
async def delete(request: Request, actor: Teacher, comment_id: UUID, form: FormDep, tx: TransactionDep) -> Response:
    """Forget a comment; what was said with it stays said."""
    await actions_comments.delete_comment(tx, actor, comment_id, version_of(form))
    return see_and_say(request, BANK, "comment-deleted")
