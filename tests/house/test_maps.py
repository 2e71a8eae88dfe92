"""The maps in the documents are the maps of today's flows."""

from dialogs.catalog import FLOWS
from dialogs.engine.walk import mermaid
from tests.support.house import ROOT

FOLDER = ROOT / "docs" / "maps"


def test_every_flow_has_its_map_and_no_map_is_left_over() -> None:
    kept = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.mmd")}
    drawn = {flow.id: mermaid(flow) for flow in FLOWS}
    assert kept == drawn, "run `make maps` and look at what changed"
