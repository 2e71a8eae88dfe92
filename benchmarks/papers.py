"""How large the PDF of a registration is, and how long one takes.

    .venv/bin/python -m benchmarks.papers

Prints the time from sheet to bytes, font and compiler loaded by the first one; then what the size
and the fastest, middle and slowest hundredth of the warm ones are. Tests hold the size, never the
time.
"""

import asyncio
import statistics
import sys
import time
from dataclasses import replace

from adapters.pdf import TypstPrinter, font_file
from tests.support.papers import a_sheet

_ROUNDS = 300


async def _timed(printer: TypstPrinter, number: int) -> tuple[float, int]:
    sheet = replace(a_sheet(), number=("登记编号", f"DJ{number:015}"))
    begun = time.perf_counter()
    made = await printer.pdf(sheet)
    return (time.perf_counter() - begun) * 1000, len(made)


async def _main() -> None:
    printer = TypstPrinter(font_file())
    cold, size = await _timed(printer, 0)
    warm = sorted([(await _timed(printer, number))[0] for number in range(1, _ROUNDS)])
    sys.stdout.write(
        f"size    {size / 1000:.0f} kB (at most 300)\n"
        f"first   {cold:.1f} ms\n"
        f"warm    {warm[0]:.1f} ms fastest, {statistics.median(warm):.1f} ms median, "
        f"{warm[len(warm) * 99 // 100]:.1f} ms p99 (at most 300)\n"
    )


if __name__ == "__main__":
    asyncio.run(_main())
