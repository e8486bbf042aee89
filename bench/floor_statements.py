"""The floor's statements. `$1` is the caller and `$2` the session in each of them.

The strict floor reads in the statement of the work who is asking, the other one in a statement before it.
"""

import os

IS_STRICT = bool(os.environ.get("BENCH_STRICT"))
_CALLER = """FROM users u JOIN sessions s ON s.user_id = u.id
WHERE s.id = $2 AND s.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > now() AND u.is_active"""
WHO = f"SELECT u.role {_CALLER}"
_ALLOWED = f"EXISTS (SELECT {_CALLER})" if IS_STRICT else "$1::uuid IS NOT NULL AND $2::uuid IS NOT NULL"

LIST = f"""SELECT c.id, c.title, c.slug, c.description, c.instructor_id, u.full_name, c.category, c.difficulty_level,
c.is_published, c.thumbnail_url, c.estimated_duration_minutes, c.metadata, c.created_at, c.updated_at, c.version,
(SELECT count(*) FROM lessons l WHERE l.course_id = c.id AND l.archived_at IS NULL) AS lessons,
n.enrollments, n.ratings, n.rating_sum
FROM courses c JOIN users u ON u.id = c.instructor_id JOIN course_counts n ON n.course_id = c.id
WHERE c.is_published AND {_ALLOWED} ORDER BY c.created_at DESC, c.id DESC LIMIT 21"""

MINE = f"""SELECT e.*, u.full_name AS student, c.title, c.slug, c.thumbnail_url, c.category, c.is_published,
c.instructor_id, i.full_name AS instructor, x.id AS certificate_id,
n.id AS next_lesson_id, n.slug AS next_lesson_slug, n.title AS next_lesson_title
FROM enrollments e JOIN users u ON u.id = e.student_id JOIN courses c ON c.id = e.course_id
JOIN users i ON i.id = c.instructor_id LEFT JOIN certificates x ON x.enrollment_id = e.id
LEFT JOIN lessons n ON n.id = (SELECT l.id FROM lessons l
  WHERE l.course_id = e.course_id AND l.archived_at IS NULL AND NOT EXISTS
  (SELECT 1 FROM lesson_progress p WHERE p.enrollment_id = e.id AND p.lesson_id = l.id AND p.status = 'completed')
  ORDER BY l.order_index LIMIT 1)
WHERE e.student_id = $1 AND {_ALLOWED} ORDER BY e.enrolled_at DESC, e.id DESC LIMIT 51"""

ENROLLMENT = f"""SELECT e.*, u.full_name AS student FROM enrollments e JOIN users u ON u.id = e.student_id
JOIN courses c ON c.id = e.course_id WHERE e.id = $3 AND (e.student_id = $1 OR c.instructor_id = $1) AND {_ALLOWED}"""

ROSTER = f"""SELECT e.*, u.full_name AS student FROM enrollments e JOIN users u ON u.id = e.student_id
JOIN courses c ON c.id = e.course_id WHERE c.id = $3 AND c.instructor_id = $1 AND {_ALLOWED}
ORDER BY e.enrolled_at DESC, e.id DESC LIMIT 21"""

_LESSONS = f"""SELECT l.*, q.id AS quiz_id, e.id AS enrolled FROM lessons l JOIN courses c ON c.id = l.course_id
LEFT JOIN quizzes q ON q.lesson_id = l.id AND q.is_published
LEFT JOIN enrollments e ON e.course_id = c.id AND e.student_id = $1 AND e.status IN ('active', 'completed')
WHERE c.id = $3 AND l.archived_at IS NULL AND {_ALLOWED}"""
LESSON = f"{_LESSONS} AND l.id = $4"
OUTLINE = f"{_LESSONS} ORDER BY l.order_index, l.id LIMIT 21"

STATS = f"""SELECT t.name, sum(t.amount) AS amount FROM (
  SELECT name, amount FROM tallies WHERE subject_id = $3 AND slot = 0
  UNION ALL SELECT name, amount FROM tally_deltas WHERE subject_id = $3 AND slot = 0) t
WHERE EXISTS (SELECT FROM courses c WHERE c.id = $3 AND c.instructor_id = $1) AND {_ALLOWED} GROUP BY t.name"""

