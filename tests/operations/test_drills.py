"""What is lost by mistake can be had again. `make drill` does the same with more, and the rest."""

from local.stack import Stack
from tests.drills.restore import restore
from tests.operations.heads import newest


def test_a_database_is_brought_back_to_the_moment_before_a_mistake(stack: Stack) -> None:
    drill = restore(stack, people=500)
    assert drill.rows >= 1000
    assert drill.after_mistake["users"][0] == 0
    assert drill.restored == drill.before
    assert drill.revision == newest()
