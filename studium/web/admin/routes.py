"""The school in figures."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from studium.access.actor import Admin
from studium.kit.base.clock import now
from studium.kit.base.languages import day_in
from studium.kit.http.dependencies import ReadsDep
from studium.kit.text.csv_text import Csv
from studium.modules.analytics import queries_overview
from studium.modules.analytics.periods import Bucket, Period
from studium.modules.analytics.routes import SystemTable
from studium.modules.analytics.routes_exports import answer
from studium.modules.analytics.schemas import SystemOverviewOut, TrendPoint
from studium.web import charts
from studium.web.admin.views import SchoolView
from studium.web.render import Page
from studium.web.routing import Pages
from studium.web.visitor import Visitor, VisitorDep

router = Pages()
Span = Annotated[Literal["days", "weeks", "months"], Query()]
_SPANS = {"days": (Bucket.DAY, 29), "weeks": (Bucket.WEEK, 83), "months": (Bucket.MONTH, 364)}
"""How wide a point is, and how many days the period has before today."""


def _period(span: str, visitor: Visitor) -> Period:
    bucket, days = _SPANS[span]
    last = now().astimezone(visitor.zone).date()
    return Period(last - timedelta(days=days), last, bucket, visitor.zone)


@router.get("/admin")
async def school_page(_: Admin, visitor: VisitorDep, reads: ReadsDep, *, span: Span = "weeks") -> Page:
    """Where an admin begins: the school in figures, over some days, weeks or months."""
    found = await queries_overview.system_overview(reads, _period(span, visitor))
    return Page("admin/school.html", _view(found, span, visitor))


@router.get("/admin/figures.csv")
async def school_as_csv(
    _: Admin, visitor: VisitorDep, reads: ReadsDep, *, span: Span = "weeks", table: SystemTable = "trend"
) -> Response:
    """One table of them, as the API gives it."""
    found = await queries_overview.system_overview(reads, _period(span, visitor))
    exported = answer(found, table, as_csv=Csv.MARKED)
    assert isinstance(exported, Response)  # noqa: S101 -- CSV was asked for.
    return exported


def _view(found: SystemOverviewOut, span: str, visitor: Visitor) -> SchoolView:
    days = [day_of(point, visitor.language) for point in found.trend]
    is_rtl = visitor.direction == "rtl"
    begun, done = ([getattr(point, name) for point in found.trend] for name in ("enrollments", "completions"))

    def drawn(title: str, values: list[int]) -> str:
        return charts.line(title, days, values, rtl=is_rtl)

    return SchoolView(found, span, days, begun, done, drawn)


def day_of(point: TrendPoint, language: str) -> str:
    """The first day of a point, in words."""
    return day_in(language, datetime.combine(point.starts_on, time(), UTC), UTC)
