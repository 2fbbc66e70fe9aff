"""Build the Lambda zip with bytecode in it, and load its handlers as Lambda will.

Chalice ships sources only, so that every cold start would compile them again: /var/task is
read-only. The dates in a zip are fixed, hence bytecode that is not checked against its source.
"""

import json
import os
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
LOAD = Path(__file__).with_name("load.py")

STAGE = "dev"
MISSING_WHEELS = "Could not install dependencies"
IN_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
MEGABYTE = 1024 * 1024
MAX_ZIPPED, MAX_UNZIPPED = 50 * MEGABYTE, 250 * MEGABYTE
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
    for folder in (PACKAGE, TASK, RUNTIME):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        build()
        compile_sources()
        archive()
        check_size()
        check_handlers()
    except PackageUnusable as error:
        print(f"make package: {error}", file=sys.stderr)
        return 1
    return 0


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
    if MISSING_WHEELS in done.stdout:  # and yet it ends with code 0, and leaves a broken zip
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise PackageUnusable(
            "some requirements have no wheel for Lambda's Linux and Python "
            f"{python}, so that the zip lacks them.\n{done.stdout}"
        )


def compile_sources() -> None:
    with ZipFile(ARCHIVE) as made:
        # Bytecode that lay beside the sources of this checkout would be out of date.
        made.extractall(TASK, [name for name in made.namelist() if "__pycache__" not in name])
    options = ("-q", "-j", "0", "--invalidation-mode", "unchecked-hash")
    paths = ("-s", TASK, "-p", "/var/task", TASK)
    done = subprocess.run([sys.executable, "-m", "compileall", *options, *paths], check=False)
    if done.returncode != 0:
        raise PackageUnusable("some of the sources cannot be compiled: see above.")


def archive() -> None:
    """Zip the folder so that equal contents make equal bytes, wherever and whenever."""
    with ZipFile(ARCHIVE, "w", ZIP_DEFLATED) as made:
        for path in sorted(each for each in TASK.rglob("*") if each.is_file()):
            entry = ZipInfo(path.relative_to(TASK).as_posix(), DATE)
            entry.external_attr, entry.compress_type = FILE_MODE, ZIP_DEFLATED
            made.writestr(entry, path.read_bytes())


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
