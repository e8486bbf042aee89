"""The policies of an Open edX course: settings of blocks that stand in `policy.json`, and how the course is graded."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import PurePath

from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry, place_of
from studium.modules.exchange.model.material import ImportSource
from studium.modules.exchange.model.texts import CourseFormatError, SourceLocation

JSON_MAX = 4_194_304
_NOTES_MAX = 50


class Policy:
    """What `policies/RUN/policy.json` (or `policies/RUN.json`) says, by kind and name of the block."""

    def __init__(self, material: ImportSource, root: PurePath, run: str) -> None:
        self._material, self._root = material, root
        folder = PurePath("policies")
        names = (folder / run / "policy.json", folder / f"{run}.json")
        self.path = next((name for name in names if run and root / name in material.paths), None)
        self._fault = ""
        self._blocks = self._read()
        self._used: set[str] = set()

    def _read(self) -> dict[str, object]:
        """What it says; where that cannot be read, keys stay hidden, as nobody knows whether they were."""
        try:
            found = None if self.path is None else self.json(self.path)
        except CourseFormatError as fault:
            self._fault = (
                f"{fault.reason} (line {fault.line}), so its settings are not taken over, and keys stay hidden"
            )
            found = None
        return found if isinstance(found, dict) else {}

    def of(self, kind: str, name: str) -> Mapping[str, object]:
        """The settings of one block, which stand above those in its own file."""
        key = f"{kind}/{name}"
        self._used.add(key)
        found = self._blocks.get(key)
        if self._fault and kind == "course":
            return {"showanswer": "never"}
        return {str(each): value for each, value in found.items()} if isinstance(found, dict) else {}

    def unused(self) -> Iterator[ImportReportEntry]:
        """Settings of blocks that the course has not."""
        if self.path is None:
            return
        place = place_of(self._root / self.path, 1)
        if self._fault:
            yield ImportReportEntry(self.path.name, place, ImportOutcome.SKIPPED, "settings", self._fault)
        for key in sorted(map(str, self._blocks)):
            if key not in self._used:
                yield ImportReportEntry(
                    key, place, ImportOutcome.SKIPPED, "settings", "nothing of that name is in the outline"
                )

    def json(self, path: PurePath) -> object:
        """The content of a JSON file of the course, None where there is none; raises CourseFormatError."""
        if self._root / path not in self._material.paths:
            return None
        place = SourceLocation(self._root / path, 1)
        data = self._material.read(self._root / path, JSON_MAX)
        try:
            return json.loads(data)
        except (ValueError, RecursionError, InvalidOperation) as broken:
            line = broken.lineno if isinstance(broken, json.JSONDecodeError) else 1
            reason = "not valid JSON"
            raise place.at(line).error(reason) from None


class Grading:
    """How the course is graded: the lowest grade that passes is taken over, the rest is said in words."""

    def __init__(self, policy: Policy, material: ImportSource, root: PurePath, run: str) -> None:
        names = (PurePath("policies") / run / "grading_policy.json", PurePath("grading_policy.json"))
        path = next((name for name in names if root / name in material.paths), None)
        found = None if path is None else policy.json(path)
        self._policy = found if isinstance(found, dict) else {}
        self._place = "" if path is None else place_of(root / path, 1)
        self.paths = frozenset() if path is None else frozenset({root / path})

    @property
    def passing(self) -> Decimal | None:
        """The lowest cutoff as per cent; None where there is none."""
        shares = [value for _, value in self._cutoffs()]
        return (min(shares) * 100).quantize(Decimal("0.01")).normalize() if shares else None

    def _cutoffs(self) -> list[tuple[str, Decimal]]:
        cutoffs = self._policy.get("GRADE_CUTOFFS")
        pairs = cutoffs.items() if isinstance(cutoffs, dict) else ()
        numbers = [
            (str(key), each) for key, each in pairs if isinstance(each, int | float) and not isinstance(each, bool)
        ]
        return [(key, Decimal(str(value))) for key, value in numbers if 0 <= value <= 1]

    def report(self) -> Iterator[ImportReportEntry]:
        """What became of it."""
        if not self._place:
            return
        passing = self.passing
        lost = list(self._lost())[:_NOTES_MAX]
        if passing is not None:
            lost.insert(0, f"graded quizzes are passed with {passing:f} per cent")
        fate = ImportOutcome.SKIPPED if passing is None else ImportOutcome.CHANGED
        why = "; ".join(lost) or "it says nothing about when a course is passed"
        yield ImportReportEntry("grading policy", self._place, fate, "passing scores", why)

    def _lost(self) -> Iterator[str]:
        cutoffs = self._cutoffs()
        if len(cutoffs) > 1:
            grades = ", ".join(
                f"{key[:20]} from {value * 100:f}" for key, value in sorted(cutoffs, key=lambda each: -each[1])
            )
            yield f"the grades ({grades} per cent) were left out"
        graders = self._policy.get("GRADER")
        for grader in graders if isinstance(graders, list) else ():
            if isinstance(grader, dict):
                yield self._grader(grader)
        other = sorted(str(key)[:40] for key in self._policy if key not in {"GRADER", "GRADE_CUTOFFS"})
        if other:
            yield f"other rules were left out: {', '.join(other[:10])}"

    def _grader(self, grader: Mapping[str, object]) -> str:
        name = str(grader.get("type") or "assignments")[:60]
        weight = grader.get("weight")
        parts = []
        if isinstance(weight, int | float) and not isinstance(weight, bool) and 0 <= weight <= 1:
            parts.append(f"{name} as {Decimal(str(weight)) * 100:f} per cent of the grade")
        dropped = grader.get("drop_count")
        if isinstance(dropped, int) and 0 < dropped < JSON_MAX:
            parts.append(f"the worst {dropped} of {name} not counting")
        return f"{' and '.join(parts) or name} was left out: here each quiz counts for itself"
