"""What the API refuses, in words for people: by its code, never by its English sentence."""

from studium.kit.base.problems import FieldError, Problem
from studium.web.translations import Translations


def field_error(words: Translations, error: FieldError) -> str:
    """What is wrong with a field."""
    _ = words.gettext
    is_password = error.pointer.endswith("password")
    short = _("Use at least 8 characters.") if is_password else _("This is too short.")
    long = _("Use at most 128 characters.") if is_password else _("This is too long.")
    known = {
        "missing": _("Fill this in."),
        "int_parsing": _("Write a number."),
        "int_type": _("Write a number."),
        "string_pattern_mismatch": _("This has signs that cannot stand here."),
        "unchanged": _("This is your address already."),
        "invalid_answer": _("This answer does not fit its question."),
        "string_too_short": short,
        "string_too_long": long,
        "no_number": _("Write a number, such as 2.5."),
        "too_many_people": _("Enroll at most 1,000 people at once."),
        "no_day": _("Write a day, such as 2027-03-31."),
        "too_many_points": _("Give at most the points of the question."),
        "too_short": short,
        "too_long": long,
        "too_common": _("Many people use this one, so it is guessed first. Take words that do not belong together."),
        "too_personal": _("This is too close to your name or address. Take something that nobody links with you."),
    }
    if error.pointer == "/file" and error.code in {"missing", "empty"}:
        return _("The file is empty.") if error.code == "empty" else _("Choose a file.")
    if error.code == "value_error" and error.pointer == "/email":
        return _("Write an address such as name@example.org.")
    if error.code == "value_error" and error.pointer.endswith("/answer_text"):
        return _("This has characters that cannot be saved")
    return known.get(error.code, _("This cannot be used. Check it, and try again."))


