"""The categories of the catalogue with their numbers of courses: counted once a minute for everybody."""

import json

from sqlalchemy import func, select

from studium.kit.db.prepared import PreparedStatement
from studium.kit.runtime import Runtime
from studium.models import Course
from studium.modules.courses.schemas import CategoriesOut, CategoryOut

KEPT_SECONDS = 60
MAX_CATEGORIES = 100
_KEY = "courses:categories"
_MANY = func.count(Course.id)
_COUNT = PreparedStatement(
    select(Course.category, _MANY.label("courses"))
    .where(Course.is_published, Course.category.is_not(None), Course.category != "")
    .group_by(Course.category)
    .order_by(_MANY.desc(), Course.category)
    .limit(MAX_CATEGORIES)
)


async def categories(runtime: Runtime) -> CategoriesOut:
    """The categories of published courses, by name; where there are more than a hundred, the largest of them."""
    kept = await runtime.cache.get(_KEY)
    if kept is None:
        reads = runtime.database.replica_reads
        rows = await reads.shared(_KEY, lambda: reads.all(_COUNT))
        kept = json.dumps(sorted((str(row["category"]), int(row["courses"])) for row in rows), ensure_ascii=False)
        await runtime.cache.set(_KEY, kept, KEPT_SECONDS)
    return CategoriesOut(items=[CategoryOut(name=name, courses_count=many) for name, many in json.loads(kept)])
