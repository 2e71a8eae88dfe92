"""A stand-in for the platform where it makes codes that carry a scene."""

from datetime import timedelta
from typing import Final
from urllib.parse import quote

from adapters.simulated import Line
from domain.posters.model import SceneCode
from domain.posters.service import ScenesUsedUpError

__all__ = ["SimulatedSceneCodes"]

_MOST_PERMANENT: Final = 100_000


class SimulatedSceneCodes:
    """The `SceneCodes` of the sandbox: held before a camera, its codes open the simulator.

    Parameters
    ----------
    public_url
        Where the simulator is.

    ``permanent`` holds the scenes that work for ever, of which there are ``most_permanent``.
    """

    def __init__(self, public_url: str, *, most_permanent: int = _MOST_PERMANENT) -> None:
        self.line = Line()
        self.permanent: set[str] = set()
        self.most_permanent = most_permanent
        self._public_url = public_url

    async def make(self, scene: str, *, life: timedelta | None) -> SceneCode:
        """Have a code made; see the port."""
        await self.line.reach()
        if life is None:
            if len(self.permanent | {scene}) > self.most_permanent:
                raise ScenesUsedUpError
            self.permanent.add(scene)
        self.line.answer()
        return self.code_of(scene)

    def code_of(self, scene: str) -> SceneCode:
        """Return what is given for a scene: always the same."""
        url = f"{self._public_url}/simulator?scan={quote(scene, safe='')}"
        return SceneCode(url, f"gQSandbox-{scene}")
