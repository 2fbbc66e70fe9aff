"""Every mutant. Add one beside those of its kind: a patch, and the tests that are to catch it."""

from tests.mutants import (
    cards,
    delivery,
    environments,
    feed,
    jobs,
    lives,
    money,
    operations,
    people,
    talks,
    vendors,
    web,
)

MUTANTS = (
    *(*jobs.MUTANTS, *vendors.MUTANTS, *money.MUTANTS),
    *(*people.MUTANTS, *lives.MUTANTS, *talks.MUTANTS),
    *(*cards.MUTANTS, *feed.MUTANTS, *web.MUTANTS),
    *(*operations.MUTANTS, *delivery.MUTANTS, *environments.MUTANTS),
)
