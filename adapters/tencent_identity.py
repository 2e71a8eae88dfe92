"""Names, faces and bank cards compared with the state's records, through Tencent Cloud.

https://cloud.tencent.com/document/product/1007 (version 2018-03-01).
"""

from collections.abc import Mapping
from typing import Final, TypeVar

from tencentcloud.faceid.v20180301 import models

from adapters.outward import SaidNoError
from adapters.tencent import TencentCloud, next_day
from domain.identity.bank_cards import CardVerdict
from domain.identity.faces import FaceOutcome, FaceSession
from domain.identity.model import Verdict
from domain.shared.clock import Clock
from domain.shared.errors import UnavailableError
from domain.shared.throttle import ThrottledError

__all__ = ["TencentBankCardCheck", "TencentFaceCheck", "TencentIdentityCheck"]

T = TypeVar("T")

_NAMES: Final = {
    "0": Verdict.MATCH,
    "-1": Verdict.MISMATCH,
    "-2": Verdict.MISMATCH,  # the number cannot be one
    "-3": Verdict.MISMATCH,  # the name cannot be one
    "-5": Verdict.MISMATCH,  # the number is on no record
}
_NAMES_FULL_TODAY: Final = "-7"

_CARDS: Final = {
    "0": CardVerdict.MATCH,
    **dict.fromkeys(("-1", "-2", "-3", "-4", "-5", "-8", "-9"), CardVerdict.MISMATCH),
    **dict.fromkeys(
        ("-6", "-7", "-10", "-11", "-12", "-13", "-14", "-15", "-16", "-19", "-20"),
        CardVerdict.UNUSABLE,
    ),
}
_CARDS_FULL_TODAY: Final = "-18"

_ID_CARD: Final = 0
_TEXT_ONLY: Final = "1"

_NO_SUCH_SESSION: Final = frozenset(
    {"InvalidParameterValue.BizTokenExpired", "InvalidParameterValue.BizTokenIllegal"}
)
_BROKEN_OFF: Final = frozenset({1, 2, 3, 4, 8, 9, 10, 11, 15, 202, 1001})
"""Ends of a session that are the page's or the vendor's fault: nobody's face was judged."""


class TencentIdentityCheck:
    """The `IdentityCheck` of Tencent Cloud (IdCardVerification)."""

    source = "tencent"

    def __init__(self, cloud: TencentCloud, clock: Clock) -> None:
        self._cloud = cloud
        self._clock = clock

    async def compare(self, name: str, id_number: str) -> Verdict:
        """Compare a name with an ID number."""
        request = models.IdCardVerificationRequest()
        request.Name = name
        request.IdCard = id_number
        try:
            said = await self._cloud.ask(
                "IdCardVerification",
                lambda: self._cloud.faceid.IdCardVerification(request),
                harmless=True,
            )
        except SaidNoError as error:
            raise self._cloud.refused("IdCardVerification", error.reason) from None
        if said.Result == _NAMES_FULL_TODAY:
            raise ThrottledError(next_day(self._clock.now()))
        return _known(_NAMES, "IdCardVerification", said.Result)


class TencentBankCardCheck:
    """The `BankCardCheck` of Tencent Cloud (BankCardVerification)."""

    def __init__(self, cloud: TencentCloud, clock: Clock) -> None:
        self._cloud = cloud
        self._clock = clock

    async def compare(self, name: str, id_number: str, card_number: str) -> CardVerdict:
        """Compare a card with its holder."""
        request = models.BankCardVerificationRequest()
        request.Name = name
        request.IdCard = id_number
        request.BankCard = card_number
        request.CertType = _ID_CARD
        try:
            said = await self._cloud.ask(
                "BankCardVerification",
                lambda: self._cloud.faceid.BankCardVerification(request),
                harmless=True,
            )
        except SaidNoError as error:
            raise self._cloud.refused("BankCardVerification", error.reason) from None
        if said.Result == _CARDS_FULL_TODAY:
            raise ThrottledError(next_day(self._clock.now()))
        return _known(_CARDS, "BankCardVerification", said.Result)


class TencentFaceCheck:
    """The `FaceCheck` of Tencent Cloud (DetectAuth, GetDetectInfoEnhanced).

    The citizen goes through the vendor's page in WeChat. The vendor does not call us: it leads the
    citizen back, and we ask it ourselves. Of what it knows we take the verdict, never a picture.
    """

    source = "tencent"

    def __init__(self, cloud: TencentCloud, rule_id: str) -> None:
        self._cloud = cloud
        self._rule_id = rule_id

    async def begin(self, name: str, id_number: str, *, back: str) -> FaceSession:
        """Open a session."""
        request = models.DetectAuthRequest()
        request.RuleId = self._rule_id
        request.Name = name
        request.IdCard = id_number
        request.RedirectUrl = back
        try:
            opened = await self._cloud.ask(
                "DetectAuth", lambda: self._cloud.faceid.DetectAuth(request), harmless=True
            )
        except SaidNoError as error:
            raise self._cloud.refused("DetectAuth", error.reason) from None
        if not (opened.Url and opened.BizToken):
            raise UnavailableError("tencent DetectAuth: no session")
        return FaceSession(url=opened.Url, receipt=opened.BizToken)

    async def outcome(self, receipt: str) -> FaceOutcome:
        """Ask what has become of a session."""
        request = models.GetDetectInfoEnhancedRequest()
        request.BizToken = receipt
        request.RuleId = self._rule_id
        request.InfoType = _TEXT_ONLY
        try:
            told = await self._cloud.ask(
                "GetDetectInfoEnhanced",
                lambda: self._cloud.faceid.GetDetectInfoEnhanced(request),
                harmless=True,
            )
        except SaidNoError as error:
            if error.reason in _NO_SUCH_SESSION:
                return FaceOutcome.EXPIRED
            raise self._cloud.refused("GetDetectInfoEnhanced", error.reason) from None
        return _outcome(told.Text.ErrCode if told.Text else None)

    def called(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Believe no call: this vendor makes none."""
        return None


def _outcome(code: int | None) -> FaceOutcome:
    if code is None:
        return FaceOutcome.PENDING
    if code == 0:
        return FaceOutcome.PASSED
    return FaceOutcome.EXPIRED if code in _BROKEN_OFF else FaceOutcome.FAILED


def _known(verdicts: Mapping[str, T], action: str, result: object) -> T:
    """Return what a result code means; one that means the vendor's trouble, or nothing, is none."""
    try:
        return verdicts[str(result)]
    except KeyError:
        raise UnavailableError(f"tencent {action}: result {result}") from None
