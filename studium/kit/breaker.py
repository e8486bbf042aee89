"""Breakers: what hangs is left alone for a moment, so that one caller waits for it and not each."""

from time import monotonic

import structlog

_log = structlog.get_logger()


class Breaker:
    """Remembers that something does not answer. After `pause` seconds one caller tries, the others still do without."""

    def __init__(self, name: str, *, pause: float, patience: float) -> None:
        self.name, self._pause, self._patience = name, pause, patience
        self.is_down = False
        self.open_until = 0.0

    def may_try(self) -> bool:
        """Whether to ask at all. Whoever is let through while it is down has `patience` seconds before the next."""
        if not self.is_down:
            return True
        at = monotonic()
        if at < self.open_until:
            return False
        self.open_until = at + self._patience
        return True

    def failed(self, error: BaseException) -> None:
        """It did not answer. Of the many that fail when something stops, one says so."""
        self.open_until = monotonic() + self._pause
        if not self.is_down:
            _log.warning(f"{self.name} unavailable", reason=type(error).__name__)
        self.is_down = True

    def worked(self) -> None:
        """It answered."""
        if self.is_down:
            _log.warning(f"{self.name} available again")
        self.is_down = False
