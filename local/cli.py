"""`python -m local`: the stack at a terminal."""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local import services, welcome
from local.guardian import Registry
from local.home import CHECKOUT, AlreadyRunning, Home, NotRunning
from local.ports import HOST, NoFreePort
from local.postgres import PasswordUnknown
from local.service import Cancelled, ServiceFailed
from local.settings import UserSettings, process_environment
from local.sign_in import SignInFailed
from local.stack import Stack
from local.unprivileged import NoIdentity
from local.vendors import control

_REFUSALS = (
    *(AlreadyRunning, NotRunning, NoFreePort, NoIdentity),
    *(PasswordUnknown, ServiceFailed, SignInFailed),
)
_INTERRUPTED = 130
_WATCH_SECONDS = 0.25

Command = Callable[[Namespace, Sequence[str]], int]


def main(argv: Sequence[str]) -> int:
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    if rest and arguments.command not in _DELEGATING:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        code: int = arguments.command(arguments, rest)
    except _REFUSALS as refusal:
        return _refuse(str(refusal))
    except PermissionError as error:
        return _refuse(f"{error}. Has another user run the stack here?")
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def up(arguments: Namespace, _rest: Sequence[str]) -> int:
    started = time.monotonic()
    stack = Stack(
        arguments.dir,
        backing_only=arguments.backing,
        fsync=True,
        ports="free" if arguments.free_ports else "usual",
        user=UserSettings.read(arguments.env_file),
        say=_say,
    )
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: stack.cancelled.set())
    try:
        with stack:
            _say(f"\nready in {time.monotonic() - started:.2f} s\n")
            _say(welcome.text(stack))
            _watch(stack)
    except Cancelled:
        _say("stopped before it was ready")
    return 0


def env(arguments: Namespace, _rest: Sequence[str]) -> int:
    for name, value in _running(arguments)["env"].items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def token(arguments: Namespace, _rest: Sequence[str]) -> int:
    print(welcome.access_token(_running(arguments)["env"], arguments.name))
    return 0


def status(arguments: Namespace, _rest: Sequence[str]) -> int:
    state, home = _running(arguments), Home(arguments.dir)
    print(f"{'service':<10} {'port':>5} {'pid':>7}  log")
    for name, pid in state["pids"].items():
        port = state["ports"].get(name, "")
        print(f"{name:<10} {port:>5} {pid:>7}  {home.log(name)}")
    return 0


def clean(arguments: Namespace, _rest: Sequence[str]) -> int:
    home = Home(arguments.dir)
    if not home.secrets.exists():
        print(f"There is nothing in {home.path}.")
        return 0
    with home.lock():
        for leftover in home.old_registries():
            Registry(leftover).end_all()
        home.clear()
    print(f"The data of the stack in {home.path} is gone.")
    return 0


def ai(arguments: Namespace, rest: Sequence[str]) -> int:
    if not rest or {"-h", "--help"} & {*rest}:
        return control.main(rest, "")
    ports = _running(arguments)["ports"]
    if "vendors" not in ports:
        return _refuse("No AI vendor is emulated: .env names others.")
    return control.main(rest, f"http://{HOST}:{ports['vendors']}")


def redrive(arguments: Namespace, _rest: Sequence[str]) -> int:
    """Call the function, as `aws lambda invoke` does."""
    os.environ |= _running(arguments)["env"]
    from chalicelib.workers.redrive import redrive as move  # noqa: PLC0415 - needs the settings

    for queue, moved in move({"limit": arguments.limit}, None).items():
        print(f"{queue}: {moved} moved")
    return 0


def demo(_arguments: Namespace, rest: Sequence[str]) -> int:
    from local.demo import main as show  # noqa: PLC0415 - only this command draws pictures

    return show(rest)


def quality(_arguments: Namespace, _rest: Sequence[str]) -> int:
    from local.quality import report  # noqa: PLC0415 - only this command writes personas

    print(report())
    return 0


def pairs(arguments: Namespace, _rest: Sequence[str]) -> int:
    from local.pairs import report  # noqa: PLC0415 - only this command draws pictures

    print(report(arguments.to))
    return 0


def drift(_arguments: Namespace, _rest: Sequence[str]) -> int:
    """Migrate an empty database and compare it with the models."""
    compare = [sys.executable, "-m", "alembic", "check"]
    with TemporaryDirectory() as directory, Stack(Path(directory), backing_only=True) as stack:
        environment = process_environment(stack.env)
        for task in (services.migration(stack.env).command, compare):
            done = subprocess.run(task, cwd=CHECKOUT, env=environment, check=False)
            if done.returncode != 0:
                return 1
    return 0


# What follows these is for others to read.
_DELEGATING = (ai, demo)


def _running(arguments: Namespace) -> dict[str, Any]:
    return Home(arguments.dir).read_state()


def _watch(stack: Stack) -> None:
    """Wait until the stack is to stop; raise the failure of a service that ends before that."""
    while not stack.cancelled.wait(_WATCH_SECONDS):
        if (death := stack.death()) is not None:
            raise death
    _say("")


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def _say(line: str) -> None:
    print(line, flush=True)


def _limit(text: str) -> int:
    if not text.isdecimal() or int(text) not in range(1, 1001):
        raise argparse.ArgumentTypeError("say how many, from 1 to 1000")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", allow_abbrev=False)
    commands = parser.add_subparsers(metavar="COMMAND")
    parser.set_defaults(command=None)

    def add(name: str, command: Command, about: str) -> argparse.ArgumentParser:
        helps = command not in _DELEGATING
        made = commands.add_parser(
            name, help=about, description=about, add_help=helps, allow_abbrev=False
        )
        made.set_defaults(command=command)
        made.add_argument("--dir", type=Path, default=CHECKOUT / ".local", help="default: .local")
        return made

    upping = add("up", up, "serve the whole system until Ctrl-C; the data is kept")
    upping.add_argument("--backing", action="store_true", help="without the API and the workers")
    upping.add_argument("--free-ports", action="store_true", help="leave the usual ports alone")
    upping.add_argument("--env-file", type=Path, default=CHECKOUT / ".env", help="default: .env")
    add("env", env, "print the settings of the running stack, to be evaluated by a shell")
    add("token", token, "sign somebody in and print the access token").add_argument("name")
    add("status", status, "list the services of the running stack")
    add("ai", ai, "tell the emulated AI vendors how to behave")
    redriving = add("redrive", redrive, "move dead letters back to their queues, and count them")
    redriving.add_argument("--limit", type=_limit, default=1000, help="messages a queue (1000)")
    add("demo", demo, "generate two personas over HTTP and show them")
    add("quality", quality, "show what five extreme people become, as a Markdown table")
    pairing = add("pairs", pairs, "draw the chemistry of three pairs, and tell it as a table")
    pairing.add_argument("--to", type=Path, default=CHECKOUT / "docs", help="default: docs")
    add("drift", drift, "compare the models with the database that the migrations make")
    add("clean", clean, "remove the data of the stack that was stopped")
    return parser
