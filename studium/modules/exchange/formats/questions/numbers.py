"""The keys of numerical questions: a number with a tolerance, or the ends of a range."""

import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

from studium.modules.exchange.formats.questions.parts import FULL, Unreadable

_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,50}(?:\.[0-9]{0,50})?|\.[0-9]{1,50})(?:[eE][-+]?[0-9]{1,2})?")
_PERCENT = re.compile(r"[-+]?(?:[0-9]{1,50}(?:[.,][0-9]{0,50})?|[.,][0-9]{1,50})(?:[eE][-+]?[0-9]{1,2})?")
_MINUS = str.maketrans("\u2212\u2013", "--")
_PLACES = Decimal("0.00001")
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


def decimal_of(text: str) -> Decimal | None:
    """A number of Moodle's settings: a point or a comma, an exponent, as many digits as a computer writes."""
    text = text.strip().translate(_MINUS)
    return Decimal(text.replace(",", ".")) if _PERCENT.fullmatch(text) else None


def weight(text: str) -> Decimal:
    """Return the percent of the marks that an answer earns; raise Unreadable for none, and beyond 100 %."""
    found = decimal_of(text)
    if found is None:
        reason = f"a weight of {text.strip()[:40]!r}, which is not a number"
        raise Unreadable(reason)
    if abs(found) > FULL:
        reason = f"a weight of {plain(found)[:40]} %; weights go from -100 to 100"
        raise Unreadable(reason)
    return found


def percent(weight: Decimal) -> str:
    """A weight as a report says it, without the digits that only a computer writes."""
    return f"{plain(weight.quantize(_PLACES))} %"


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
