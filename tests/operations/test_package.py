"""What is put into the zip for Lambda, and what keeps a zip from being made."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest

REQUIREMENTS = """
openai==3.52.0
    # via persona-ai (pyproject.toml)
python-jose==3.5.0
"""
ELF = b"\x7fELF".ljust(18, b"\0")
X86_64, AARCH64 = b"\x3e\0", b"\xb7\0"


@pytest.fixture(scope="module")
def package(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("package", checkout / "scripts" / "package.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A folder such as Chalice leaves, with two packages in it."""
    task = tmp_path / "task"
    for name in ("openai-3.52.0.dist-info", "python_jose-3.5.0.dist-info", "openai/tests"):
        (task / name).mkdir(parents=True)
    (task / "openai" / "__init__.py").write_text(
        'WORDS = {"c", "a", "b"}\nA = {"c", "a"} | WORDS\n'
    )
    (task / "openai" / "known.py").write_text(
        'def known(word):\n    return word in {"one", "two", "three", "four", b"five", None, 6}\n'
    )
    (task / "openai" / "types.pyi").touch()
    (task / "openai" / "tests" / "test_openai.py").touch()
    (task / "openai-3.52.0.dist-info" / "METADATA").touch()
    (task / "openai-3.52.0.dist-info" / "RECORD").touch()
    return task


def names(task: Path) -> set[str]:
    return {path.relative_to(task).as_posix() for path in task.rglob("*") if path.is_file()}


def test_every_requirement_has_to_be_there(package: ModuleType, task: Path) -> None:
    package.check_wheels(task, REQUIREMENTS)
    (task / "python_jose-3.5.0.dist-info").rename(task / "python_jose-3.4.0.dist-info")
    with pytest.raises(package.PackageUnusable, match=r"python_jose 3\.5\.0\.$"):
        package.check_wheels(task, REQUIREMENTS)


@pytest.mark.parametrize(
    ("name", "machine", "is_taken"),
    [
        ("one.cpython-{ours}-x86_64-linux-gnu.so", X86_64, True),
        ("one.abi3.so", X86_64, True),
        ("libone-1.so.6.2", X86_64, True),
        ("one.cpython-{ours}-x86_64-linux-gnu.so", AARCH64, False),
        ("libone-1.so.6.2", AARCH64, False),
        ("one.cpython-39-x86_64-linux-gnu.so", X86_64, False),
    ],
)
def test_what_is_compiled_has_to_be_for_lambda(
    package: ModuleType, task: Path, name: str, machine: bytes, *, is_taken: bool
) -> None:
    ours = f"{sys.version_info.major}{sys.version_info.minor}"
    (task / "openai" / name.format(ours=ours)).write_bytes(ELF + machine)
    if is_taken:
        package.check_machine(task)
        return
    with pytest.raises(package.PackageUnusable, match="is not for Lambda's x86_64"):
        package.check_machine(task)


def test_what_nothing_looks_for_is_left_out(package: ModuleType, task: Path) -> None:
    package.prune(task)
    assert names(task) == {
        *("openai/__init__.py", "openai/known.py"),
        "openai-3.52.0.dist-info/METADATA",
    }


def zipped(package: ModuleType, task: Path, target: Path) -> str:
    package.compile_sources(task)
    package.archive(task, target)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def test_equal_contents_make_equal_bytes(
    package: ModuleType, task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere, later, with other rights, written in another order, and with another hash seed."""
    elsewhere = tmp_path / "elsewhere" / "task"
    elsewhere.mkdir(parents=True)
    for path in sorted(task.rglob("*"), reverse=True):
        copy = elsewhere / path.relative_to(task)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copyfile(path, copy)
            os.utime(copy, (1, 1))
            copy.chmod(0o600)
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    first = zipped(package, task, tmp_path / "1.zip")
    monkeypatch.setenv("PYTHONHASHSEED", "2")
    assert zipped(package, elsewhere, tmp_path / "2.zip") == first


def test_bytecode_is_never_checked_against_a_source(
    package: ModuleType, task: Path, tmp_path: Path
) -> None:
    zipped(package, task, tmp_path / "1.zip")
    with ZipFile(tmp_path / "1.zip") as made:
        compiled = [name for name in made.namelist() if name.endswith(".pyc")]
        flags = {made.read(name)[4:8] for name in compiled}
    assert len(compiled) == 3
    assert flags == {b"\1\0\0\0"}  # by a hash (bit 0), which is not checked (bit 1)


def test_two_builds_that_differ_are_refused(package: ModuleType) -> None:
    package.check_same("a", "a")
    with pytest.raises(package.PackageUnusable, match="differ: a and b"):
        package.check_same("a", "b")


def test_without_the_python_of_lambda_it_is_said_what_to_do(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(checkout / "scripts" / "package", tmp_path / "scripts")
    done = subprocess.run(  # noqa: S603 - our own script
        [tmp_path / "scripts" / "package"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "is needed" not in done.stderr:
        pytest.skip("the system has this Python")
    assert done.returncode == 1
    assert "PACKAGE_PYTHON=" in done.stderr
