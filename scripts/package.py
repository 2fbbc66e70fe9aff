"""Build the Lambda zip with bytecode in it, and load its handlers as Lambda will.

Chalice ships sources only, so that every cold start would compile them again: /var/task is
read-only. The dates in a zip are fixed, hence bytecode that is not checked against its source. The
same commit makes the same zip, byte for byte: `--twice` builds it again from nothing and compares.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "build" / "package"
ARCHIVE = PACKAGE / "deployment.zip"
TASK = CHECKOUT / "build" / "task"
RUNTIME = CHECKOUT / "build" / "runtime"
CACHE = CHECKOUT / ".chalice" / "deployments"
LOAD = Path(__file__).with_name("load.py")

STAGE = "dev"
MACHINES = {0x3E: "x86_64", 0xB7: "aarch64"}
MACHINE = "x86_64"
ELF_MACHINE = slice(18, 20)
IN_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
MEGABYTE = 1024 * 1024
MAX_ZIPPED, MAX_UNZIPPED = 50 * MEGABYTE, 250 * MEGABYTE
# What nothing that runs looks for: other people's tests, types, sources in C, lists of files.
NEEDLESS = (
    *("**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.c", "**/*.h", "*.dist-info/RECORD"),
    *("*/tests", "*/*/tests", "*/event_handler/openapi/swagger_ui"),
)
DATE = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644 << 16

# Every setting without a default, and the region, which Lambda itself sets.
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-north-1",
    "DATABASE_URL": "postgresql+psycopg2://persona@127.0.0.1:1/persona",
    "MEDIA_BUCKET": "media",
    "GOOGLE_CLIENT_ID": "client",
    "ACCESS_TOKEN_KEYS": json.dumps({"first": "0123456789abcdef" * 4}),
    "REFRESH_TOKEN_KEY": "fedcba9876543210" * 4,
    "RESPONDENT_KEY": "02468ace13579bdf" * 4,
    "SEALING_KEY": "13579bdf02468ace" * 4,
    "WEBHOOK_KEY": "1122334455667788" * 4,
    "CARD_KEY": "02468ace13579bdf" * 4,
    "OPENAI_API_KEY": "sk-none",
    "REPLICATE_API_TOKEN": "r8_none",
}


class PackageUnusable(Exception):
    """The message says in a sentence what is wrong with the package, or why there is none."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/package")
    parser.add_argument("--twice", action="store_true", help="build it again, and compare")
    is_twice = parser.parse_args().twice
    try:
        made = make()
        if is_twice:
            shutil.rmtree(CACHE, ignore_errors=True)
            check_same(made, make())
        check_size()
        check_handlers()
    except PackageUnusable as error:
        shutil.rmtree(CACHE, ignore_errors=True)  # Chalice would take it for complete
        print(f"make package: {error}", file=sys.stderr)
        return 1
    ARCHIVE.with_suffix(".zip.sha256").write_text(f"{made}\n")
    print(f"  SHA-256    {made}")
    return 0


def make() -> str:
    """Return the SHA-256 of the zip."""
    for folder in (PACKAGE, TASK, RUNTIME):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    build()
    unpack()
    check_wheels(TASK, (CHECKOUT / "requirements.txt").read_text())
    check_machine(TASK)
    prune(TASK)
    compile_sources(TASK)
    archive(TASK, ARCHIVE)
    return hashlib.sha256(ARCHIVE.read_bytes()).hexdigest()


