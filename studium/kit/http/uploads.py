"""Where files come in: these addresses take bodies that are larger, and longer on the way, than any other."""

FILES = ("/api/v1/files/upload", "/my/files/upload", "/teach/upload/")
COURSES = ("/api/v1/courses/import", "/teach/upload/course")
PEOPLE = ("/api/v1/users/import", "/admin/people/import")
UPLOADS = (*COURSES, *PEOPLE, *FILES)
"""How their paths begin; the first that fits counts."""
