"""What Terraform tells the functions is what they ask for: nothing lacks, nothing is misspelt."""

import json
import re
from pathlib import Path

from chalicelib.core.config import Rotation, Settings

NAMED = re.compile(r"^\s+([A-Z][A-Z_]+)\s+=", re.MULTILINE)
NOT_A_SETTING = {"SECRETS_ID"}


def terraform(checkout: Path, path: str) -> str:
    return (checkout / "terraform" / path).read_text()


def in_the_environment(checkout: Path) -> set[str]:
    queues = re.findall(r'on_sqs_message\(queue="(\w+)"', workers(checkout))
    named = {
        name
        for path in ("main.tf", "rotation.tf")
        for name in NAMED.findall(terraform(checkout, path))
    }
    told = named | set(NAMED.findall(terraform(checkout, "modules/auth/outputs.tf")))
    return {name.lower() for name in told} | {
        f"{queue.removesuffix('s')}_queue" for queue in queues
    }


def workers(checkout: Path) -> str:
    files = (checkout / "chalicelib" / "workers").glob("*.py")
    return "".join(path.read_text() for path in files)


def in_the_secret(checkout: Path) -> set[str]:
    source = terraform(checkout, "modules/secrets/main.tf")
    (made_up,) = re.findall(r"keys = toset\((\[.*\])\)", source)
    version = source[source.index('secret_version" "settings"') :]
    return set(json.loads(made_up)) | set(re.findall(r"^\s{6}(\w+)\s+=", version, re.MULTILINE))


def by_rotation() -> set[str]:
    return {name for name in Rotation.model_fields if name.endswith("_url")}


def test_no_function_lacks_a_setting(checkout: Path) -> None:
    needed = {name for name, field in Settings.model_fields.items() if field.is_required()}
    given = in_the_environment(checkout) | in_the_secret(checkout) | by_rotation()
    assert needed - given == set()


def test_nothing_is_told_that_nobody_reads(checkout: Path) -> None:
    told = in_the_environment(checkout) | in_the_secret(checkout) | by_rotation()
    assert told - {name.lower() for name in NOT_A_SETTING} - Settings.model_fields.keys() == set()


def test_the_read_me_names_every_setting(checkout: Path) -> None:
    table = (checkout / "README.md").read_text().partition("## Settings")[2]
    named = set(re.findall(r"`([A-Z_]+)`", table))
    assert {name.upper() for name in Settings.model_fields} - named == set()


def test_every_function_of_the_package_is_in_functions_tf(checkout: Path) -> None:
    config = json.loads((checkout / ".chalice" / "config.json").read_text())
    sized = config["stages"]["dev"]["lambda_functions"].keys()
    entries = re.findall(
        r"^    (\w+) = \{$", terraform(checkout, "functions/functions.tf"), re.MULTILINE
    )
    declared = re.findall(r'@handlers\.\w+\(.*name="(\w+)"\)', workers(checkout))
    assert set(entries) == {*declared, "api_handler"}
    assert set(sized) <= set(entries)
