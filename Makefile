# Every target is a script or a Python module; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo up test crash chaos check fix mutants compatible drill package rehearse bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Set everything up, generate two personas over HTTP, show them
	@scripts/setup
	@.venv/bin/python -m local demo

up: ## Serve the whole system on this machine until Ctrl-C; data is kept
	@scripts/setup
	@.venv/bin/python -m local up

test: ## Run all tests on a stack of their own
	@scripts/setup
	@scripts/test

crash: ## Kill every role at every point (RUNS=100 times), and show what it cost
	@scripts/setup
	@.venv/bin/python -m tests.campaigns crash --runs $(or $(RUNS),100)

chaos: ## Kill at random, with crashes of the database (JOBS=5000, SEED=... to see it again)
	@scripts/setup
	@.venv/bin/python -m tests.campaigns chaos --jobs $(or $(JOBS),5000) $(addprefix --seed ,$(SEED))

check: ## Lint, types, import contracts, sizes, migration drift
	@scripts/setup
	@scripts/check

fix: ## Format, and mend what the linter can mend
	@scripts/setup
	@scripts/fix

mutants: ## Break each guarantee in a copy, and see a test turn red
	@scripts/setup
	@.venv/bin/python -m tests.mutants

compatible: ## Run tests of the release before on the new schema, and the reverse
	@scripts/setup
	@scripts/compatible

drill: ## Restore to a moment, promote the replica, migrate under load; times are printed
	@scripts/setup
	@.venv/bin/python -m tests.drills

package: ## Build the Lambda zip and import its handlers in a bare Python
	@scripts/setup
	@scripts/package

rehearse: ## Apply all of prod to an emulator of AWS, use it, release, destroy
	@scripts/setup
	@scripts/rehearse

bench: ## Measure against floors taken in the same run
	@scripts/setup
	@.venv/bin/python -m bench

clean: ## Remove the local stack's data, caches and the virtual environment
	@scripts/clean
