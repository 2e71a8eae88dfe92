"""The words flows are written with, in one place."""

from dialogs.desk import Desk, Need
from dialogs.engine.choices import Choose, ChooseMany, Menu
from dialogs.engine.flow import Flow, Receipt, SettledError, check
from dialogs.engine.kinds import UnfitError
from dialogs.engine.messages import Option, Reply, Start
from dialogs.engine.outside import Code, Field, Secure
from dialogs.engine.pictured import FromPhoto, SecureOrPhoto
from dialogs.engine.repeat import Repeat
from dialogs.engine.steps import Answers, Ask, Photo, Section
from dialogs.engine.texts import Agree, AsideError, Read, Reading

__all__ = [
    "Agree",
    "Answers",
    "AsideError",
    "Ask",
    "Choose",
    "ChooseMany",
    "Code",
    "Desk",
    "Field",
    "Flow",
    "FromPhoto",
    "Menu",
    "Need",
    "Option",
    "Photo",
    "Read",
    "Reading",
    "Receipt",
    "Repeat",
    "Reply",
    "Section",
    "Secure",
    "SecureOrPhoto",
    "SettledError",
    "Start",
    "UnfitError",
    "check",
]
