"""One draft, at most one effect."""

import json

from dialogs.desk import Desk
from dialogs.engine.flow import Flow, Receipt
from dialogs.engine.steps import Answers
from dialogs.engine.walk import walk
from domain.shared.conversations import Draft
from domain.shared.errors import DomainError
from domain.shared.records import Effect

__all__ = ["reopened", "submit_once"]


async def submit_once(flow: Flow, draft: Draft, desk: Desk) -> Receipt:
    """Have a draft's effect, or find what it was if it already had it.

    Returns
    -------
    Receipt
        What the citizen is told. A draft that comes back with other answers (an older
        conversation was restored) gets its first receipt, and no second effect.
    """
    whole = _visible(flow, draft)
    text = json.dumps(whole.answers, ensure_ascii=False, sort_keys=True)
    fingerprint = desk.fingerprint(text)
    effect = await desk.effects.find(draft.id)
    if effect is not None:
        receipt = Receipt.from_json(json.loads(effect.receipt))
        if effect.fingerprint == fingerprint:
            return receipt
        return Receipt(f"这件事之前已经办好了：\n{receipt.text}", receipt.options)
    receipt = await flow.submit(Answers(flow.steps, whole), desk)
    kept = json.dumps(receipt.to_json(), ensure_ascii=False)
    await desk.effects.add(Effect(draft.id, flow.id, fingerprint, kept, desk.clock.now()))
    return receipt


def reopened(flow: Flow, draft: Draft, error: DomainError) -> bool:
    """Open the questions whose answers an error of the effect has spoilt; tell if there are any."""
    spoilt = [name for name, step in flow.steps.items() if step.spoilt_by(error)]
    held = [name for name in spoilt if draft.answers.pop(name, None) is not None]
    # What was given is spoilt as well: beginning anew must not bring it back.
    draft.given[:] = [name for name in draft.given if name not in held]
    return bool(held)


def _visible(flow: Flow, draft: Draft) -> Draft:
    """Return the draft without the answers that a later change of mind has hidden."""
    trail = walk(type(flow), draft).trail
    visible = {
        name: stored
        for name, stored in draft.answers.items()
        if name in trail or name in draft.given
    }
    return Draft(draft.id, draft.flow, draft.version, visible, given=draft.given)
