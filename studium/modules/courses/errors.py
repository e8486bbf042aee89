"""What can go wrong with courses and lessons."""

from studium.kit.base.problems import Problem


class SlugTaken(Problem):
    """Another course has this slug."""

    status = 409
    title = "Slug taken"


class CourseHasEnrollments(Problem):
    """Somebody once enrolled, so the course stays; unpublish it instead."""

    status = 409
    title = "The course has enrollments"


class CourseNotPublishable(Problem):
    """Something is missing; `reasons` lists what."""

    status = 409
    title = "The course cannot be published yet"


class LastLesson(Problem):
    """A published course keeps at least one lesson."""

    status = 409
    title = "Last lesson of a published course"


class LessonTypeFixed(Problem):
    """A quiz or somebody's progress hangs on the lesson, so its type stays."""

    status = 409
    title = "The lesson type is fixed"


class InvalidParent(Problem):
    """The parent must be a live lesson of the same course, not the lesson itself or below it, at most three levels."""

    status = 422
    title = "Invalid parent lesson"


class InvalidOrder(Problem):
    """The list must name every live lesson of the course exactly once."""

    status = 422
    title = "Invalid order"


class TooManyLessons(Problem):
    """A course holds at most 1,000 lessons."""

    status = 409
    title = "Too many lessons"


class InstructorNotFound(Problem):
    """The new owner must be an active instructor or admin."""

    status = 422
    title = "No such instructor"


class ImportRefused(Problem):
    """The material cannot become a course; nothing was changed. `detail` names the item and what is wrong with it."""

    status = 422
    title = "The material cannot be imported"
