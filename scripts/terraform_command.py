"""Terraform as the scripts call it: without questions, and with the provider of this machine."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

CHECKOUT = Path(__file__).resolve().parent.parent
TERRAFORM = CHECKOUT / "terraform"
PROVIDER = "registry.terraform.io/hashicorp/aws"
PLUGINS = "TERRAFORM_PLUGINS"

NO_TERRAFORM = "there is no `terraform` on the PATH. Version 1.11 or newer is wanted."
NO_PROVIDER = f"""\
the AWS provider is not on this machine, and the registry does not answer.
  Where there is a network, `terraform -chdir=terraform providers mirror FOLDER` downloads it. Name
  that folder in {PLUGINS}, or make it one that Terraform looks into by itself
  (~/.terraform.d/plugins, /usr/share/terraform/plugins)."""


class ProviderMissing(Exception):
    """There is no folder with the provider here, and no way to the registry."""


class TerraformFailed(Exception):
    """The message is Terraform's own."""


def terraform(
    *arguments: str,
    folder: Path = TERRAFORM,
    environment: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end. What it says is told line by line, and kept."""
    ours = {
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_CLI_ARGS": "-no-color",
        "TF_CLI_CONFIG_FILE": _config_file(),
    }
    said = []
    with (
        TemporaryFile("w+") as complaints,
        subprocess.Popen(
            ["terraform", f"-chdir={folder}", *arguments],  # noqa: S607 - whichever is on the PATH
            env={**os.environ, **ours, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as running,
    ):
        for line in running.stdout or ():
            tell(line)
            said.append(line)
        code = running.wait()
        complaints.seek(0)
        return subprocess.CompletedProcess(running.args, code, "".join(said), complaints.read())


def initialise(*options: str, folder: Path = TERRAFORM) -> None:
    found = plugin_folder()
    plugins = (f"-plugin-dir={found}",) if found else ()
    done = terraform("init", *options, *plugins, folder=folder)
    if done.returncode != 0 and not plugins and "provider" in done.stderr:
        raise ProviderMissing
    if done.returncode != 0:
        raise TerraformFailed(done.stderr)


def plugin_folder() -> Path | None:
    """Return the folder that is named in the environment, or the first of Terraform's own."""
    named = [Path(os.environ[PLUGINS])] if PLUGINS in os.environ else []
    return next((each for each in (*named, *_implied()) if (each / PROVIDER).is_dir()), None)


def _implied() -> Sequence[Path]:
    shared = os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":")
    homes = (Path.home() / ".terraform.d", Path.home() / ".local" / "share" / "terraform")
    return [each / "plugins" for each in (*homes, *(Path(one) / "terraform" for one in shared))]


def _config_file() -> str:
    """Return the user's own, if there is one: Terraform warns of a name that leads nowhere."""
    named = os.environ.get("TF_CLI_CONFIG_FILE", "")
    return named if Path(named).is_file() else os.devnull
