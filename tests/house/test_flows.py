"""Every flow is catalogued, begun by its words, short to read, and walked by a transcript."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.routing import choose
from dialogs.catalog import FLOWS, catalog
from dialogs.engine.flow import Flow
from dialogs.engine.messages import Said, SaidKind
from dialogs.engine.steps import Step
from dialogs.engine.ways import Begin
from domain.shared.conversations import Conversation
from domain.shared.records import OpenId
from tests.support.house import ROOT, modules, tree_of

MESSAGE_BYTES = 2_000
CATALOG = catalog()


def file_of(flow: type[Flow]) -> Path:
    return ROOT / Path(*flow.__module__.split(".")).with_suffix(".py")


def transcript_of(flow: type[Flow]) -> Path:
    subject = flow.__module__.split(".")[1]
    return ROOT / "tests" / "chats" / subject / f"{flow.id}.chat"


def written() -> set[type[Flow]]:
    """Return every flow class that stands in a subject's folder, catalogued or not."""
    for path in modules("dialogs/*/*.py"):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return {flow for flow in below(Flow) if flow.id and flow.__module__.startswith("dialogs.")}


def below(parent: type[Flow]) -> Iterator[type[Flow]]:
    for child in parent.__subclasses__():
        yield child
        yield from below(child)


def by_id(value: object) -> str:
    return value.id if isinstance(value, type) and issubclass(value, Flow) else str(value)


def test_every_flow_is_in_the_catalog_once_and_in_order() -> None:
    assert set(FLOWS) == written()
    names = [flow.__name__ for flow in FLOWS]
    assert names == sorted(set(names))
    assert len({flow.id for flow in FLOWS}) == len(FLOWS)


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
def test_a_flow_is_named_after_its_file_and_says_what_it_is_for(flow: type[Flow]) -> None:
    assert flow.__module__.rpartition(".")[2] == flow.id
    assert flow.title
    assert re.search(r"Source: S\d-\d\d", ast.get_docstring(tree_of(file_of(flow))) or "")


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
def test_each_word_of_a_flow_begins_that_flow_and_no_other(flow: type[Flow]) -> None:
    for word, answers in {**{word: {} for word in flow.words}, **flow.shortcuts}.items():
        way = choose(Said(SaidKind.TEXT, word), Conversation(OpenId("o")), CATALOG)
        assert isinstance(way, Begin), word
        assert (way.start.flow, way.start.answers) == (flow.id, dict(answers)), word


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
def test_a_flow_is_walked_by_a_transcript_of_its_name(flow: type[Flow]) -> None:
    assert transcript_of(flow).exists()
    assert "\n> " in transcript_of(flow).read_text("utf-8")


def test_no_transcript_of_a_subject_is_left_over() -> None:
    for kept in (ROOT / "tests" / "chats").glob("*/*.chat"):
        subject = ROOT / "dialogs" / kept.parent.name
        name = kept.stem.partition(".")[0]
        assert not subject.exists() or (subject / f"{name}.py").exists(), kept.name


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
def test_every_sentence_of_a_flow_fits_one_message(flow: type[Flow]) -> None:
    for step in flow.steps.values():
        for text in step.texts():
            assert len(text.encode()) <= MESSAGE_BYTES, step.id


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
def test_what_a_flow_needs_another_flow_provides(flow: type[Flow]) -> None:
    for need in flow.requires:
        provider = CATALOG.provider(need)
        assert provider != flow.id
        assert need not in CATALOG.flows[provider].requires


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
def test_a_flow_that_does_something_says_how_and_one_that_reads_does_not(
    flow: type[Flow],
) -> None:
    assert ("submit" in vars(flow)) != flow.reading


@pytest.mark.parametrize("flow", FLOWS, ids=by_id)
def test_every_question_that_is_checked_has_a_name_to_change_it_by(flow: type[Flow]) -> None:
    if flow.review:
        assert not [step.id for step in shown(flow) if not step.title]


def shown(flow: type[Flow]) -> list[Step[object]]:
    """Return the steps that the check-answers page may show."""
    return [step for step in flow.steps.values() if type(step).show is not Step.show]
