"""What can go wrong with enrollments, progress and reviews."""

from studium.kit.base.problems import Forbidden, Problem


class AlreadyEnrolled(Problem):
    """The student is in this course already, active or done; `enrollment_id` says where."""

    status = 409
    title = "Already enrolled"


class EnrollmentExpired(Problem):
    """The enrollment has expired; only the course's staff restore it."""

    status = 409
    title = "The enrollment has expired"


class TransitionNotAllowed(Problem):
    """An enrollment does not go from its present status to that one."""

    status = 409
    title = "This step is not allowed"


class StaffOnlyTransition(Forbidden):
    """Only the owner of the course or an admin expires or restores an enrollment."""

    title = "Only staff may do this"


class QuizNotPassed(Problem):
    """A quiz lesson is completed only by passing its graded quiz, or by submitting its practice quiz."""

    status = 409
    title = "The quiz is not passed"


class ProgressTooLow(Problem):
    """A review needs at least 20 % progress."""

    status = 409
    title = "Too early for a review"
