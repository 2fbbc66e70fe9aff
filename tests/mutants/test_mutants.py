"""The list of mutants cannot rot: each fits the code, and a few are let loose each time."""

import re
from collections import Counter

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.laboratory import Bench, copy_checkout, judge
from tests.mutants.mutant import CHECKOUT, DoesNotApply, Mutant

# Their tests need no stack.
QUICK = (
    "a download follows no redirect",
    "unknown keys are looked for once a minute",
)


def test_there_are_enough_mutants_and_none_twice() -> None:
    assert len(MUTANTS) >= 60
    assert Counter(each.guarantee for each in MUTANTS).most_common(1)[0][1] == 1


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.guarantee)
def test_a_mutant_fits_the_code_and_can_be_compiled(mutant: Mutant) -> None:
    source = mutant.path().read_text()
    applied = mutant.applied(source)
    assert applied != source
    if mutant.path().suffix == ".py":
        compile(applied, mutant.file, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.guarantee)
def test_the_tests_that_are_to_catch_it_are_there(mutant: Mutant) -> None:
    for test in mutant.tests:
        file, _, name = test.partition("[")[0].partition("::")
        source = (CHECKOUT / file).read_text()
        assert re.search(rf"^def {name or 'test_'}", source, re.MULTILINE), test


def test_a_mutant_whose_code_has_moved_on_is_not_applied() -> None:
    mutant = Mutant("something", "app.py", old="once", tests=())
    for source in ("", "once and once again"):
        with pytest.raises(DoesNotApply):
            mutant.applied(source)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(copy_checkout(tmp_path_factory.mktemp("mutants") / "checkout"))


@pytest.mark.parametrize("guarantee", QUICK)
def test_a_mutant_is_caught(bench: Bench, guarantee: str) -> None:
    [mutant] = [each for each in MUTANTS if each.guarantee == guarantee]
    assert judge(bench, mutant).failure is not None
    assert mutant.path(bench.tree).read_text() == mutant.path().read_text()


def test_what_breaks_nothing_survives(bench: Bench) -> None:
    """Or else the laboratory would find every mutant caught, whatever it does."""
    harmless = Mutant(
        "nothing",
        "chalicelib/auth/keysets.py",
        old="MAX_KEYS: Final = 20\n",
        new="MAX_KEYS: Final = 10 + 10\n",
        tests=("tests/auth/test_keysets.py",),
    )
    assert judge(bench, harmless).failure is None
