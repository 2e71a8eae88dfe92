"""Whoever once had the lock saves, however long ago that was."""

from adapters.redis import conversations
from adapters.redis.gather import Script
from tests.chaos.planted.scripts import script_of


def plant() -> None:
    fenced = "if head ~= '' and stamp ~= ARGV[2] then"
    text = conversations._FINISH.text
    assert fenced in text
    unfenced: Script = script_of(text.replace(fenced, "if false then"))
    conversations._FINISH = unfenced  # type: ignore[misc] # planted on purpose
