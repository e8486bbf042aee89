"""What can go wrong with quizzes, questions and attempts."""

from studium.kit.base.problems import Forbidden, Problem


class LessonHasQuiz(Problem):
    """A lesson carries one quiz at most."""

    status = 409
    title = "The lesson has a quiz already"


class NotAQuizLesson(Problem):
    """A quiz hangs on a live lesson of type `quiz` of the same course."""

    status = 422
    title = "Not a quiz lesson"


class QuizNotPublishable(Problem):
    """Something is missing; `reasons` lists what."""

    status = 409
    title = "The quiz cannot be published yet"


class QuizTypeFixed(Problem):
    """Somebody has taken the quiz, so it stays practice or graded."""

    status = 409
    title = "The quiz type is fixed"


class QuizHasAttempts(Problem):
    """Somebody has taken the quiz, so it stays; unpublish it instead."""

    status = 409
    title = "The quiz has attempts"


class InvalidQuestion(Problem):
    """The question cannot be marked as it stands; `reasons` lists why."""

    status = 422
    title = "Invalid question"


class TooManyQuestions(Problem):
    """A quiz holds at most 500 questions, worth 9,999.99 points in all."""

    status = 409
    title = "Too many questions"


class LastQuestion(Problem):
    """A published quiz keeps at least one question."""

    status = 409
    title = "Last question of a published quiz"


class AttemptRequired(Forbidden):
    """A learner sees the questions only during an attempt of their own."""

    title = "Start an attempt first"


class AttemptInProgress(Problem):
    """One attempt is open already; `attempt_id` says which."""

    status = 409
    title = "An attempt is in progress"


class NoAttemptsLeft(Problem):
    """All attempts are used."""

    status = 409
    title = "No attempts left"
    # The last one may have been overdue, and was then handed in by this very request.
    commits_on_error = True


class AttemptAlreadySubmitted(Problem):
    """The attempt was handed in before, here or in another tab; what was handed in first counts."""

    status = 409
    title = "The attempt is already submitted"


class AttemptNotSubmitted(Problem):
    """The learner is still working on the attempt."""

    status = 409
    title = "The attempt is not submitted"


class TimeLimitExceeded(Problem):
    """The deadline has passed; the attempt was handed in with the answers saved until then."""

    status = 409
    title = "Time is up"
    commits_on_error = True


class InvalidAnswers(Problem):
    """Answers do not fit: `question_ids` names their questions, `reasons` says why, in the same order.

    The attempt stays open with its saved answers.
    """

    status = 422
    title = "Invalid answers"


class InvalidScores(Problem):
    """The scores do not fit the attempt; `reasons` lists why."""

    status = 422
    title = "Invalid scores"


class RegradeRunning(Problem):
    """A regrade of this quiz is under way; `regrade_id` says which. Wait until it is done."""

    status = 409
    title = "A regrade is running"


class InvalidQuestionOrder(Problem):
    """The list must name every question of the quiz exactly once."""

    status = 422
    title = "Invalid order of questions"
