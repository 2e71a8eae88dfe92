"""Work that no message asks for.

`outbox` sends what is to be told, `schedule` does what is due at set times, `exports` writes files
for officers, `rounds` lets all run for as long as a process lives, `worker` is a process that does
nothing else. All state lies in SQL: whoever dies is replaced by whoever looks next.
"""

from bot.jobs.outbox import deliver
from bot.jobs.rounds import jobs
from bot.jobs.schedule import run_due

__all__ = ["deliver", "jobs", "run_due"]
