"""A small disk of its own for a server, so that it can be full; needs root."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ballast", "mount", "unmount"]

_LEFT: int = 16 * 1024


@dataclass(frozen=True, slots=True)
class Ballast:
    """A file that takes what room a disk has left."""

    disk: Path

    @asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """Leave no room while the block lasts."""
        file = self.disk / "ballast"
        await asyncio.to_thread(_fill, file)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def _fill(file: Path) -> None:
    with file.open("wb") as ballast:
        while (free := shutil.disk_usage(file.parent).free) > _LEFT:
            with suppress(OSError):  # somebody else was faster
                os.posix_fallocate(ballast.fileno(), ballast.tell(), free - _LEFT)
                return


async def mount(megabytes: int) -> Path | None:
    """Mount a disk of this size in memory; ``None`` where that is not allowed."""
    folder = Path(tempfile.mkdtemp(prefix="anju-disk-"))
    process = await asyncio.create_subprocess_exec(
        *("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await process.wait() == 0:
        folder.chmod(0o755)
        return folder
    folder.rmdir()
    return None


async def unmount(folder: Path) -> None:
    """Take a disk away."""
    process = await asyncio.create_subprocess_exec("umount", "-l", str(folder))
    await process.wait()
    folder.rmdir()
