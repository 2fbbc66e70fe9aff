"""The healthy processes of a campaign, and how the doomed ones are sent to their end."""

from collections import deque
from collections.abc import Iterable, Sequence
from multiprocessing.connection import wait
from typing import Any

from tests.campaigns.nursery import Fate, Hand, RoleFailed, killed

HEALTHY = 2
DOOMED_AT_ONCE = 3

Telling = tuple[str, tuple[Any, ...]]


class Crew:
    """Processes that live as long as the campaign, and share what there is to do."""

    def __init__(self, size: int = HEALTHY) -> None:
        self._hands = [Hand() for _ in range(size)]

    def ask(self, role: str, *arguments: Any) -> Any:
        return self._hands[0].ask(role, *arguments)

    def each(self, role: str, calls: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Do a role once for each set of arguments, and return the answers in their order.

        Raises `RoleFailed` once everybody has answered: nobody's answer is left for the next call.
        """
        waiting = deque(enumerate(calls))
        idle = list(self._hands)
        busy: dict[Any, tuple[Hand, int]] = {}
        answers: dict[int, Any] = {}
        failures: list[RoleFailed] = []
        while waiting or busy:
            while waiting and idle:
                number, arguments = waiting.popleft()
                hand = idle.pop()
                hand.tell(role, *arguments)
                busy[hand.connection] = hand, number
            for ready in wait(list(busy)):
                hand, number = busy.pop(ready)
                try:
                    answers[number] = hand.answer()
                except RoleFailed as failure:
                    failures.append(failure)
                idle.append(hand)
        if failures:
            raise failures[0]
        return [answers[number] for number in sorted(answers)]


def strike(point: str, tellings: Sequence[Telling]) -> int:
    """Give each thing to do to a process of its own, doomed to die at the point; return how many
    did."""
    waiting = deque(tellings)
    living: dict[Any, Hand] = {}
    deaths = 0
    while waiting or living:
        while waiting and len(living) < DOOMED_AT_ONCE:
            role, arguments = waiting.popleft()
            hand = Hand(Fate(point))
            hand.tell(role, *arguments)
            living[hand.connection] = hand
        for ready in wait(list(living)):
            deaths += killed(living.pop(ready))
    return deaths
