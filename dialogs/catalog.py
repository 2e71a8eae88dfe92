"""Every flow there is, one line each, alphabetical."""

from dialogs.accounts.change_phone import ChangePhone
from dialogs.accounts.close_account import CloseAccount
from dialogs.accounts.co_residents import CoResidents
from dialogs.accounts.collected import Collected
from dialogs.accounts.contact_phone import ContactPhone
from dialogs.accounts.emergency_contact import EmergencyPerson
from dialogs.accounts.export_my_data import ExportMyData
from dialogs.accounts.my_data import MyData
from dialogs.accounts.my_details import MyDetails
from dialogs.accounts.my_sessions import MySessions
from dialogs.accounts.recover import Recover
from dialogs.accounts.reset_password import ResetPassword
from dialogs.accounts.sign_in import SignIn
from dialogs.accounts.sign_out import SignOut
from dialogs.accounts.sign_up import SignUp
from dialogs.accounts.undo_recovery import UndoRecovery
from dialogs.accounts.withdraw_consent import WithdrawConsent
from dialogs.content.agreements import ReadAgreements
from dialogs.content.announcements import Announcements
from dialogs.content.ask import AskQuestion
from dialogs.content.guides import Guides
from dialogs.content.home import Home
from dialogs.content.rate_answer import RateAnswer
from dialogs.content.version import Version
from dialogs.engine.catalog import Catalog
from dialogs.engine.flow import Flow
from dialogs.escalation.human import Human
from dialogs.escalation.rate import Rate
from dialogs.filings.bind_family import BindFamily
from dialogs.filings.my_family import MyFamily
from dialogs.identity.real_name import RealName
from dialogs.notices.notice_settings import NoticeSettings
from dialogs.plans.browse import Browse
from dialogs.plans.stroll import Stroll
from dialogs.registrations.cancel_registrations import CancelRegistrations
from dialogs.registrations.my_registrations import MyRegistrations
from dialogs.registrations.register import Register

__all__ = ["FLOWS", "catalog"]

FLOWS: tuple[type[Flow], ...] = (
    Announcements,
    AskQuestion,
    BindFamily,
    Browse,
    CancelRegistrations,
    ChangePhone,
    CloseAccount,
    CoResidents,
    Collected,
    ContactPhone,
    EmergencyPerson,
    ExportMyData,
    Guides,
    Human,
    MyData,
    MyDetails,
    MyFamily,
    MyRegistrations,
    MySessions,
    NoticeSettings,
    Rate,
    RateAnswer,
    ReadAgreements,
    RealName,
    Recover,
    Register,
    ResetPassword,
    SignIn,
    SignOut,
    SignUp,
    UndoRecovery,
    Version,
    WithdrawConsent,
)


def catalog() -> Catalog:
    """Compile and check every flow; done once in the life of a process."""
    home = Home()
    return Catalog(FLOWS, front=home, person=Human.id, short_way=Stroll(home.page()))
