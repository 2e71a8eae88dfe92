"""Why a code is not sent, or does not count."""

from datetime import datetime

from domain.shared.errors import RefusedError

__all__ = [
    "CaptchaNeededError",
    "CodeExpiredError",
    "CodeReplacedError",
    "CodeSpentError",
    "PhoneUnreachableError",
    "TooSoonError",
    "WrongCodeError",
]


class TooSoonError(RefusedError):
    """The last code has hardly left.

    Parameters
    ----------
    until
        From when another may be asked for; at most a minute away.
    """

    code = "too-soon"

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class CaptchaNeededError(RefusedError):
    """A small sum must be solved before more codes are sent.

    Parameters
    ----------
    question
        The sum, in Chinese words, for the citizen. A new one each time.
    """

    code = "captcha-needed"

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question


class WrongCodeError(RefusedError):
    """That is not the code.

    Parameters
    ----------
    left
        How many more tries this code allows; at least 1.
    """

    code = "wrong-code"

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left


class CodeSpentError(RefusedError):
    """The code was used, or tried too often; another one must be asked for."""

    code = "code-spent"


class CodeExpiredError(RefusedError):
    """There is no such code any more; another one must be asked for."""

    code = "code-expired"


class CodeReplacedError(RefusedError):
    """That was the code of an earlier message; only the newest counts."""

    code = "code-replaced"


class PhoneUnreachableError(RefusedError):
    """The phone takes no messages of ours: it refused them once, or does not exist."""

    code = "phone-unreachable"
