"""What keeps the system running: sums, jobs. None of it names anybody."""

from studium.models.inventory.kinds import Held

_NOBODY = "nobody"
_OPERATORS = "operators"

TABLES = {
    "tallies": Held(
        "figures of courses and the school", "for ever", "by analytics", none="subject_id name slot amount"
    ),
    "tally_deltas": Held("the same, until added up", "seconds", "by analytics", none="id subject_id name slot amount"),
    "gauges": Held("figures that are read off", "until the next reading", "admins", none="name amount read_at"),
    "quiz_sums": Held(
        "statistics of quizzes",
        "as long as the quiz",
        "the course's owner, admins",
        none="quiz_id question_id name amount",
    ),
    "quiz_sum_changes": Held(
        "the same, until added up; an erasure adds up first",
        "seconds",
        _NOBODY,
        none="id quiz_id sign score percentage",
        free_text="results answers",
    ),
    "jobs": Held(
        "work that waits (on PostgreSQL in Procrastinate's tables); payloads are ids, or sealed",
        "until done; what failed for good until an operator takes it away",
        _OPERATORS,
        none="id name payload state tries deaths queue lock run_at owner lease_until created_at",
        personal="error",
    ),
    "job_receipts": Held("doing work once", "days", _NOBODY, none="job_id done_at"),
    "job_deaths": Held("giving up work that kills workers", "days", _NOBODY, none="job_id deaths noted_at"),
}
