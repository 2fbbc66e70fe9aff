"""A text of a model's, bought for a step."""

from chalicelib import wiring
from chalicelib.core.ports import Answer, AnswerUnusable, Prompt
from chalicelib.jobs.purchases import Bought, Order
from chalicelib.jobs.runner import Run


def ask(run: Run, step: str, prompt: Prompt, shape: type[Answer]) -> Bought[Answer]:
    """Ask for a text, and once more when the answer does not have the shape."""
    engine = wiring.ports().text
    order = Order(
        step=step,
        service=engine.writing,
        call=lambda: engine.answer(prompt, shape),
        progress=15,
    )
    try:
        return run.buy(order)
    except AnswerUnusable:
        return run.buy(order)
