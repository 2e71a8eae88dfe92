"""Every flow there is, one line each, alphabetical."""

from dialogs.accounts.my_details import MyDetails
from dialogs.accounts.sign_in import SignIn
from dialogs.accounts.sign_out import SignOut
from dialogs.accounts.sign_up import SignUp
from dialogs.content.agreements import ReadAgreements
from dialogs.content.ask import AskQuestion
from dialogs.content.home import Home
from dialogs.engine.catalog import Catalog
from dialogs.engine.flow import Flow
from dialogs.escalation.human import Human
from dialogs.filings.bind_family import BindFamily
from dialogs.filings.my_family import MyFamily
from dialogs.identity.real_name import RealName
from dialogs.plans.browse import Browse
from dialogs.registrations.cancel_registrations import CancelRegistrations
from dialogs.registrations.my_registrations import MyRegistrations
from dialogs.registrations.register import Register

__all__ = ["FLOWS", "catalog"]

FLOWS: tuple[type[Flow], ...] = (
    AskQuestion,
    BindFamily,
    Browse,
    CancelRegistrations,
    Human,
    MyDetails,
    MyFamily,
    MyRegistrations,
    ReadAgreements,
    RealName,
    Register,
    SignIn,
    SignOut,
    SignUp,
)


def catalog() -> Catalog:
    """Compile and check every flow; done once in the life of a process."""
    return Catalog(FLOWS, front=Home(), person=Human.id)