def problem_title(words: Translations, problem: Problem) -> str:
    """Why a form was not taken, as the heading above it."""
    _ = words.gettext
    known = {
        "invalid_input": _("Something is to be mended"),
        "invalid_credentials": _("The e-mail address or the password is wrong."),
        "wrong_password": _("The present password is wrong."),
        "email_not_verified": _("Follow the link in the mail that we sent you, then log in."),
        "email_taken": _("There is an account with this e-mail address already."),
        "wrong_second_factor": _("The code is wrong, used or too old."),
        "invalid_mfa_code": _("The code is wrong, used or too old."),
        "mfa_code_sent": _("A code was mailed to you. Type it here, with your password once more."),
        "address_not_proven": _("Follow the link in the mail that we sent you, then set the second factor up."),
        "mfa_already_enabled": _("Your second factor is on already."),
        "progress_too_low": _("A review needs a fifth of the course first."),
        "file_type_not_allowed": _("Files of this kind are not taken."),
        "image_too_large": _("The picture has too many pixels."),
        "unsafe_archive": _("An archive like this is not taken."),
        "quota_exceeded": _("The file does not fit beside your other files. Delete some of them first."),
        "body_too_large": _("The file is too large."),
        "storage_full": _("The school has no room for files now. Nothing was kept; tell your school."),
        "file_in_use": _("A course shows this file, so it stays."),
        "passkey_refused": _("This passkey was not accepted. Try again, or log in with your password."),
        "invalid_passkey": _("The passkey was not added. Try again."),
        "passkey_taken": _("This passkey is in an account already."),
        "too_many_passkeys": _("You have twenty passkeys. Remove one first."),
        "passkeys_unavailable": _("There are no passkeys at this address."),
        "invalid_challenge": _("That took too long. Log in again."),
        "invalid_token": _("The link is not valid any more; ask for a new one."),
        "reauthentication_required": _("Give your password once more first."),
        "too_many_requests": _("Too many tries. Wait a little, then try again."),
        "no_attempts_left": _("You have used all your attempts."),
        "enrollment_not_active": _("You have left this course. Enroll again to go on."),
        "invalid_answers": _("An answer does not fit its question. Nothing was saved yet."),
        "slug_taken": _("Another course has this address already."),
        "course_has_enrollments": _("Somebody has enrolled in this course, so it stays. Unpublish it instead."),
        "course_not_publishable": _("The course is not ready yet."),
        "instructor_not_found": _("A course belongs to an active instructor or admin."),
        "invalid_parent": _("It does not fit there: lessons nest three levels deep at most."),
        "too_many_lessons": _("A course holds at most 1,000 lessons."),
        "last_lesson": _("A published course keeps at least one lesson. Unpublish the course first."),
        "precondition_failed": _("It was changed meanwhile. Look at it as it is now, then decide again."),
        "not_found": _("It is not there any more. This is how it looks now."),
        "quiz_not_publishable": _("The quiz cannot be published yet"),
        "quiz_type_fixed": _("Somebody has taken this quiz, so it stays practice or graded."),
        "quiz_has_attempts": _("Somebody has taken this quiz, so it stays. Hide it instead."),
        "lesson_has_quiz": _("This lesson has a quiz already."),
        "home_is_gone": _("What it belonged to is not there. Bring that back first."),
        "not_a_quiz_lesson": _("Its lesson is no quiz lesson any more."),
        "invalid_question": _("Something is to be mended"),
        "too_many_questions": _("A quiz holds 500 questions and 9,999.99 points at most."),
        "last_question": _("A published quiz keeps its last question. Hide the quiz first."),
        "unreadable_questions": _("Some of it cannot be read. Nothing was added."),
        "regrade_running": _("A regrade of this quiz is at work. Wait until it is done."),
        "own_account": _("Another admin has to do this for you."),
        "last_admin": _("This is the last admin who may log in."),
        "owns_courses": _("This person owns courses. Give them to somebody else first."),
        "external_id_taken": _("Somebody else has this external id."),
        "person_erased": _("This person was anonymized, which is final."),
        "legal_hold": _("A legal hold keeps this person."),
        "invalid_csv": _("This file cannot be read as a table of people. Nothing was kept."),
        "plan_stale": _("Something has changed since the plan was made. Import the file again."),
        "not_planned": _("There is no plan to carry out yet."),
        "invalid_join_code": _("There is no such code, or it is not good any more."),
        "join_code_used_up": _("As many learners as may have joined by this code. Ask your teacher for another one."),
        "enrollment_expired": _("Your enrollment has expired. Ask your teacher."),
        "expiry_in_the_past": _("Choose a day that is still to come."),
        "transition_not_allowed": _("The enrollment has changed meanwhile. Look at it as it is now."),
        "invalid_scores": _("A mark does not fit. Nothing was saved yet."),
        "too_many_comments": _("You keep 1,000 comments already. Delete one first."),
        "overloaded": _("The school is busy. Nothing was done; try again in a moment."),
    }
    return known.get(problem.code(), _("That did not work. Try again."))


def row_error(words: Translations, code: str | None, detail: str | None) -> str:
    """What is wrong with a row of a CSV of people; the API's own sentence where there is none of ours."""
    _ = words.gettext
    known = {
        "duplicate_email": _("Another row has the same address; none of them is carried out."),
        "duplicate_external_id": _("Another row has the same external id; none of them is carried out."),
        "two_matches": _("The external id is one person's and the address another's."),
        "unknown_course": _("There is no such course: name courses by the last part of their address."),
        "too_many_courses": _("A row names too many courses."),
        "email_missing": _("Nobody has this external id, and a new person needs an address."),
        "full_name_missing": _("Nobody has this address yet, and a new person needs a name."),
        "address_not_confirmed": _("Its owner has not confirmed this account yet. It is not touched before."),
        "address_differs": _("The owner has confirmed another address, and changes it alone."),
        "owns_courses": _("This person owns courses. Give them to somebody else first."),
        "admin_row": _("Admins are neither made nor changed by an import."),
        "students_only": _("Only learners are enrolled in courses."),
        "too_many_cells": _("The row has more cells than the first line has columns."),
        "unknown_language": _("The language is en or ar."),
        "no_identity": _("Neither an address nor an external id says who this is."),
        "invalid_email": _("Write an address such as name@example.org."),
        "invalid_full_name": _("A name has 2 to 255 characters."),
        "invalid_external_id": _("An external id has up to 255 characters."),
        "unknown_role": _("The role is student or instructor."),
        "unknown_truth": _("Write true or false."),
    }
    return known.get(code or "") or detail or _("This cannot be used. Check it, and try again.")
