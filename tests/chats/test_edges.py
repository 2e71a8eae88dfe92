"""All talks together walk every edge of every flow."""

from pathlib import Path

from dialogs.catalog import FLOWS
from dialogs.engine.walk import DONE, REVIEW, walk
from dialogs.escalation.human import Human
from domain.shared.conversations import Draft
from tests.support.chat import Manner, play
from tests.support.edges import WalkedEdges, all_edges, confirmed, watched
from tests.support.town import found_town

HERE = Path(__file__).parent


async def test_every_edge_of_every_flow_is_walked_by_some_talk(
    template: Path, tmp_path: Path, walked_edges: WalkedEdges
) -> None:
    # Where only this test was asked for, or another process played them, they are played here.
    for number, path in enumerate(sorted(HERE.rglob("*.chat"))):
        if path not in walked_edges:
            async with found_town(template, tmp_path / str(number)) as town:
                await play(path, town, Manner.ONCE, walked_edges.setdefault(path, set()))
    missing = sorted(all_edges() - walked_edges.together)
    assert not missing, "\n".join(
        f"{flow}: {source} → {target}" for flow, source, target in missing
    )


def test_a_walk_is_heard_edge_by_edge_and_only_while_it_is_watched() -> None:
    with watched() as walked:
        walk(Human, Draft("d", Human.id, Human.version, {"message": "想问问怎么选房"}))
    heard = {(Human.id, "start", "message"), (Human.id, "message", "phone")}
    assert walked == heard
    walk(Human, Draft("d", Human.id, Human.version, {"message": "问", "phone": "19900000001"}))
    assert walked == heard


def test_confirming_is_told_by_the_effect_of_a_flow_that_is_checked_first() -> None:
    reviewed = {flow.id for flow in FLOWS if flow.review}
    assert confirmed(set()) == set()
    assert confirmed({flow.id for flow in FLOWS}) == {(flow, REVIEW, DONE) for flow in reviewed}
    assert confirmed(reviewed) <= all_edges()