def build() -> None:
    print(f"Packaging stage {STAGE} (about a minute, unless the requirements are as before) ...")
    chalice = Path(sys.executable).with_name("chalice")
    done = subprocess.run(
        [chalice, "package", "--stage", STAGE, PACKAGE],
        cwd=CHECKOUT,
        env={"AWS_DEFAULT_REGION": ENVIRONMENT["AWS_DEFAULT_REGION"], **os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PackageUnusable(f"chalice ended with code {done.returncode}.\n{done.stdout}")


def unpack() -> None:
    with ZipFile(ARCHIVE) as made:
        # Bytecode that lay beside the sources of this checkout would be out of date.
        made.extractall(TASK, [name for name in made.namelist() if "__pycache__" not in name])


def check_wheels(task: Path, requirements: str) -> None:
    """Chalice ends well without a package that has no wheel for Lambda, and says so once."""
    wanted = {
        (_plain(name), version)
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", requirements, re.MULTILINE)
    }
    found = {tuple(path.stem.split("-", 1)) for path in task.glob("*.dist-info")}
    missing = wanted - {(_plain(name), version) for name, version in found}
    if missing:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        names = ", ".join(sorted(f"{name} {version}" for name, version in missing))
        raise PackageUnusable(
            f"these have no wheel for Lambda's Linux and Python {python}, "
            f"so that the zip lacks them: {names}."
        )


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def check_machine(task: Path) -> None:
    """See that what is compiled was compiled for Lambda's machine and Python."""
    ours = f"cpython-{sys.version_info.major}{sys.version_info.minor}"
    for path in sorted(task.rglob("*.so*")):
        machine = MACHINES.get(int.from_bytes(path.read_bytes()[ELF_MACHINE], "little"))
        of_python = re.search(r"cpython-\d+", path.name)
        if machine != MACHINE or (of_python and of_python[0] != ours):
            where = path.relative_to(task)
            raise PackageUnusable(f"{where} is not for Lambda's {MACHINE} and {ours}.")


def prune(task: Path) -> None:
    for pattern in NEEDLESS:
        for path in task.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def compile_sources(task: Path) -> None:
    options = ("-q", "-j", "0", "--invalidation-mode", "unchecked-hash")
    paths = ("-s", task, "-p", "/var/task", task)
    done = subprocess.run(
        [sys.executable, "-m", "compileall", *options, *paths],
        env=os.environ | {"PYTHONHASHSEED": "0"},  # sets of constants are written in its order
        check=False,
    )
    if done.returncode != 0:
        raise PackageUnusable("some of the sources cannot be compiled: see above.")


def archive(task: Path, target: Path) -> None:
    """Zip the folder so that equal contents make equal bytes, wherever and whenever."""
    with ZipFile(target, "w", ZIP_DEFLATED) as made:
        for path in sorted(each for each in task.rglob("*") if each.is_file()):
            entry = ZipInfo(path.relative_to(task).as_posix(), DATE)
            entry.external_attr, entry.compress_type = FILE_MODE, ZIP_DEFLATED
            made.writestr(entry, path.read_bytes())


def check_same(first: str, second: str) -> None:
    if first != second:
        raise PackageUnusable(f"two builds of the same commit differ: {first} and {second}.")
    print("Built twice from nothing: the same bytes.")


def check_size() -> None:
    zipped = ARCHIVE.stat().st_size
    with ZipFile(ARCHIVE) as made:
        unzipped = sum(entry.file_size for entry in made.infolist())
    print(f"{ARCHIVE.relative_to(CHECKOUT)}")
    for label, size, limit in (
        ("zipped", zipped, MAX_ZIPPED),
        ("unzipped", unzipped, MAX_UNZIPPED),
    ):
        print(f"  {label:<10} {size / MEGABYTE:6.1f} MB of {limit / MEGABYTE:.0f} MB")
        if size > limit:
            raise PackageUnusable(f"the package is too large for Lambda when {label}.")


def check_handlers() -> None:
    shutil.rmtree(TASK)
    with ZipFile(ARCHIVE) as made:
        made.extractall(TASK)
    print(f"In a bare Python, with the package and {', '.join(IN_THE_RUNTIME)} of the runtime:")
    link_runtime()
    for handler in [*handlers(), "everything"]:
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-B", LOAD, handler, TASK, RUNTIME],
            cwd=TASK,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PackageUnusable(f"{handler} does not load.\n{done.stdout}{done.stderr}")
        seconds, said = time.perf_counter() - started, done.stdout.splitlines()[-1]
        print(f"  {handler:<54} {seconds:4.1f} s  {said}")


def link_runtime() -> None:
    """Collect what the Lambda runtime has beside the standard library: boto3 and its own needs."""
    for name in IN_THE_RUNTIME:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise PackageUnusable(f"{name} is not installed in {sys.prefix}.")
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (RUNTIME / source.name).symlink_to(source)


def handlers() -> Iterator[str]:
    template: Mapping[str, Mapping[str, object]] = json.loads((PACKAGE / "sam.json").read_text())
    for resource in template["Resources"].values():
        match resource:
            case {"Type": "AWS::Serverless::Function", "Properties": {"Handler": str(handler)}}:
                yield handler


if __name__ == "__main__":
    sys.exit(main())
