"""Circuit breaker: after a failure, calls fail fast for `pause` seconds."""

from time import monotonic

import structlog

_log = structlog.get_logger()


class Breaker:
    """Open after a failure. After `pause` seconds one call is let through; the others fail fast until it succeeds."""

    def __init__(self, name: str, *, pause: float, patience: float) -> None:
        self.name, self._pause, self._patience = name, pause, patience
        self.is_down = False
        self.open_until = 0.0

    def may_try(self) -> bool:
        """Whether a call may be made. While the breaker is open, one call is let through every `patience` seconds."""
        if not self.is_down:
            return True
        at = monotonic()
        if at < self.open_until:
            return False
        self.open_until = at + self._patience
        return True

    def failed(self, error: BaseException) -> None:
        """Note a failed call and open the breaker; only the first failure is logged."""
        self.open_until = monotonic() + self._pause
        if not self.is_down:
            _log.warning(f"{self.name} unavailable", reason=type(error.__cause__ or error).__name__)
        self.is_down = True

    def worked(self) -> None:
        """Note a successful call and close the breaker."""
        if self.is_down:
            _log.warning(f"{self.name} available again")
        self.is_down = False
