"""The platform's own customer service (多客服): who answers there, whom, and what was said."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.wechat_api import WechatApi
from adapters.wechat_calls import COMPOSE, Call
from domain.escalation.desk_ports import DeskLine
from domain.shared.clock import utc_from_timestamp
from domain.shared.records import OpenId

__all__ = ["AgentAccount", "WechatAgents"]

_AT_ONCE: Final = 10_000
_SPAN: Final = timedelta(hours=24)
_BY_AGENT: Final = 2002


@dataclass(frozen=True, slots=True)
class AgentAccount:
    """An agent's account, as ``somebody@account``, and the name that citizens see.

    Without ``worker``, the WeChat of the person behind it, nobody can answer.
    """

    account: str
    name: str
    worker: str = ""


class WechatAgents:
    """The agents of one account. Every verb raises what `WechatApi.ask` raises."""

    def __init__(self, api: WechatApi) -> None:
        self._api = api

    async def accounts(self) -> Sequence[AgentAccount]:
        """Return all agents."""
        found = await self._api.ask(COMPOSE.customservice.get_accounts(), harmless=True)
        return [
            AgentAccount(one["kf_account"], one["kf_nick"], one.get("kf_wx", "")) for one in found
        ]

    async def online(self) -> Mapping[str, int]:
        """Return how many citizens each agent who is there is serving."""
        found = await self._api.ask(COMPOSE.customservice.get_online_accounts(), harmless=True)
        return {one["kf_account"]: int(one["accepted_case"]) for one in found}

    async def add(self, account: str, name: str) -> None:
        """Make an agent's account; it works once its worker has accepted an invitation."""
        await self._tell("kfaccount/add", kf_account=account, nickname=name)

    async def rename(self, account: str, name: str) -> None:
        """Give an agent another name."""
        await self._tell("kfaccount/update", kf_account=account, nickname=name)

    async def invite(self, account: str, worker: str) -> None:
        """Ask the owner of a WeChat to answer under an account."""
        await self._tell("kfaccount/inviteworker", kf_account=account, invite_wx=worker)

    async def drop(self, account: str) -> None:
        """Remove an agent's account."""
        call = Call("GET", "/customservice/kfaccount/del", {"kf_account": account})
        await self._api.ask(call, harmless=True)

    async def open_session(self, openid: OpenId, account: str) -> None:
        """Hand a citizen to an agent, who must be there: nobody else would be told."""
        call = COMPOSE.customservice.create_session(openid, account)
        await self._api.ask(_plain(call), harmless=True)

    async def close_session(self, openid: OpenId, account: str) -> None:
        """Take a citizen back."""
        call = COMPOSE.customservice.close_session(openid, account)
        await self._api.ask(_plain(call), harmless=False)

    async def session_of(self, openid: OpenId) -> str | None:
        """Return which agent serves a citizen; ``None`` if nobody does."""
        said = await self._api.ask(COMPOSE.customservice.get_session(openid), harmless=True)
        return str(said["kf_account"]) if said.get("kf_account") else None

    async def served_by(self, account: str) -> Sequence[OpenId]:
        """Return whom an agent serves."""
        found = await self._api.ask(COMPOSE.customservice.get_session_list(account), harmless=True)
        return [OpenId(one["openid"]) for one in found]

    async def waiting(self) -> tuple[int, Sequence[OpenId]]:
        """Return how many wait for an agent, and the hundred who wait longest."""
        said = await self._api.ask(COMPOSE.customservice.get_wait_case(), harmless=True)
        return int(said["count"]), [OpenId(one["openid"]) for one in said["waitcaselist"]]

    async def said(self, start: datetime, end: datetime) -> AsyncIterator[DeskLine]:
        """Yield what was said between two moments, oldest first."""
        while start < end:
            until = min(start + _SPAN, end)
            async for line in self._said_within(start, until):
                yield line
            start = until + timedelta(seconds=1)

    async def _said_within(self, start: datetime, end: datetime) -> AsyncIterator[DeskLine]:
        serial, found = 1, _AT_ONCE
        while found == _AT_ONCE:
            call = COMPOSE.customservice.get_records(
                int(start.timestamp()), int(end.timestamp()), serial, _AT_ONCE
            )
            page = await self._api.ask(call, harmless=True)
            serial, found = int(page["msgid"]), len(page["recordlist"])
            for one in page["recordlist"]:
                yield DeskLine(
                    OpenId(one["openid"]),
                    one["worker"],
                    one["text"],
                    utc_from_timestamp(one["time"]),
                    by_agent=one["opercode"] == _BY_AGENT,
                )

    async def _tell(self, path: str, **body: Any) -> None:
        # The kit's own call would send a password, which is a thing of the past.
        await self._api.ask(Call("POST", f"/customservice/{path}", body=body), harmless=True)


def _plain(call: Call) -> Call:
    """Return a call whose body is a plain dictionary; the kit makes one of its own kind."""
    return Call(call.verb, call.path, call.params, dict(call.body or {}), pick=call.pick)
