"""The platform's own customer service: accounts, who is online, sessions, what was said."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.platform.calls import Asked, SaysNoError
from domain.shared.clock import Clock

__all__ = ["Agents", "Record"]

_ACCOUNT = re.compile(r"[A-Za-z0-9_]{1,10}@gh_anju")
_NICK = 16
_MOST = 100
_DAY = 24 * 3600
_RECORDS = 10_000


@dataclass(frozen=True)
class Record:
    """What was said in a session, when (Unix seconds), and by whom."""

    openid: str
    worker: str
    text: str
    time: int
    opercode: int = 2002


@dataclass
class Agents:
    """All agents; ``bound`` have accepted their invitation, ``online`` are there now."""

    clock: Clock
    accounts: dict[str, str] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    online: set[str] = field(default_factory=set)
    sessions: dict[str, tuple[str, int]] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    switched_off: bool = False

    def calls(self) -> Mapping[str, Callable[[Asked], Any]]:
        """Return the calls about agents."""
        found: Mapping[str, Callable[[Asked], Any]] = {
            "GET /cgi-bin/customservice/getkflist": self._list,
            "GET /cgi-bin/customservice/getonlinekflist": self._list_online,
            "POST /customservice/kfaccount/add": self._add,
            "POST /customservice/kfaccount/update": self._rename,
            "POST /customservice/kfaccount/inviteworker": self._invite,
            "GET /customservice/kfaccount/del": self._drop,
            "POST /customservice/kfsession/create": self._open,
            "POST /customservice/kfsession/close": self._close,
            "GET /customservice/kfsession/getsession": self._session_of,
            "GET /customservice/kfsession/getsessionlist": self._sessions_of,
            "GET /customservice/kfsession/getwaitcase": self._waiting,
            "POST /customservice/msgrecord/getmsglist": self._told,
        }
        return {name: self._if_on(call) for name, call in found.items()}

    def _if_on(self, call: Callable[[Asked], Any]) -> Callable[[Asked], Any]:
        def answer(asked: Asked) -> Any:
            if self.switched_off:
                raise SaysNoError(65400, "customer service is not opened")
            return call(asked)

        return answer

    def _list(self, _: Asked) -> Any:
        return {
            "kf_list": [
                {"kf_account": one, "kf_nick": nick, "kf_id": str(1001 + at), "kf_headimgurl": ""}
                | ({"kf_wx": self.bound[one]} if one in self.bound else {})
                for at, (one, nick) in enumerate(self.accounts.items())
            ]
        }

    def _list_online(self, _: Asked) -> Any:
        served = [account for account, _ in self.sessions.values()]
        return {
            "kf_online_list": [
                {
                    "kf_account": one,
                    "status": 1,
                    "kf_id": "1001",
                    "accepted_case": served.count(one),
                }
                for one in sorted(self.online)
            ]
        }

    def _add(self, asked: Asked) -> Any:
        account, nick = self._named(asked)
        if account in self.accounts:
            raise SaysNoError(65406, "kf account is existed")
        if len(self.accounts) >= _MOST:
            raise SaysNoError(65405, "kf account limit")
        self.accounts[account] = nick
        return {"errcode": 0, "errmsg": "ok"}

    def _rename(self, asked: Asked) -> Any:
        account, nick = self._named(asked)
        self._known(account)
        self.accounts[account] = nick
        return {"errcode": 0, "errmsg": "ok"}

    def _named(self, asked: Asked) -> tuple[str, str]:
        body = asked.body()
        account, nick = body.get("kf_account", ""), body.get("nickname", "")
        if "password" in body:
            raise SaysNoError(65416, "password is obsolete")
        if not _ACCOUNT.fullmatch(account):
            raise SaysNoError(65404, "invalid kf account")
        if not 1 <= len(nick) <= _NICK:
            raise SaysNoError(65403, "invalid kf nick name")
        return account, nick

    def _known(self, account: object) -> str:
        if not isinstance(account, str) or account not in self.accounts:
            raise SaysNoError(65401, "invalid custom service account")
        return account

    def _invite(self, asked: Asked) -> Any:
        body = asked.body()
        account = self._known(body.get("kf_account"))
        if account in self.bound:
            raise SaysNoError(65407, "already bound")
        self.bound[account] = str(body["invite_wx"])
        return {"errcode": 0, "errmsg": "ok"}

    def _drop(self, asked: Asked) -> Any:
        account = self._known(asked.query.get("kf_account"))
        del self.accounts[account]
        return {"errcode": 0, "errmsg": "ok"}

    def _open(self, asked: Asked) -> Any:
        body = asked.body()
        account, openid = self._known(body.get("kf_account")), str(body.get("openid"))
        if account not in self.bound:
            raise SaysNoError(65402, "kf not bound")
        if account not in self.online:
            raise SaysNoError(65415, "kf is not online")
        served_by, _ = self.sessions.get(openid, (account, 0))
        if served_by != account:
            raise SaysNoError(65414, "served by another")
        self.sessions[openid] = (account, int(self.clock.now().timestamp()))
        self.waiting = [one for one in self.waiting if one != openid]
        return {"errcode": 0, "errmsg": "ok"}

    def _close(self, asked: Asked) -> Any:
        body = asked.body()
        account, openid = self._known(body.get("kf_account")), str(body.get("openid"))
        served_by, _ = self.sessions.get(openid, ("", 0))
        if not served_by:
            raise SaysNoError(65413, "no session")
        if served_by != account:
            raise SaysNoError(65414, "served by another")
        del self.sessions[openid]
        return {"errcode": 0, "errmsg": "ok"}

    def _session_of(self, asked: Asked) -> Any:
        account, since = self.sessions.get(asked.query.get("openid", ""), ("", 0))
        return {"kf_account": account, "createtime": since}

    def _sessions_of(self, asked: Asked) -> Any:
        account = self._known(asked.query.get("kf_account"))
        return {
            "sessionlist": [
                {"openid": openid, "createtime": since}
                for openid, (by, since) in self.sessions.items()
                if by == account
            ]
        }

    def _waiting(self, _: Asked) -> Any:
        shown = [{"openid": one, "latest_time": 0} for one in self.waiting[:100]]
        return {"count": len(self.waiting), "waitcaselist": shown}

    def _told(self, asked: Asked) -> Any:
        match asked.body():
            case {
                "starttime": int(start),
                "endtime": int(end),
                "msgid": int(serial),
                "number": int(number),
            }:
                pass
            case _:
                raise SaysNoError(65416, "invalid query")
        if end - start > _DAY or end < start or number > _RECORDS:
            raise SaysNoError(65417, "invalid time range")
        found = [
            (at, one)
            for at, one in enumerate(self.records, start=1)
            if start <= one.time <= end and at >= serial
        ][:number]
        return {
            "recordlist": [
                {
                    "openid": one.openid,
                    "worker": one.worker,
                    "text": one.text,
                    "time": one.time,
                    "opercode": one.opercode,
                }
                for _, one in found
            ],
            "number": len(found),
            "msgid": found[-1][0] + 1 if found else serial,
        }
