"""One sentence on the next page: its name travels in a cookie, never its text."""

from starlette.requests import Request
from starlette.responses import Response

from studium.web.translations import Translations

COOKIE = "studium-flash"
_SECONDS = 60


def _sentences(words: Translations) -> dict[str, str]:
    _ = words.gettext
    return {
        "logged-out": _("You are logged out."),
        "registered": _("Your account is made. Follow the link in the mail that we sent you."),
        "mailed": _("If there is an account with this address, a mail is on its way."),
        "confirmed": _("Your e-mail address is confirmed. Log in with it."),
        "address-agreed": _("Agreed. Now follow the link in the mail to the other address."),
        "address-changed": _("Your e-mail address is changed. Log in with it."),
        "password": _("Your password is changed. Log in with it."),
        "saved": _("Saved."),
        "ended": _("The session is ended."),
        "others-ended": _("All other sessions are ended."),
        "proved": _("Your password is right. Go on."),
        "own-password": _("Your password is changed. Your other sessions are ended."),
        "enrolled": _("You are enrolled. Enjoy the course."),
        "reviewed": _("Your review is saved. Thank you."),
        "review-deleted": _("Your review is deleted."),
        "file-uploaded": _("The file is uploaded."),
        "film-uploaded": _("The film is uploaded, and it is the video of the lesson."),
        "file-deleted": _("The file is deleted."),
        "passkey-added": _("The passkey is added. Log in with it from now on."),
        "passkey-removed": _("The passkey is removed. Delete it on your device, too."),
        "second-factor-off": _("Your second factor is off. Your other sessions are ended."),
        "answers-saved": _("Your answers are saved."),
        "course-published": _("The course is published. Learners find it in the catalogue."),
        "course-hidden": _("The course is a draft again. Whoever is enrolled goes on."),
        "course-deleted": _("The course is deleted."),
        "lesson-deleted": _("The lesson is deleted. The trash keeps it for 30 days."),
        "person-invited": _("The account is made. A mail brings its owner a link to choose a password."),
        "activated": _("This person may log in again."),
        "deactivated": _("This person is logged out, and may not log in any more."),
        "person-logged-out": _("All sessions of this person are ended."),
        "factor-reset": _("The second factor is off, and a mail tells its owner."),
        "own-erasure-asked": _("It is asked for, and you are logged out. Log in within 14 days to cancel it."),
        "address-asked": _("Two mails are on their way. Follow the link in each of them."),
        "job-requeued": _("The job is tried again."),
        "job-dropped": _("The job is dropped. What it would have done is not done."),
        "export-asked": _("The export is being put together. The link comes by mail."),
        "erasure-asked": _("It is asked for. In 14 days it is done; until then it can be cancelled."),
        "erasure-cancelled": _("It is cancelled. Nothing was lost."),
        "learners-changed": _("Done for all whom you chose."),
        "people-enrolled": _("The people of the list are enrolled or invited."),
        "invitation-withdrawn": _("The invitation is withdrawn."),
        "code-made": _("The code is made. Give it to your learners."),
        "code-revoked": _("The code is revoked. Whoever joined by it stays."),
        "certificate-revoked": _("The certificate is revoked."),
        "graded": _("The marks are saved."),
        "released": _("The marks are released. Each of these learners gets a mail."),
        "release-goes-on": _("The marks are being released. Look again in a moment."),
        "nothing-to-release": _("There was nothing to release."),
        "comment-deleted": _("The comment is deleted."),
        "done": _("The lesson is marked as done."),
        "quiz-made": _("The quiz is made. Now write its questions, or paste them."),
        "quiz-saved": _("The settings are saved."),
        "quiz-published": _("Learners see the quiz now."),
        "quiz-published-in-draft": _("The quiz is published. New learners see it once the course is published, too."),
        "quiz-unpublished": _("Learners do not see the quiz any more."),
        "quiz-deleted": _("The quiz is deleted."),
        "question-added": _("The question is added."),
        "question-saved": _("The question is saved."),
        "question-moved": _("The question is moved."),
        "question-deleted": _("The question is deleted."),
        "questions-pasted": _("The questions are added."),
        "regraded": _("The quiz is regraded."),
        "lesson-theirs": _("The saved text is kept. Yours is the latest of the earlier versions."),
        "lesson-not-mended": _("Saved. This could not be mended for you: go to its line."),
        "captions-added": _("The captions are added."),
        "captions-removed": _("The captions are removed. Their file stays among your files."),
        "version-back": _("The earlier text is back. The one before is kept, too."),
        "lesson-back": _("The lesson is back where it was."),
        "quiz-back": _("The quiz is back."),
        "question-back": _("The question is back where it was."),
    }


def sentence(request: Request, words: Translations) -> str | None:
    """What the last request left to be said, or None."""
    name = request.cookies.get(COOKIE)
    return None if name is None else _sentences(words).get(name)


def say(response: Response, name: str, *, secure: bool) -> None:
    """Let the next page say the sentence of this name."""
    response.set_cookie(COOKIE, name, max_age=_SECONDS, secure=secure, httponly=True, samesite="lax")


def said(response: Response, *, secure: bool) -> None:
    """It was said."""
    response.delete_cookie(COOKIE, secure=secure, httponly=True, samesite="lax")
