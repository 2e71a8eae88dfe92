"""What lives as long as the process, and what is made for a turn. The only importer of adapters.

`start` says whether citizens may be served at all, `stores` and `outside` choose who keeps and who
answers, `resources` holds it all together and makes the desk of a turn.
"""

from adapters.demo_officers import DEMO_OFFICERS, DEMO_PASSWORD, DEMO_SEED
from bot.wiring.outside import AGREE_PATH, OPENER_PATH
from bot.wiring.platform import Platform, WechatSaidNoError, open_platform
from bot.wiring.records import Records, open_records
from bot.wiring.resources import Resources, SealBrokenError, SqlWork, StandIns
from bot.wiring.start import VERSION, StartRefusedError, check, load_demo, migrate

__all__ = [
    "AGREE_PATH",
    "DEMO_OFFICERS",
    "DEMO_PASSWORD",
    "DEMO_SEED",
    "OPENER_PATH",
    "VERSION",
    "Platform",
    "Records",
    "Resources",
    "SealBrokenError",
    "SqlWork",
    "StandIns",
    "StartRefusedError",
    "WechatSaidNoError",
    "check",
    "load_demo",
    "migrate",
    "open_platform",
    "open_records",
]
