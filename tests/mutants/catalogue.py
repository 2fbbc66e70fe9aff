from tests.mutants import jobs, people, vendors, web

MUTANTS = (*jobs.MUTANTS, *vendors.MUTANTS, *people.MUTANTS, *web.MUTANTS)
