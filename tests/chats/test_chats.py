"""Every talk that is written down goes as it is written, however it travels."""

from pathlib import Path

import pytest

from tests.support.chat import ChatFailedError, Manner, play
from tests.support.edges import WalkedEdges
from tests.support.town import Town

HERE = Path(__file__).parent
CHATS = sorted(HERE.rglob("*.chat"))


def by_name(path: Path) -> str:
    return path.relative_to(HERE).with_suffix("").as_posix()


async def performed(path: Path, town: Town, manner: Manner, walked: WalkedEdges) -> None:
    failure = ""
    try:
        await play(path, town, manner, walked.setdefault(path, set()))
    except ChatFailedError as failed:
        failure = str(failed)
    if failure:
        # Said outside the exception, so that the transcript is all there is to read.
        pytest.fail(failure, pytrace=False)


@pytest.mark.parametrize("path", CHATS, ids=by_name)
async def test_a_talk_goes_as_it_is_written(
    path: Path, town: Town, walked_edges: WalkedEdges
) -> None:
    await performed(path, town, Manner.ONCE, walked_edges)


@pytest.mark.parametrize("path", CHATS, ids=by_name)
async def test_a_talk_goes_the_same_through_restarts_when_every_message_is_delivered_twice(
    path: Path, town: Town, walked_edges: WalkedEdges
) -> None:
    await performed(path, town, Manner.SHAKEN, walked_edges)
