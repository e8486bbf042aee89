"""The school's material. It belongs to whoever owns the course: owners give their courses away before an erasure."""

from studium.models.inventory.kinds import Held

_COURSE = "as long as the course"
_STAFF = "the course's owner, admins"
_READERS = "the course's readers; of a published course everybody sees what is on its page"

TABLES = {
    "courses": Held(
        "what is taught",
        _COURSE,
        _READERS,
        none="id instructor_id is_published created_at updated_at version",
        shared="title slug description category difficulty_level thumbnail_url estimated_duration_minutes external_id"
        " metadata",
    ),
    "course_words": Held("finding courses", _COURSE, "everybody, by searching", none="id course_id", shared="words"),
    "course_counts": Held(
        "what cards of courses show",
        _COURSE,
        "everybody",
        none="course_id enrollments ratings rating_sum",
    ),
    "lessons": Held(
        "what is taught",
        _COURSE,
        _READERS,
        none="id course_id order_index parent_lesson_id is_preview created_at updated_at archived_at version",
        shared="captions title slug description content lesson_type duration_minutes video_url metadata",
    ),
    "lesson_versions": Held(
        "texts that lessons had before",
        "the last 50 of a lesson, as long as the lesson",
        _STAFF,
        none="id lesson_id number written_at replaced_at by_autosave",
        shared="title description content",
    ),
    "trash_items": Held(
        "bringing back what was removed",
        "30 days",
        _STAFF,
        none="id course_id lesson_id kind item_id home_id removed_at",
        shared="title place",
    ),
    "quizzes": Held(
        "what is asked, by which rules",
        _COURSE,
        _READERS,
        none="id lesson_id is_published release created_at updated_at version",
        shared="title description quiz_type passing_score time_limit_minutes max_attempts shuffle_questions"
        " shuffle_options show_correct_answers",
    ),
    "quiz_questions": Held(
        "questions and their keys",
        _COURSE,
        f"{_STAFF}; learners during an attempt, without the key",
        none="id quiz_id order_index version",
        shared="question_text question_type points explanation options correct_answer metadata",
    ),
    "regrades": Held(
        "marking again by a changed key",
        _COURSE,
        _STAFF,
        none="id quiz_id requested_by created_at finished_at dry_run never_lower attempts_total attempts_done"
        " attempts_changed last_attempt_id",
        shared="key",
    ),
    "file_references": Held(
        "which texts show which files",
        _COURSE,
        "nobody",
        none="id file_id course_id lesson_id quiz_id question_id",
    ),
    "course_imports": Held(
        "imports of courses and their reports",
        "until whoever imported is erased",
        "whoever imported",
        person="owner_id",
        none="id owner_id into_id course_id file_size is_dry_run status phase progress_done progress_total"
        " source_format outcome storage_path created_at finished_at",
        personal="original_filename",
        free_text="report fault",
        blanks={"original_filename": "erased"},
    ),
    "imported_items": Held(
        "knowing what was imported before",
        _COURSE,
        "nobody",
        none="item_id kind checksum parts",
        shared="course_id source external_id",
    ),
}
