"""Charts as SVG pictures, drawn by pygal, which is imported here alone.

Pages show them as pictures from a route of their own: nothing in them runs, and the policy of the
pages stays strict.
"""

import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from fastapi.responses import Response

__all__ = ["drawn", "picture"]

_MOST_BARS: Final = 31
_MOST_LABELS: Final = 8
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
_LOOK: Final[dict[str, Any]] = {
    "background": "transparent",
    "plot_background": "transparent",
    "font_family": "sans-serif",
    "colors": ("#0b5d4b", "#d9822b", "#2b6cb0", "#9b2c5e", "#5a6b7a"),
    "label_font_size": 14,
    "major_label_font_size": 14,
    "legend_font_size": 16,
}


def drawn(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[int]]],
) -> bytes:
    """Return a chart of counts: bars, or lines where there are too many to tell apart.

    Parameters
    ----------
    labels
        What stands below each place, in its order.
    series
        The name of each series, and its counts in the same order.
    """
    pygal = _pygal()
    bars = len(labels) <= _MOST_BARS
    options = {} if bars else {"show_dots": False}
    highest = max((count for _, counts in series for count in counts), default=0)
    chart = (pygal.Bar if bars else pygal.Line)(
        style=pygal.style.Style(**_LOOK),
        js=(),
        width=900,
        height=380,
        legend_at_bottom=True,
        truncate_legend=-1,
        show_minor_x_labels=False,
        range=(0, max(1, highest)),
        value_formatter=lambda value: f"{value:,.0f}" if value == int(value) else "",
        **options,
    )
    chart.x_labels = labels
    chart.x_labels_major = labels[:: -(-len(labels) // _MOST_LABELS) or 1]
    for name, counts in series:
        chart.add(name, counts)
    chart.add_xml_filter(_without_scripts)
    made: bytes = chart.render()
    return made


@cache
def _pygal() -> Any:
    """Return the library, loaded with the first chart: 8 MB that few processes need."""
    import pygal  # noqa: PLC0415 (as above)
    import pygal.style  # noqa: PLC0415 (as above)

    # It looks for maps nobody asked for, in a way that Python has given up: every later import of
    # something missing would warn of it.
    sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != pygal.__name__]
    return pygal


def _without_scripts(root: Any) -> Any:
    """Take out what would show figures under a mouse: no picture may run it."""
    for above in root.iter():
        for one in [*above]:
            if str(one.tag).rpartition("}")[2] == "script":
                above.remove(one)
    return root


def picture(made: bytes) -> Response:
    """Return the answer of a chart's route."""
    return Response(made, media_type="image/svg+xml", headers=_HEADERS)
