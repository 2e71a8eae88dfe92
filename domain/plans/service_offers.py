"""Changing what is on offer: drafts, imports, publishing, closing early."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from domain.plans.model import PlanNotFoundError, PlanState
from domain.plans.offers import Change, ChangeKind, Objection, Offer, changes, objections
from domain.plans.proposals import Proposal, merged
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.errors import ConflictError, NotFoundError, RefusedError
from domain.shared.records import Act
from domain.shared.work import Work

__all__ = [
    "NameTakenError",
    "OfferMovedError",
    "OfferRefusedError",
    "OfferService",
    "OfferStore",
    "OffersWork",
    "UploadGoneError",
    "Weighed",
]

_FRONT = "console"


class OfferRefusedError(RefusedError):
    """Rules speak against a change of what is on offer; ``objections`` are all of them."""

    code = "offer-refused"

    def __init__(self, found: Sequence[Objection] = ()) -> None:
        super().__init__()
        self.objections = tuple(found)


class OfferMovedError(ConflictError):
    """Another officer has changed the plan since it was looked at."""

    code = "offer-moved"


class NameTakenError(RefusedError):
    """Another plan has the name already."""

    code = "plan-name-taken"


class UploadGoneError(NotFoundError):
    """The rows that an officer handed in are no longer kept."""

    code = "upload-gone"


class OfferStore(Protocol):
    """Plans with all that hangs on them, drafts among them, as officers change them."""

    async def all(self) -> list[Offer]:
        """Return every offer, the newest opening first."""

    async def find(self, plan_id: str) -> Offer | None:
        """Return one offer as it stands now; ``None`` if there is no such plan."""

    async def live(self) -> Mapping[str, int]:
        """Return how many live registrations each unit has; units without any are left out."""

    async def lock(self) -> None:
        """Let nobody else change an offer until the end, which every process then notices."""

    async def save(self, offer: Offer) -> None:
        """Keep an offer in place of what was known under its ids; nothing is removed."""

    async def discard(self, plan_id: str) -> bool:
        """Remove a draft; ``False``, with nothing removed, if it is none."""


class OffersWork(Work, Protocol):
    """What changing an offer may touch."""

    @property
    def offers(self) -> OfferStore:
        """Plans with all that hangs on them."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a change would do: nothing of it is kept.

    ``seen`` names the present offer, so that keeping the change later can tell whether anybody
    came in between; empty for a new plan.
    """

    present: Offer | None
    wanted: Offer
    changes: tuple[Change, ...]
    objections: tuple[Objection, ...]
    live: Mapping[str, int]
    seen: str

    def counted(self, kind: ChangeKind) -> int:
        """Return how many things become so."""
        return sum(change.kind is kind for change in self.changes)


class OfferService:
    """What an officer may do about what is on offer."""

    def __init__(self, work: OffersWork, clock: Clock, chance: Randomness, *, officer: str) -> None:
        self._work = work
        self._clock = clock
        self._chance = chance
        self._officer = officer

    async def all(self) -> list[Offer]:
        """Return every offer, drafts among them, the newest opening first."""
        return await self._work.offers.all()

    async def live(self) -> Mapping[str, int]:
        """Return how many live registrations each unit has."""
        return await self._work.offers.live()

    async def find(self, plan_id: str) -> Offer:
        """Return one offer; `PlanNotFoundError` if there is none."""
        found = await self._work.offers.find(plan_id)
        if found is None:
            raise PlanNotFoundError(plan_id)
        return found

    async def weigh_table(self, plan_id: str | None, proposal: Proposal) -> Weighed:
        """Return what a table would do to a plan, or as a new one.

        Raises
        ------
        PlanNotFoundError
            There is no such plan.
        NameTakenError
            It would be a second plan of that name.
        """
        present = None if plan_id is None else await self.find(plan_id)
        await self._must_be_free(proposal.name, plan_id)
        return await self._weighed(present, merged(present, proposal, self._chance.token))

    async def weigh(self, wanted: Offer) -> Weighed:
        """Return what a change of a plan on record would do.

        Raises
        ------
        PlanNotFoundError
            There is no such plan.
        NameTakenError
            Another plan has the name.
        """
        present = await self.find(wanted.plan.id)
        await self._must_be_free(wanted.plan.name, wanted.plan.id)
        return await self._weighed(present, wanted)

    async def import_table(self, plan_id: str | None, proposal: Proposal, *, seen: str) -> Offer:
        """Keep what a table asks for, all or nothing.

        Parameters
        ----------
        plan_id
            The plan the table is for; ``None`` for a new one.
        proposal
            What the table says.
        seen
            What was seen when it was weighed.

        Raises
        ------
        OfferMovedError
            Somebody has changed the plan since.
        OfferRefusedError
            Rules speak against it.
        NameTakenError, PlanNotFoundError
            As when weighing.
        """
        await self._work.offers.lock()
        weighed = await self.weigh_table(plan_id, proposal)
        return await self._keep(weighed, seen, "import")

    async def change(self, wanted: Offer, *, seen: str) -> Offer:
        """Keep a change of a plan on record; raises as `import_table` does."""
        await self._work.offers.lock()
        return await self._keep(await self.weigh(wanted), seen, "change")

    async def publish(self, plan_id: str, *, seen: str) -> Offer:
        """Let citizens see a draft; raises as `import_table` does.

        Source: S0-02, S0-31.
        """
        await self._work.offers.lock()
        present = await self.find(plan_id)
        weighed = await self._weighed(present, replace(present, draft=False))
        return await self._keep(weighed, seen, "publish")

    async def close_early(self, plan_id: str, *, seen: str) -> Offer:
        """End a plan's registration now; raises as `import_table` does.

        Only an open one is closed: one that is coming is moved instead.

        Source: S0-39.
        """
        await self._work.offers.lock()
        present, now = await self.find(plan_id), self._clock.now()
        if present.draft or present.plan.state_at(now) is not PlanState.OPEN:
            raise OfferRefusedError
        closed = replace(present, plan=replace(present.plan, closes_at=now))
        return await self._keep(await self._weighed(present, closed), seen, "close")

    async def discard(self, plan_id: str, *, seen: str) -> None:
        """Remove a draft for good.

        Raises
        ------
        OfferMovedError
            Somebody has changed it since.
        OfferRefusedError
            It is no draft any more.
        PlanNotFoundError
            There is no such plan.
        """
        await self._work.offers.lock()
        present = await self.find(plan_id)
        if present.fingerprint != seen:
            raise OfferMovedError(plan_id)
        if not await self._work.offers.discard(plan_id):
            raise OfferRefusedError
        await self._record("discard", plan_id)

    async def _must_be_free(self, name: str, plan_id: str | None) -> None:
        others = [one.plan for one in await self._work.offers.all() if one.plan.id != plan_id]
        if any(plan.name == name for plan in others):
            raise NameTakenError(name)

    async def _weighed(self, present: Offer | None, wanted: Offer) -> Weighed:
        live = await self._work.offers.live()
        found = objections(present, wanted, live, self._clock.now())
        seen = present.fingerprint if present else ""
        return Weighed(present, wanted, changes(present, wanted), found, live, seen)

    async def _keep(self, weighed: Weighed, seen: str, what: str) -> Offer:
        if weighed.seen != seen:
            raise OfferMovedError(weighed.wanted.plan.id)
        if weighed.objections:
            raise OfferRefusedError(weighed.objections)
        await self._work.offers.save(weighed.wanted)
        counted = (weighed.counted(kind) for kind in (ChangeKind.NEW, ChangeKind.CHANGED))
        note = "new {}, changed {}".format(*counted)
        await self._record(what, weighed.wanted.plan.id, note)
        return weighed.wanted

    async def _record(self, what: str, plan_id: str, note: str = "") -> None:
        await self._work.acts.add(
            Act(f"plans:plan:{what}", self._officer, plan_id, self._clock.now(), _FRONT, note)
        )
