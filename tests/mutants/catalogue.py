"""Every mutant. Add one beside those of its kind: a patch, and the tests that are to catch it."""

from tests.mutants import jobs, money, people, vendors, web

MUTANTS = (
    *(*jobs.MUTANTS, *vendors.MUTANTS, *money.MUTANTS),
    *(*people.MUTANTS, *web.MUTANTS),
)
