"""The main menu: four entries at most, those of the visitor's role."""

from dataclasses import dataclass
from functools import cache

from studium.models import Role
from studium.web.translations import translations_for

FIRST = {Role.STUDENT: "/home", Role.INSTRUCTOR: "/teach", Role.ADMIN: "/admin"}
"""The page that somebody of each role begins with."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu."""

    href: str
    icon: str
    text: str


@cache
def menu(language: str, role: Role | None) -> tuple[Entry, ...]:
    """The entries for a role, or for somebody who is not logged in."""
    _ = translations_for(language).gettext
    courses = Entry("/courses", "shelf", _("Courses"))
    account = Entry("/account", "user", _("You"))
    teaching = Entry("/teach", "book", _("Teaching"))
    entries = {
        None: (courses, Entry("/register", "edit", _("Register")), Entry("/login", "user", _("Log in"))),
        Role.STUDENT: (
            Entry("/home", "home", _("Home")),
            courses,
            Entry("/my/certificates", "seal", _("Certificates")),
            account,
        ),
        Role.INSTRUCTOR: (teaching, Entry("/teach/grading", "check", _("Grading")), courses, account),
        Role.ADMIN: (
            Entry("/admin", "chart", _("School")),
            Entry("/admin/people", "people", _("People")),
            teaching,
            courses,
        ),
    }
    return entries[role]


def place(language: str, role: Role | None, path: str) -> str:
    """The address of the entry that a page belongs to, the closest one; empty where it belongs to none."""
    path = "/courses" if path == "/" else path
    entries = menu(language, role)
    found = [entry.href for entry in entries if path == entry.href or path.startswith(f"{entry.href}/")]
    return max(found, key=len, default="")
