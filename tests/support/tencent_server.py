"""Tencent Cloud as its documentation describes it: signatures, parameters, answers, error codes.

Written from the public documentation, not from the vendor's kit, so that each checks the other:
the signature (https://cloud.tencent.com/document/api/382/52072) and one page for each action.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.outside_server import Answer, OutsideServer, Request, served

__all__ = ["KEY_ID", "SECRET", "TencentServer", "tencent"]

KEY_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
SECRET = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"  # noqa: S105 (the documentation's example)

_FRESH_SECONDS = 300
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<date>[\d-]+)/(?P<service>\w+)/tc3_request, "
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class _Action:
    service: str
    version: str
    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    region: bool = False


_ACTIONS = {
    "SendSms": _Action(
        "sms",
        "2021-01-11",
        frozenset({"PhoneNumberSet", "SmsSdkAppId", "TemplateId"}),
        frozenset({"SignName", "TemplateParamSet", "ExtendCode", "SessionContext", "SenderId"}),
        region=True,
    ),
    "IdCardVerification": _Action("faceid", "2018-03-01", frozenset({"IdCard", "Name"})),
    "BankCardVerification": _Action(
        "faceid", "2018-03-01", frozenset({"IdCard", "Name", "BankCard"}), frozenset({"CertType"})
    ),
    "DetectAuth": _Action(
        "faceid",
        "2018-03-01",
        frozenset({"RuleId"}),
        frozenset({"IdCard", "Name", "RedirectUrl", "Extra"}),
    ),
    "GetDetectInfoEnhanced": _Action(
        "faceid", "2018-03-01", frozenset({"BizToken", "RuleId"}), frozenset({"InfoType"})
    ),
    "IDCardOCR": _Action(
        "ocr",
        "2018-11-19",
        frozenset(),
        frozenset({"ImageBase64", "ImageUrl", "CardSide", "Config"}),
        region=True,
    ),
}


class _VendorError(Exception):
    """An answer with an ``Error`` in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class TencentServer:
    """What the vendor knows and did.

    ``people`` are names by ID number, ``cards`` holders' ID numbers by card, ``templates`` how
    many blanks an approved template has, ``card`` what the next picture shows. ``says`` and
    ``statuses`` overrule the answers: an error code by action, a status by phone; ``echoes`` what
    is told of a session.
    """

    http: OutsideServer = field(init=False)
    people: dict[str, str] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    templates: dict[str, int] = field(default_factory=dict)
    sign: str = "安居"
    card: tuple[str, str] = ("", "")
    results: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    says: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, int | None] = field(default_factory=dict)
    opened: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    echoes: dict[str, Any] = field(default_factory=dict)
    sent: list[tuple[str, str, list[str]]] = field(default_factory=list)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        """Answer a request as the vendor does: always 200, errors inside."""
        action = request.headers.get("x-tc-action", "")
        try:
            params = _checked(request, action)
            said = self._said(action, params)
        except _VendorError as error:
            said = {"Error": {"Code": error.code, "Message": f"about {request.body.decode()}"}}
        response = {"Response": {**said, "RequestId": f"request-{len(self.http.seen)}"}}
        return Answer(json.dumps(response).encode())

    def _said(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((action, params))
        if self.says.get(action):
            raise _VendorError(self.says[action])
        return self._acts()[action](params)

    def _acts(self) -> Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]:
        return {
            "SendSms": self._send,
            "IdCardVerification": self._compare_names,
            "BankCardVerification": self._compare_cards,
            "DetectAuth": self._open_session,
            "GetDetectInfoEnhanced": self._tell_of_session,
            "IDCardOCR": self._read_card,
        }

    def _send(self, params: Mapping[str, Any]) -> dict[str, Any]:
        statuses = []
        for phone in params["PhoneNumberSet"]:
            status = self.statuses.get(phone, self._judged(phone, params))
            statuses.append({"PhoneNumber": phone, "Code": status, "Message": "", "Fee": 1})
            if status == "Ok":
                self.sent.append((phone, params["TemplateId"], params["TemplateParamSet"]))
        return {"SendStatusSet": statuses}

    def _judged(self, phone: str, params: Mapping[str, Any]) -> str:
        if not re.fullmatch(r"\+861\d{10}", phone):
            return "InvalidParameterValue.IncorrectPhoneNumber"
        if params.get("SignName") != self.sign:
            return "FailedOperation.SignatureIncorrectOrUnapproved"
        blanks = self.templates.get(params["TemplateId"])
        if blanks is None:
            return "FailedOperation.TemplateUnapprovedOrNotExist"
        if blanks != len(params.get("TemplateParamSet", [])):
            return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        return "Ok"

    def _compare_names(self, params: Mapping[str, Any]) -> dict[str, Any]:
        known = self.people.get(params["IdCard"])
        judged = "-5" if known is None else "0" if known == params["Name"] else "-1"
        return {"Result": self.results.get("IdCardVerification", judged), "Description": ""}

    def _compare_cards(self, params: Mapping[str, Any]) -> dict[str, Any]:
        theirs = self.cards.get(params["BankCard"]) == params["IdCard"]
        same = theirs and self.people.get(params["IdCard"]) == params["Name"]
        judged = "0" if same else "-1"
        return {"Result": self.results.get("BankCardVerification", judged), "Description": ""}

    def _open_session(self, params: Mapping[str, Any]) -> dict[str, Any]:
        token = f"CE661F1A-0F1E-45BD-BE13-{len(self.sessions):012d}"
        self.sessions[token] = None
        self.opened[token] = params
        return {"BizToken": token, "Url": f"https://vendor.test/api/web/login?token={token}"}

    def _tell_of_session(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if params["BizToken"] not in self.sessions:
            raise _VendorError("InvalidParameterValue.BizTokenIllegal")
        code, opened = self.sessions[params["BizToken"]], self.opened[params["BizToken"]]
        done = {"LiveStatus": code, "Comparestatus": code}
        text = {"ErrCode": code, "ErrMsg": "", "LivenessDetail": [], **done}
        named = {name: opened.get(name) for name in ("Name", "IdCard", "Extra")}
        return {"Text": {**text, **named, **self.echoes}, "BestFrame": None}

    def _read_card(self, params: Mapping[str, Any]) -> dict[str, Any]:
        picture = base64.b64decode(params["ImageBase64"], validate=True)
        if not picture.startswith((b"\xff\xd8\xff", b"\x89PNG")):
            raise _VendorError("FailedOperation.ImageDecodeFailed")
        if self.card == ("", ""):
            raise _VendorError("FailedOperation.ImageNoIdCard")
        name, number = self.card
        return {"Name": name, "IdNum": number, "Sex": "", "Address": "", "AdvancedInfo": "{}"}


@contextmanager
def tencent() -> Iterator[TencentServer]:
    """Serve the vendor for as long as the block lasts."""
    server = TencentServer()
    with served(server.answer) as http:
        server.http = http
        yield server


def _checked(request: Request, name: str) -> Mapping[str, Any]:
    """Return the parameters of a request that is signed and of the documented form."""
    action = _ACTIONS.get(name)
    if action is None:
        raise _VendorError("InvalidAction")
    _check_signature(request, action.service)
    if request.headers.get("x-tc-version") != action.version:
        raise _VendorError("NoSuchVersion")
    if action.region and not request.headers.get("x-tc-region"):
        raise _VendorError("MissingParameter")
    params: Mapping[str, Any] = json.loads(request.body)
    if action.required - set(params):
        raise _VendorError("MissingParameter")
    if set(params) - action.required - action.optional:
        raise _VendorError("UnknownParameter")
    return params


def _check_signature(request: Request, service: str) -> None:
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if not found:
        raise _VendorError("AuthFailure.InvalidAuthorization")
    stamp = request.headers["x-tc-timestamp"]
    if abs(time.time() - int(stamp)) > _FRESH_SECONDS:
        raise _VendorError("AuthFailure.SignatureExpire")
    if found["id"] != KEY_ID:
        raise _VendorError("AuthFailure.SecretIdNotFound")
    date = time.strftime("%Y-%m-%d", time.gmtime(int(stamp)))
    signed = found["signed"].split(";")
    # The content type and the host must be covered, or both could be swapped on the way.
    if not {"content-type", "host"} <= set(signed) or (found["date"], found["service"]) != (
        date,
        service,
    ):
        raise _VendorError("AuthFailure.SignatureFailure")
    path, _, query = request.path.partition("?")
    lines = [
        request.method,
        path,
        query,
        *(f"{name}:{request.headers[name].strip().lower()}" for name in signed),
        "",
        found["signed"],
        hashlib.sha256(request.body).hexdigest(),
    ]
    scope = f"{date}/{service}/tc3_request"
    canonical = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = f"TC3{SECRET}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    words = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{canonical}".encode()
    if not hmac.compare_digest(hmac.digest(key, words, "sha256").hex(), found["signature"]):
        raise _VendorError("AuthFailure.SignatureFailure")
