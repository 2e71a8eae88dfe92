"""Names, faces and bank cards compared with the state's records, through Tencent Cloud.

https://cloud.tencent.com/document/product/1007 (version 2018-03-01).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import uuid4

from adapters.outward import SaidNoError
from adapters.tencent import TencentCloud, next_day
from domain.identity.bank_cards import CardVerdict
from domain.identity.faces import FaceOutcome, FaceSession
from domain.identity.model import Verdict
from domain.shared.clock import Clock
from domain.shared.errors import UnavailableError
from domain.shared.idents import long_id
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
_AND: Final = "."
"""Between the vendor's name for a session and our own for the request that opened it."""

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
        kit = await self._cloud.kit()
        request = kit.face_words.IdCardVerificationRequest()
        request.Name = name
        request.IdCard = id_number
        try:
            said = await self._cloud.ask(
                "IdCardVerification",
                lambda: kit.faceid.IdCardVerification(request),
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
        kit = await self._cloud.kit()
        request = kit.face_words.BankCardVerificationRequest()
        request.Name = name
        request.IdCard = id_number
        request.BankCard = card_number
        request.CertType = _ID_CARD
        try:
            said = await self._cloud.ask(
                "BankCardVerification",
                lambda: kit.faceid.BankCardVerification(request),
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
        kit = await self._cloud.kit()
        request = kit.face_words.DetectAuthRequest()
        request.RuleId = self._rule_id
        request.Name = name
        request.IdCard = id_number
        request.RedirectUrl = back
        # The vendor gives it back with the outcome: that one is of this very request.
        reference = uuid4().hex
        request.Extra = reference
        try:
            opened = await self._cloud.ask(
                "DetectAuth", lambda: kit.faceid.DetectAuth(request), harmless=True
            )
        except SaidNoError as error:
            raise self._cloud.refused("DetectAuth", error.reason) from None
        if not (opened.Url and opened.BizToken):
            raise UnavailableError("tencent DetectAuth: no session")
        return FaceSession(url=opened.Url, receipt=f"{opened.BizToken}{_AND}{reference}")

    async def outcome(self, receipt: str, *, name: str, id_number: str) -> FaceOutcome:
        """Ask what has become of a session."""
        token, _, reference = receipt.partition(_AND)
        kit = await self._cloud.kit()
        request = kit.face_words.GetDetectInfoEnhancedRequest()
        request.BizToken = token
        request.RuleId = self._rule_id
        request.InfoType = _TEXT_ONLY
        try:
            told = await self._cloud.ask(
                "GetDetectInfoEnhanced",
                lambda: kit.faceid.GetDetectInfoEnhanced(request),
                harmless=True,
            )
        except SaidNoError as error:
            if error.reason in _NO_SUCH_SESSION:
                return FaceOutcome.EXPIRED
            raise self._cloud.refused("GetDetectInfoEnhanced", error.reason) from None
        if not told.RequestId:
            raise UnavailableError("tencent GetDetectInfoEnhanced: no request id")
        if told.Text is None:
            return FaceOutcome.PENDING
        return _outcome(told.Text, _Asked(reference, name, id_number))

    def called(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Believe no call: this vendor makes none."""
        return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an outcome must be about: our request, and whose face it was to be."""

    reference: str
    name: str = field(repr=False)
    id_number: str = field(repr=False)

    def same(self, told: Any) -> Iterator[bool | None]:
        """Yield for each thing the vendor echoes whether it is ours; ``None`` where it is mute."""
        yield told.Extra == self.reference if told.Extra else None
        yield told.Name.strip().casefold() == self.name.casefold() if told.Name else None
        yield long_id(told.IdCard) == long_id(self.id_number) if told.IdCard else None


def _outcome(told: Any, asked: _Asked) -> FaceOutcome:
    """Return what a vendor's words mean; words about anything else, or at odds, mean nothing."""
    same = list(asked.same(told))
    if False in same:
        raise UnavailableError("tencent GetDetectInfoEnhanced: of another session or person")
    if told.ErrCode is None:
        return FaceOutcome.PENDING
    if told.ErrCode != 0:
        return FaceOutcome.EXPIRED if told.ErrCode in _BROKEN_OFF else FaceOutcome.FAILED
    if not all(same):
        raise UnavailableError("tencent GetDetectInfoEnhanced: a pass of nobody")
    if told.LiveStatus or told.Comparestatus:
        raise UnavailableError("tencent GetDetectInfoEnhanced: contradicts itself")
    return FaceOutcome.PASSED


def _known(verdicts: Mapping[str, T], action: str, result: object) -> T:
    """Return what a result code means; one that means the vendor's trouble, or nothing, is none."""
    try:
        return verdicts[str(result)]
    except KeyError:
        raise UnavailableError(f"tencent {action}: result {result}") from None
