"""Files that officers fetch: in pieces, never kept by a browser's cache, never shown as a page."""

from collections.abc import AsyncIterator, Mapping
from typing import Final
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from domain.shared.tables import TableForm

__all__ = ["streamed"]

_KINDS: Final[Mapping[TableForm, str]] = {
    TableForm.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    TableForm.CSV: "text/csv; charset=utf-8",
}


def streamed(pieces: AsyncIterator[bytes], form: TableForm, name: str) -> StreamingResponse:
    """Return a table as a file of a name, for which an ending is found."""
    return StreamingResponse(
        pieces,
        media_type=_KINDS[form],
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{name}.{form}')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
