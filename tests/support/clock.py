"""Time as a fixture."""

from datetime import UTC, datetime, timedelta

__all__ = ["FakeClock"]


class FakeClock:
    """A clock that only moves when told to.

    Parameters
    ----------
    moment
        Where it starts: noon in China on an ordinary Wednesday, unless told.
    """

    def __init__(self, moment: datetime = datetime(2026, 3, 11, 4, tzinfo=UTC)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return the moment it stands at."""
        return self.moment

    def forward(self, seconds: float) -> None:
        """Move on; back, if negative."""
        self.moment += timedelta(seconds=seconds)
