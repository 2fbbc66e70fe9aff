"""Every mutant. Add one beside those of its kind: a patch, and the tests that are to catch it."""

from tests.mutants import feed, jobs, lives, money, people, vendors, web

MUTANTS = (
    *(*jobs.MUTANTS, *vendors.MUTANTS, *money.MUTANTS),
    *(*people.MUTANTS, *lives.MUTANTS, *web.MUTANTS),
    *feed.MUTANTS,
)
