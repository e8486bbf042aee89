"""Brings one lesson up to what its source says now, with its quiz."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.versions import ANY_VERSION
from studium.kit.db.tables import apply_changes
from studium.models import Course, Lesson, LessonType, Quiz
from studium.modules.courses.actions_lessons import check_type_change
from studium.modules.courses.errors import ImportRefused, LessonTypeFixed
from studium.modules.exchange.model.texts import LessonText, QuizText
from studium.modules.exchange.model.wishes import lesson_wish, question_wish, quiz_wish
from studium.modules.exchange.writing.before import Before
from studium.modules.exchange.writing.merging import lesson_values, merged, quiz_values
from studium.modules.exchange.writing.merging_quiz import GONE, merged_questions
from studium.modules.exchange.writing.notes import Notes
from studium.modules.exchange.writing.prepared import Parts
from studium.modules.exchange.writing.writer import quiz_rows
from studium.modules.quizzes.authoring.actions import delete_quiz, update_quiz
from studium.modules.quizzes.authoring.actions_import import write_questions
from studium.modules.quizzes.authoring.locking import lock_quiz
from studium.modules.quizzes.errors import QuizHasAttempts, QuizTypeFixed
from studium.modules.quizzes.schemas import QuizUpdate


class LessonUpdate:
    """One lesson that stands here as `here`, and that the source has, too."""

    def __init__(
        self, session: AsyncSession, course: Course, known: Before, notes: Notes, lesson: Lesson, here: LessonText
    ) -> None:
        self._session, self._course, self._known, self._notes, self._lesson, self._here = (
            session,
            course,
            known,
            notes,
            lesson,
            here,
        )

    async def run(self, before: Parts | None, text: LessonText, parts: Parts) -> Parts:
        """Write what the source changed, and return what is to be remembered."""
        here = lesson_values(self._here)
        taken, kept = merged(None if before is None else before.values, here, lesson_values(text))
        quiz = self._known.quiz(self._lesson)
        if taken or (text.quiz is None) != (quiz is None):
            await self._session.refresh(self._lesson, with_for_update=True)
        if quiz is not None and text.quiz is None and await self._quiz_goes(before, quiz):
            quiz = None  # It would hold the type of its lesson.
        if "lesson_type" in taken and not await self._may_change_type():
            del taken["lesson_type"]
        self._notes.merged(
            str(taken.get("title", self._here.title)), "lesson", here, taken if before is None else {}, kept
        )
        if taken and apply_changes(self._lesson, lesson_wish(text, None).model_dump(include=set(taken))):
            self._lesson.version += 1
            self._notes.is_changed = True
        return parts if text.quiz is None else await self._quiz(before, text, text.quiz, parts, quiz)

    async def move(self, before: Parts | None, parent: Lesson | None, under: str | None) -> None:
        """Hang the lesson where the source has it, unless it was moved here; `under` is what it hangs under now."""
        parent_id = None if parent is None else parent.id
        if self._lesson.parent_lesson_id == parent_id:
            return
        if before is not None and before.values and before.parent != under:
            self._notes.add(self._lesson.title, "place kept", "it was moved here; the source has it elsewhere")
            return
        self._lesson.parent_lesson_id = parent_id
        self._lesson.version += 1
        self._notes.is_changed = True

    async def _may_change_type(self) -> bool:
        try:
            await check_type_change(self._session, self._lesson)
        except LessonTypeFixed as fixed:
            self._notes.add(self._lesson.title, "lesson type kept", fixed.detail)
            return False
        return True

    async def _quiz_goes(self, before: Parts | None, quiz: Quiz) -> bool:
        """Remove the quiz that the source has no more; say why not where it stays."""
        why = f"{GONE}, but it was changed or made here"
        if before is not None and self._known.is_quiz_untouched(self._lesson, before):
            await self._hold(quiz)
            try:
                await delete_quiz(self._session, None, self._course, quiz, ANY_VERSION)
            except QuizHasAttempts as taken:
                why = f"{GONE}. {taken.detail}"
            else:
                self._notes.removed(self._here)
                self._notes.is_changed = True
                return True
        self._notes.add(quiz.title, "quiz kept", why)
        return False

    async def _quiz(
        self, before: Parts | None, lesson: LessonText, text: QuizText, parts: Parts, quiz: Quiz | None
    ) -> Parts:
        if quiz is not None:
            await self._quiz_values(before, text, quiz)
            return await self._questions(before, text, parts, quiz)
        if before is not None and before.quiz is not None:
            self._notes.add(text.title, "quiz stays removed", "it was removed here; the source still has it")
        elif self._lesson.lesson_type is LessonType.QUIZ:
            for made, questions in quiz_rows(self._lesson, lesson, parts):
                self._session.add(made)
                await self._session.flush()
                self._session.add_all(questions)
            self._notes.is_changed = True
            return parts
        else:
            self._notes.add(text.title, "quiz left out", "its lesson is no quiz lesson here")
        return replace(parts, quiz=None if before is None else before.quiz)

    async def _hold(self, quiz: Quiz) -> None:
        """Lock a quiz that was compared with the source; raise ImportRefused where somebody has edited it since.

        Whoever edits a quiz holds no course, so what they did would be overwritten by what was read before.
        """
        seen = quiz.version
        await lock_quiz(self._session, quiz)
        if quiz.version != seen:
            message = f"Somebody edited the quiz “{quiz.title}” at the same moment; import it again."
            raise ImportRefused(message)

    async def _quiz_values(self, before: Parts | None, text: QuizText, quiz: Quiz) -> None:
        here = quiz_values(self._here.quiz or text)
        taken, kept = merged(None if before is None else before.quiz, here, quiz_values(text))
        self._notes.merged(str(taken.get("title", quiz.title)), "quiz", here, taken if before is None else {}, kept)
        if not taken:
            return
        await self._hold(quiz)
        payload, _ = quiz_wish(replace(text, questions=()), self._lesson.id)
        try:
            await update_quiz(self._session, quiz, QuizUpdate(**payload.model_dump(include=set(taken))), ANY_VERSION)
        except QuizTypeFixed as fixed:
            self._notes.add(quiz.title, "quiz kept", fixed.detail)
        else:
            self._notes.is_changed = True

    async def _questions(self, before: Parts | None, text: QuizText, parts: Parts, quiz: Quiz) -> Parts:
        came = None if before is None or before.quiz is None else before.questions
        here = self._known.questions(self._lesson)
        source = list(zip(text.questions, parts.questions, strict=True))
        made = merged_questions(came, here, source, quiz.title)
        self._notes.items += made.notes
        if made.written or made.order != list(here):
            await self._hold(quiz)
            wishes = {
                question_id: question_wish(question, number, quiz.title)
                for number, (question_id, question) in enumerate(made.written.items(), 1)
            }
            await write_questions(self._session, quiz, made.order, wishes)
            self._notes.is_changed = True
        return replace(parts, questions=tuple(made.brought))
