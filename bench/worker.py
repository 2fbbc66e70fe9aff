"""What ten generations at once cost the worker: its time, and above all its CPU.

Beside it stands the same job as one would write it first: the vendors' SDKs with their defaults,
and three statements. Each runs in a process of its own, and the rounds are interleaved.
"""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import IO, NamedTuple

from bench.generation import CHAIN_MS, IMAGE_MS, MODERATION_MS, TEXT_MS
from bench.samples import interleaved, show
from bench.vendors import Vendors
from local.home import CHECKOUT
from local.settings import process_environment
from local.stack import Stack
from local.vendors.control import Control

ROUNDS = 5
JOBS = 10
GOAL_WALL, GOAL_CPU = 1.10, 115
VARIANTS = {
    "product": "the worker: persona_generator",
    "product-uncounted": "the same without metrics",
    "plain": "the SDKs with their defaults",
    "plain-redrawn": "the same, the picture drawn anew",
}
SECONDS = {
    "/moderations": MODERATION_MS / 1000,
    "/chat/completions": TEXT_MS / 1000,
    "/images/generations": IMAGE_MS / 1000,
}


class Round(NamedTuple):
    """Ten jobs: seconds on the clock, seconds of the process's CPU, its peak memory."""

    wall: float
    cpu: float
    peak_mib: float


def main() -> None:
    with TemporaryDirectory() as directory, Stack(Path(directory), backing_only=True) as stack:
        emulator = stack.env["OPENAI_BASE_URL"].removesuffix("/v1")
        Control(emulator).latency(text=0, moderation=0, image=0)
        env = stack.env | {"DATABASE_POOL_SIZE": "32"}
        _say("chalicelib.migrations", env)
        with Vendors(emulator, SECONDS) as vendors:
            measure(env | {"OPENAI_BASE_URL": vendors.url})
        with Vendors(emulator, dict.fromkeys(SECONDS, 0.0)) as vendors:
            show_pieces(env | {"OPENAI_BASE_URL": vendors.url})


def show_pieces(env: dict[str, str]) -> None:
    taken = json.loads(_say("bench.pieces", env))
    show(
        "The pieces of one generation, one after another (CPU ms, median)",
        ("", "CPU ms"),
        [[name, f"{ms:.2f}"] for name, ms in taken],
    )


def measure(env: dict[str, str]) -> None:
    processes = {name: _start(name, env) for name in VARIANTS}
    rounds = {name: partial(_round, process) for name, process in processes.items()}
    for warm_up in rounds.values():
        warm_up()
    report(interleaved(rounds, rounds=ROUNDS))
    for process in processes.values():
        process.kill()
        process.wait()


def report(taken: dict[str, list[Round]]) -> None:
    print(f"\nVendors: text {TEXT_MS} ms, moderation {MODERATION_MS} ms, image {IMAGE_MS} ms.")
    print(f"Longest chain {CHAIN_MS} ms. A picture has 1 MB as PNG: the vendor's own default,")
    print("which the SDKs take; the worker asks for JPEG.")
    show(
        f"{JOBS} generations at once; median of {ROUNDS} rounds, interleaved",
        (
            "",
            "wall s",
            f"x chain (goal {GOAL_WALL:.2f})",
            "CPU ms a job",
            f"jobs a CPU-s (goal {GOAL_CPU})",
            "peak MiB",
        ),
        [[VARIANTS[name], *_figures(rounds)] for name, rounds in taken.items()],
    )


def _figures(rounds: list[Round]) -> list[str]:
    wall, cpu, peak = (median(column) for column in zip(*rounds, strict=True))
    return [
        f"{wall:.2f}",
        f"{wall * 1000 / CHAIN_MS:.3f}",
        f"{cpu * 1000 / JOBS:.1f}",
        f"{JOBS / cpu:.0f}",
        f"{peak:.0f}",
    ]


def _say(module: str, env: dict[str, str]) -> str:
    command = [sys.executable, "-m", module]
    return subprocess.run(
        command,
        check=True,
        env=process_environment(env),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def _start(variant: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bench.jobs", variant, str(JOBS)],
        env=process_environment(env),
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _round(process: "subprocess.Popen[str]") -> Round:
    orders, answers = _pipes(process)
    orders.write("go\n")
    orders.flush()
    return Round(**json.loads(answers.readline()))


def _pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    return process.stdin, process.stdout