VERIFY = """SELECT certificate_number, student_name, course_title, completion_date, issued_at, is_revoked, revoked_at
FROM certificates WHERE certificate_number = $1"""

COMPLETE = f"""WITH e AS (
  SELECT e.id, e.completed_lessons_count AS before, (SELECT count(*) FROM lessons n
    WHERE n.course_id = e.course_id AND n.archived_at IS NULL) AS total
  FROM enrollments e JOIN lessons l ON l.course_id = e.course_id
  WHERE e.id = $3 AND e.student_id = $1 AND l.id = $4 AND l.archived_at IS NULL AND l.lesson_type <> 'quiz'
    AND e.status = 'active' AND {_ALLOWED} FOR UPDATE OF e),
p AS (
  INSERT INTO lesson_progress (id, enrollment_id, lesson_id, status, started_at, completed_at, time_spent_seconds,
    last_position_seconds, completion_percentage, attempts_count, updated_at)
  SELECT $5, e.id, $4, 'completed', now(), now(), 0, 0, 100, 0, now() FROM e
  ON CONFLICT (enrollment_id, lesson_id) DO UPDATE SET status = 'completed', completed_at = now(),
    completion_percentage = 100 WHERE lesson_progress.status <> 'completed' RETURNING 1)
UPDATE enrollments u SET completed_lessons_count = e.before + (SELECT count(*) FROM p),
  progress_percentage = floor((e.before + (SELECT count(*) FROM p)) * 10000.0 / e.total) / 100,
  last_accessed_at = now(), version = version + 1
FROM e WHERE u.id = e.id
RETURNING u.id, u.status, u.progress_percentage, u.completed_lessons_count, u.total_lessons_count"""

PROGRESS = f"""WITH e AS (
  SELECT e.id, (SELECT coalesce(sum(p.time_spent_seconds), 0) FROM lesson_progress p
    WHERE p.enrollment_id = e.id AND p.lesson_id <> $4) AS others
  FROM enrollments e JOIN lessons l ON l.course_id = e.course_id
  WHERE e.id = $3 AND e.student_id = $1 AND l.id = $4 AND l.archived_at IS NULL AND e.status = 'active'
    AND {_ALLOWED} FOR UPDATE OF e),
p AS (
  INSERT INTO lesson_progress (id, enrollment_id, lesson_id, status, started_at, time_spent_seconds,
    last_position_seconds, completion_percentage, attempts_count, updated_at)
  SELECT $5, e.id, $4, 'in_progress', now(), $6, $7, $8, 0, now() FROM e
  ON CONFLICT (enrollment_id, lesson_id) DO UPDATE SET time_spent_seconds =
      greatest(lesson_progress.time_spent_seconds, excluded.time_spent_seconds),
    last_position_seconds = excluded.last_position_seconds, completion_percentage =
      greatest(lesson_progress.completion_percentage, excluded.completion_percentage), updated_at = now()
  RETURNING *)
UPDATE enrollments u SET total_time_spent_seconds = e.others + p.time_spent_seconds, last_accessed_at = now(),
  started_at = coalesce(u.started_at, now())
FROM e, p WHERE u.id = e.id
RETURNING p.status, p.started_at, p.time_spent_seconds, p.last_position_seconds, u.progress_percentage"""

ENROL = f"""INSERT INTO enrollments (id, student_id, course_id, enrolled_at, status, progress_percentage,
  completed_lessons_count, total_lessons_count, total_time_spent_seconds, version)
SELECT $4, $1, c.id, now(), 'active', 0, 0, (SELECT count(*) FROM lessons l
  WHERE l.course_id = c.id AND l.archived_at IS NULL), 0, 1
FROM courses c WHERE c.id = $3 AND c.is_published AND {_ALLOWED} ON CONFLICT DO NOTHING RETURNING *"""

