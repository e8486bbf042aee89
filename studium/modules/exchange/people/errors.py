"""What can go wrong with imports of people."""

from studium.kit.base.problems import FieldError, InvalidInput, Problem


class InvalidCsv(InvalidInput):
    """The file as a whole cannot be read as a table of people; nothing was stored. `code` of the error says why."""

    title = "Invalid CSV"

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        super().__init__([FieldError("form", "/file", reason, detail)], detail)


class PlanStale(Problem):
    """Something that the plan builds on has changed meanwhile, or the plan is older than 24 hours: import again."""

    status = 409
    title = "The plan is stale"


class NotPlanned(Problem):
    """The import has no plan that could be carried out: it is still being read, or has failed."""

    status = 409
    title = "There is no plan yet"
