"""Endpoints that are registered and still answer 501. This list must shrink to nothing."""

NOT_YET = {
    ("POST", "/files/upload"),
    ("GET", "/files/my-files"),
    ("GET", "/files/{F1}"),
    ("GET", "/files/{F2}"),
    ("GET", "/files/{F3}"),
    ("GET", "/files/{F1}/download"),
    ("GET", "/files/{F2}/download"),
    ("GET", "/files/{F3}/download"),
    ("DELETE", "/files/{F1}"),
    ("DELETE", "/files/{F3}"),
}
