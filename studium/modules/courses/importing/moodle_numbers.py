"""The keys of numerical questions: a number with a tolerance, or the ends of a range."""

import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

from studium.modules.courses.importing.moodle_parts import Unreadable

_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,50}(?:\.[0-9]{0,50})?|\.[0-9]{1,50})(?:[eE][-+]?[0-9]{1,2})?")
_EXACT = Context(prec=300, traps=[Inexact, InvalidOperation])
_HALF = Decimal("0.5")


@dataclass(frozen=True)
class Near:
    """Every number within `tolerance` of `value`."""

    value: Decimal
    tolerance: Decimal

    @property
    def ends(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest number that counts."""
        return _EXACT.subtract(self.value, self.tolerance), _EXACT.add(self.value, self.tolerance)

    def overlaps(self, other: "Near") -> bool:
        """Tell whether some number is near both."""
        (low, high), (other_low, other_high) = self.ends, other.ends
        return low <= other_high and other_low <= high


def near(text: str) -> Near:
    """Read `number`, `number:tolerance` or `low..high`; raise Unreadable with what is wrong."""
    low, dots, high = text.partition("..")
    if dots:
        return _between(_number(low), _number(high))
    value, _, tolerance = text.partition(":")
    found = Near(_number(value), _number(tolerance) if tolerance.strip() else Decimal(0))
    if found.tolerance < 0:
        reason = "a tolerance below 0"
        raise Unreadable(reason)
    return found


def _between(low: Decimal, high: Decimal) -> Near:
    if high < low:
        reason = "a range that ends before it begins"
        raise Unreadable(reason)
    return Near(
        _EXACT.multiply(_EXACT.add(low, high), _HALF),
        _EXACT.multiply(_EXACT.subtract(high, low), _HALF),
    )


def _number(text: str) -> Decimal:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        reason = f"{text[:40]!r} is not a number with a decimal point"
        raise Unreadable(reason)
    return Decimal(text)


def plain(number: Decimal) -> str:
    """The number as people write it: no exponent, no zeros at its end."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def json_number(number: Decimal) -> int | float:
    """The same number as JSON holds it; raise Unreadable where it has more digits than that."""
    if number == number.to_integral_value():
        return int(number)
    found = float(number)
    if Decimal(str(found)) != number:
        reason = f"a tolerance of {plain(number)[:40]} has too many digits"
        raise Unreadable(reason)
    return found
