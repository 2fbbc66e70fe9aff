"""Mutants of how a release comes, goes back, and what is drilled."""

from tests.mutants.mutant import Mutant

DELIVERY = "tests/operations/test_delivery.py"
DRILLS = "tests/operations/test_drills.py"

MUTANTS = (
    Mutant(
        "a release fails as a whole",
        "scripts/delivery.py",
        old="            undo.callback(self._take_back, {name: before[name] for name in moved})\n",
        tests=(f"{DELIVERY}::test_where_one_function_is_taken_back_the_others_are_too",),
    ),
    Mutant(
        "the database is migrated before the traffic is shifted",
        "scripts/delivery.py",
        old=(
            '    environment.migrate(after[f"{environment.name}-migrate"])\n'
            "    environment.shift(before, after)\n"
        ),
        new=(
            "    environment.shift(before, after)\n"
            '    environment.migrate(after[f"{environment.name}-migrate"])\n'
        ),
        tests=(f"{DELIVERY}::test_a_release_leads_every_alias_to_the_newest_version",),
    ),
    Mutant(
        "who goes back out of a release that is coming stays at the one in traffic",
        "scripts/delivery.py",
        old="    target = at if was_coming and at >= 0 else at + 1\n",
        new="    target = at + 1\n",
        tests=(f"{DELIVERY}::test_a_rollback_leads_out_of_a_release_that_is_coming",),
    ),
    Mutant(
        "a migration that has lost a deadlock comes again",
        "chalicelib/workers/migrate.py",
        old="{LOCK_NOT_AVAILABLE, DEADLOCK}",
        new="{LOCK_NOT_AVAILABLE}",
        tests=(
            "tests/workers/test_migrate.py::test_who_ends_in_a_deadlock_with_the_users_comes_again",
        ),
    ),
    Mutant(
        "the drill stops before the mistake",
        "tests/drills/restore.py",
        old="    moment = ask(primary, name, ",
        new="    say(primary, name, MISTAKE)\n        moment = ask(primary, name, ",
        tests=(f"{DRILLS}::test_a_database_is_brought_back_to_the_moment_before_a_mistake",),
    ),
    Mutant(
        "the drill sees that people have to wait",
        "tests/drills/schema.py",
        old="self.changing.errors == 0 and waited <= LONGEST_WAIT",
        new="self.changing.errors == 0",
        tests=(f"{DRILLS}::test_who_waits_and_who_is_refused_has_noticed",),
    ),
    Mutant(
        "the drill sees that people are refused",
        "tests/drills/schema.py",
        old="self.changing.errors == 0 and waited <= LONGEST_WAIT",
        new="waited <= LONGEST_WAIT",
        tests=(f"{DRILLS}::test_who_waits_and_who_is_refused_has_noticed",),
    ),
)
