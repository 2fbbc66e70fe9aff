"""Mutants of what an environment's functions are told, may do, and sign in as."""

from tests.mutants.mutant import Mutant

ROTATION = "tests/workers/test_rotation.py"
RIGHTS = "tests/local/test_rights.py"
TOLD = "tests/test_infrastructure.py"

MUTANTS = (
    Mutant(
        "the two roles take turns",
        "chalicelib/workers/rotation.py",
        old='role = second if _of(known, "database_url") == first else first',
        new="role = first",
        tests=(
            f"{ROTATION}::test_whoever_has_the_settings_of_before_is_let_in_until_the_month_after",
        ),
    ),
    Mutant(
        "a rotation that begins again goes on with the version that it proposed",
        "chalicelib/workers/rotation.py",
        old="if vault.proposed(wanted.secret, version=wanted.version) is not None:",
        new="if vault is None:",
        tests=(f"{ROTATION}::test_a_rotation_that_begins_again_goes_on_with_what_it_proposed",),
    ),
    Mutant(
        "a password is tried before it is in force",
        "chalicelib/workers/rotation.py",
        old="        require_entry(proposed[name])\n",
        new="        proposed[name]\n",
        tests=(f"{ROTATION}::test_a_password_that_does_not_hold_is_found_out",),
    ),
    Mutant(
        "the application may read the tables of releases to come",
        "chalicelib/migrations/roles.py",
        old='    f"{_LATER} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{}}",\n',
        tests=(f"{ROTATION}::test_a_table_that_comes_later_is_the_application_s_too",),
    ),
    Mutant(
        "the application has the owner's deadlines",
        "chalicelib/migrations/roles.py",
        old='SET {} FROM CURRENT"',
        new='RESET {}"',
        tests=(f"{ROTATION}::test_the_server_keeps_the_owner_s_deadlines_for_the_application",),
    ),
    Mutant(
        "the owner's address lies over the settings",
        "chalicelib/core/config.py",
        old="return (*sources, *secrets)",
        new="return (*sources, *reversed([*secrets]))",
        tests=("tests/core/test_config.py::test_of_two_secrets_the_first_wins",),
    ),
    Mutant(
        "a right that nobody uses fails the rehearsal",
        "local/rehearsal/rights.py",
        old="if not is_used and grant.sid not in REASONS:",
        new="if not is_used and grant.sid in REASONS:",
        tests=(f"{RIGHTS}::test_a_grant_that_nobody_uses_is_told",),
    ),
    Mutant(
        "a function is told where its pictures are",
        "terraform/main.tf",
        old="      MEDIA_BUCKET      =",
        new="      MEDIA_BUCKTE      =",
        tests=(f"{TOLD}::test_no_function_lacks_a_setting",),
    ),
)
