"""What people do in courses."""

from studium.models.inventory.kinds import Held
from studium.models.inventory.people import FORMER

_STUDY = "the learner, the course's owner, admins"
_FOR_EVER = "for ever: marks and figures stay when the person is erased"

TABLES = {
    "enrollments": Held(
        "who is in which course, and how far; the review that they gave",
        _FOR_EVER,
        f"{_STUDY}; the review, with first name and initial, everybody",
        person="student_id",
        none="id student_id course_id enrolled_at started_at completed_at status progress_percentage"
        " completed_lessons_count total_lessons_count total_time_spent_seconds last_accessed_at certificate_issued_at"
        " rating reviewed_at version source",
        personal="external_id",
        free_text="review",
    ),
    "lesson_progress": Held(
        "how far a learner is in a lesson",
        _FOR_EVER,
        _STUDY,
        person="enrollment_id student_id",
        none="id enrollment_id lesson_id status started_at completed_at time_spent_seconds last_position_seconds"
        " completion_percentage attempts_count updated_at",
        free_text="metadata",
    ),
    "quiz_attempts": Held(
        "answers, marks and what graders said",
        _FOR_EVER,
        _STUDY,
        person="enrollment_id student_id",
        none="id enrollment_id quiz_id attempt_number status started_at deadline_at submitted_at graded_at score"
        " max_score percentage is_passed time_taken_seconds answer_versions marked_at"
        " flagged version",
        free_text="answers results feedback draft",
        shared="paper key",
        rewritten="answers results draft",
        withheld="draft marked_at",
    ),
    "grade_changes": Held(
        "how marks came about",
        _FOR_EVER,
        "the course's owner, admins",
        person="attempt_id enrollment_id student_id",
        none="id attempt_id grader_id changed_at reason",
        free_text="before after",
        rewritten="before after",
        others="grader_id",
    ),
    "comment_bank": Held(
        "words that a grader uses again",
        "until the grader deletes them or is erased",
        "the grader",
        person="owner_id",
        none="id owner_id uses created_at updated_at version",
        free_text="text",
        is_deleted=True,
    ),
    "regrade_entries": Held(
        "what a regrade did to an attempt",
        _FOR_EVER,
        "the course's owner, admins; the learner in an export, once it is applied",
        person="attempt_id enrollment_id student_id",
        none="regrade_id attempt_id is_changed before after",
    ),
    "quiz_accommodations": Held(
        "more time or attempts for one learner",
        "until staff take it back, or the person is erased; attempts that were given stay counted",
        _STUDY,
        person="student_id",
        none="id quiz_id student_id extra_attempts created_at updated_at version",
        personal="extra_time_percent",
        blanks={"extra_time_percent": 0},
    ),
    "certificates": Held(
        "proof of a completed course",
        "for ever: the name as the erasure says",
        f"{_STUDY}; name, course and dates whoever has the number",
        person="student_id",
        none="id enrollment_id student_id course_id certificate_number pdf_path completion_date issued_at is_revoked"
        " revoked_at",
        personal="student_name",
        free_text="revocation_reason",
        shared="course_title instructor_name",
        blanks={"student_name": FORMER},
    ),
    "uploaded_files": Held(
        "files that people upload, with their content in the storage",
        "until the person deletes them or is erased; what a course of others shows stays with the course",
        "the uploader, admins; with a course its readers; public ones everybody",
        person="uploader_id",
        none="id uploader_id course_id filename file_url storage_path file_type mime_type file_size checksum folder"
        " storage_provider is_public created_at",
        personal="original_filename",
        rewritten="original_filename",
    ),
}