OFFER = f"""SELECT q.time_limit_minutes, q.passing_score, l.id AS lesson_id,
  (SELECT count(*) FROM bench_attempts a WHERE a.enrollment_id = e.id AND a.quiz_id = q.id) AS used,
  (SELECT jsonb_agg(jsonb_build_array(n.id, n.question_text, n.question_type, n.options, n.correct_answer)
    ORDER BY n.order_index) FROM quiz_questions n WHERE n.quiz_id = q.id) AS questions
FROM enrollments e JOIN lessons l ON l.course_id = e.course_id JOIN quizzes q ON q.lesson_id = l.id
WHERE e.id = $3 AND e.student_id = $1 AND q.id = $4 AND q.is_published AND l.archived_at IS NULL
  AND e.status IN ('active', 'completed') AND {_ALLOWED}"""

START = """WITH p AS (
  INSERT INTO lesson_progress (id, enrollment_id, lesson_id, status, started_at, time_spent_seconds,
    last_position_seconds, completion_percentage, attempts_count, updated_at)
  VALUES ($1, $2, $4, 'in_progress', now(), 0, 0, 0, 1, now())
  ON CONFLICT (enrollment_id, lesson_id) DO UPDATE SET attempts_count = lesson_progress.attempts_count + 1)
INSERT INTO bench_attempts (id, enrollment_id, quiz_id, attempt_number, status, started_at, deadline_at, max_score,
  shown, key, answers, version)
VALUES ($1, $2, $3, $5, 'in_progress', now(), now() + $6 * interval '1 minute', $7, $8::text::jsonb, $9::jsonb, '[]', 1)
ON CONFLICT DO NOTHING RETURNING started_at, deadline_at"""

SITTING = f"""SELECT a.attempt_number, a.status, a.started_at, a.deadline_at, a.version, a.answers, a.key, a.max_score,
  a.shown::text AS shown, l.id AS lesson_id, q.passing_score
FROM bench_attempts a JOIN enrollments e ON e.id = a.enrollment_id JOIN quizzes q ON q.id = a.quiz_id
JOIN lessons l ON l.id = q.lesson_id
WHERE a.id = $5 AND e.id = $3 AND q.id = $4 AND e.student_id = $1 AND e.status IN ('active', 'completed')
  AND a.status = 'in_progress' AND a.deadline_at + interval '5 seconds' > now() AND {_ALLOWED}"""

SAVE = """UPDATE bench_attempts SET answers = $3::jsonb, version = version + 1
WHERE id = $1 AND version = $2 AND status = 'in_progress' RETURNING version"""

SUBMIT = """WITH a AS (
  UPDATE bench_attempts SET answers = $3::jsonb, results = $4::jsonb, score = $5, percentage = $6, is_passed = true,
    status = 'graded', submitted_at = now(), version = version + 1
  WHERE id = $1 AND version = $2 AND status = 'in_progress' RETURNING enrollment_id, submitted_at),
e AS (
  SELECT e.id, e.completed_lessons_count AS before, (SELECT count(*) FROM lessons n
    WHERE n.course_id = e.course_id AND n.archived_at IS NULL) AS total
  FROM enrollments e JOIN a ON a.enrollment_id = e.id FOR UPDATE OF e),
p AS (
  INSERT INTO lesson_progress (id, enrollment_id, lesson_id, status, started_at, completed_at, time_spent_seconds,
    last_position_seconds, completion_percentage, attempts_count, updated_at)
  SELECT $8, e.id, $7, 'completed', now(), now(), 0, 0, 100, 1, now() FROM e
  ON CONFLICT (enrollment_id, lesson_id) DO UPDATE SET status = 'completed', completed_at = now(),
    completion_percentage = 100 WHERE lesson_progress.status <> 'completed' RETURNING 1)
UPDATE enrollments u SET completed_lessons_count = e.before + (SELECT count(*) FROM p),
  progress_percentage = floor((e.before + (SELECT count(*) FROM p)) * 10000.0 / e.total) / 100,
  last_accessed_at = now(), version = version + 1
FROM a, e WHERE u.id = e.id RETURNING a.submitted_at"""
