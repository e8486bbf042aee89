"""One desk for all grading: what waits, over all courses that the caller grades in."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from studium.access.actor import Teacher
from studium.kit.http.dependencies import ReadsDep, TransactionDep
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import IfMatch, Router
from studium.modules.desk import actions_comments, queries
from studium.modules.desk.queries import DeskFilter
from studium.modules.desk.schemas import (
    CommentIn,
    CommentOut,
    CommentUpdate,
    GradingKind,
    GradingSummary,
    WaitingOut,
)

router = Router("/grading", tag="grading")


async def desk_filter(
    course_id: UUID | None = None,
    kind: Annotated[GradingKind | None, Query(description="Essays are the only kind so far.")] = None,
    item_id: Annotated[UUID | None, Query(description="A quiz.")] = None,
    question_id: Annotated[UUID | None, Query(description="Only where this question has no mark yet.")] = None,
    after: Annotated[
        UUID | None, Query(description="Only what comes after this piece, whether that waits or not.")
    ] = None,
) -> DeskFilter:
    """The filters of the queue."""
    del kind
    return DeskFilter(course_id, item_id, question_id, after)


@router.get("")
async def list_waiting(
    actor: Teacher, reads: ReadsDep, page: PageDep, wanted: Annotated[DeskFilter, Depends(desk_filter)]
) -> Page[WaitingOut]:
    """What waits for a grader, over all courses; what waits longest comes first."""
    return await queries.waiting_page(reads, actor, wanted, page)


@router.get("/summary")
async def summarize_waiting(actor: Teacher, reads: ReadsDep) -> GradingSummary:
    """How much waits and since when, course by course and quiz by quiz."""
    return await queries.grading_summary(reads, actor)


@router.get("/comments")
async def list_comments(actor: Teacher, reads: ReadsDep, page: PageDep) -> Page[CommentOut]:
    """One's own comments; those that were used most come first."""
    return await queries.comment_page(reads, actor, page)


@router.post("/comments", status_code=201)
async def add_comment(actor: Teacher, tx: TransactionDep, payload: CommentIn) -> CommentOut:
    """Keep words that are given again and again."""
    return await actions_comments.add_comment(tx, actor, payload)


@router.patch("/comments/{comment_id}")
async def update_comment(
    actor: Teacher, comment_id: UUID, tx: TransactionDep, if_match: IfMatch, patch: CommentUpdate
) -> CommentOut:
    """Change one's own comment."""
    return await actions_comments.change_comment(tx, actor, comment_id, patch, if_match)


@router.delete("/comments/{comment_id}", status_code=204)
async def delete_comment(actor: Teacher, comment_id: UUID, tx: TransactionDep, if_match: IfMatch) -> None:
    """Delete one's own comment."""
    await actions_comments.delete_comment(tx, actor, comment_id, if_match)
