"""Asking for files, and fetching them."""

from dataclasses import replace
from typing import Final, Protocol

from domain.registrations.exports import (
    Export,
    ExportStore,
    ExportSubject,
    may_fetch,
)
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.errors import ConflictError, InvalidError, NotFoundError
from domain.shared.records import Act
from domain.shared.tables import TableForm
from domain.shared.work import Work

__all__ = [
    "ExportGoneError",
    "ExportService",
    "ExportUnderWayError",
    "ExportsWork",
    "ReasonMissingError",
    "reason_of",
]

_FRONT: Final = "console"
_SHORTEST_REASON: Final = 4
_LONGEST_REASON: Final = 200


class ExportUnderWayError(ConflictError):
    """The officer has a file under way already."""

    code = "export-under-way"


class ExportGoneError(NotFoundError):
    """The file is not there to be fetched: not made, too old, or somebody else's."""

    code = "export-gone"


class ReasonMissingError(InvalidError):
    """Whoever wants to see what is masked says why, in some words."""

    code = "reason-missing"


class ExportsWork(Work, Protocol):
    """What asking for a file may touch."""

    @property
    def exports(self) -> ExportStore:
        """Files that officers asked for."""


def reason_of(words: str) -> str:
    """Return why somebody wants to see what is masked; `ReasonMissingError` for none."""
    reason = " ".join(words.split())[:_LONGEST_REASON]
    if len(reason) < _SHORTEST_REASON:
        raise ReasonMissingError
    return reason


class ExportService:
    """What an officer may do about files. Whether they may at all is for the edge to ask."""

    def __init__(
        self, work: ExportsWork, clock: Clock, chance: Randomness, *, officer: str
    ) -> None:
        self._work = work
        self._clock = clock
        self._chance = chance
        self._officer = officer

    async def ask(
        self,
        subject: ExportSubject,
        form: TableForm,
        *,
        plan_id: str | None = None,
        masked: bool = True,
        reason: str = "",
    ) -> Export:
        """Have a file made.

        Raises
        ------
        ReasonMissingError
            It shall not be masked, and nobody said why.
        ExportUnderWayError
            The officer has one under way.
        """
        why = "" if masked else reason_of(reason)
        export = Export(
            id=self._chance.token(),
            officer=self._officer,
            subject=subject,
            plan_id=plan_id,
            form=form,
            masked=masked,
            asked_at=self._clock.now(),
        )
        if not await self._work.exports.add(export):
            raise ExportUnderWayError
        said = "masked" if masked else f"unmasked: {why}"
        await self._record("ask", export.id, f"{subject} {plan_id or '-'} {form} {said}")
        return export

    async def mine(self) -> list[Export]:
        """Return the officer's own last files, newest first."""
        return await self._work.exports.of_officer(self._officer)

    async def find(self, export_id: str) -> Export:
        """Return one of the officer's own; `ExportGoneError` for anybody else's."""
        found = await self._work.exports.find(export_id)
        if found is None or found.officer != self._officer:
            raise ExportGoneError(export_id)
        return found

    async def fetch(self, export_id: str) -> Export:
        """Let the officer have a file; `ExportGoneError` if it cannot be fetched."""
        found = await self.find(export_id)
        if not may_fetch(found, self._officer, self._clock.now()):
            raise ExportGoneError(export_id)
        await self._record("fetch", export_id, f"{found.subject} {found.rows}")
        return found

    async def again(self, export_id: str) -> Export:
        """Have a failed one made again.

        Raises
        ------
        ExportGoneError
            There is no such file of this officer.
        ExportUnderWayError
            It has not failed, or another one is under way.
        """
        found = await self.find(export_id)
        if not await self._work.exports.again(export_id, self._officer, now=self._clock.now()):
            raise ExportUnderWayError
        await self._record("again", export_id)
        return replace(found, strikes=0)

    async def _record(self, what: str, export_id: str, note: str = "") -> None:
        tag = f"registrations:export:{what}"
        await self._work.acts.add(
            Act(tag, self._officer, export_id, self._clock.now(), _FRONT, note)
        )
