"""What a public card costs: out of the cache, without one, and among a million personas."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bench.floor import quiet
from bench.me import Handler, block, request_of
from bench.samples import interleaved, show
from local.stack import Stack

ROUNDS = 30
SIZE = 1_000_000
MOST_BUFFERS = 60
CHANGES = 2500
PATIENCE_SECONDS = 3600
BEHIND = "2s"
FLOOR = "floor: GET /health"

Ask = Callable[..., dict[str, Any]]


def main() -> None:
    with TemporaryDirectory() as directory, Stack(Path(directory), backing_only=True) as stack:
        os.environ |= stack.env | {"DATABASE_POOL_SIZE": "1"}
        measure(stack)


def measure(stack: Stack) -> None:
    # These read the settings, which are there only now.
    from app import app  # noqa: PLC0415
    from bench.rows import add_ready  # noqa: PLC0415
    from chalicelib import migrations  # noqa: PLC0415
    from chalicelib.core import db  # noqa: PLC0415

    migrations.upgrade()
    log = quiet()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(log)
    user_id = add_ready()
    with _superuser(stack, "DATABASE_URL") as database:
        database.execute(sa.text("UPDATE personas SET visibility = 'public'"))
        persona_id = database.execute(sa.text("SELECT id FROM personas")).scalar_one()
        compare(app, persona_id)
        show_own_reads(app, stack, user_id=user_id, persona_id=persona_id)
        with db.patience(PATIENCE_SECONDS):
            show_buffers(database, size=int(os.environ.get("CARD_PERSONAS", SIZE)))


def event(path: str, *, method: str = "GET", **values: str) -> dict[str, Any]:
    """Return what API Gateway sends for a visitor."""
    made = request_of(uuid4())
    about = made["requestContext"] | {"resourcePath": path, "httpMethod": method}
    headers = {"Accept": "application/json"}
    return made | {
        "resource": path,
        "path": path.format(**values),
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "pathParameters": values or None,
        "requestContext": about,
    }


def compare(app: Handler, persona_id: UUID) -> None:
    from chalicelib import wiring  # noqa: PLC0415
    from chalicelib.core.cache import NoCache  # noqa: PLC0415

    asked = event("/social/personas/{persona_id}", persona_id=str(persona_id))
    cache = wiring.ports().cache

    def under(used: object, request: Mapping[str, Any]) -> dict[str, Any]:
        wiring.ports().__dict__["cache"] = used
        return app(request, None)

    def uncached(request: Mapping[str, Any], _: None) -> dict[str, Any]:
        return under(NoCache(), request)

    def cached(request: Mapping[str, Any], _: None) -> dict[str, Any]:
        return under(cache, request)

    def known(_request: Mapping[str, Any], _: None) -> dict[str, Any]:
        tag = cached(asked, None)["headers"]["ETag"]
        return cached(_with(asked, {"If-None-Match": tag}), None)

    cases: dict[str, tuple[Handler, Mapping[str, Any]]] = {
        FLOOR: (app, event("/health")),
        "a card out of the cache": (cached, asked),
        "a card without a cache": (uncached, asked),
        "a card that is known (304), asked for twice": (known, asked),
    }
    compared(cases)
    wiring.ports().__dict__["cache"] = cache


def compared(cases: Mapping[str, tuple[Handler, Mapping[str, Any]]]) -> None:
    blocks = {name: partial(block, *case) for name, case in cases.items()}
    for prepare in blocks.values():
        prepare()
    taken = interleaved(blocks, rounds=ROUNDS)
    samples = {name: [each for part in parts for each in part] for name, parts in taken.items()}
    wall = {name: median(each.wall_us for each in found) for name, found in samples.items()}
    cpu = {name: median(each.cpu_us for each in found) for name, found in samples.items()}
    rows = []
    for name, (handler, request) in cases.items():
        figures = [wall[name], wall[name] / wall[FLOOR], cpu[name], cpu[name] / cpu[FLOOR]]
        sent = statements(partial(handler, request, None))
        rows.append([name, *(f"{each:.1f}" for each in figures), str(sent)])
    show(
        f"GET /social/personas/{{persona_id}}: {ROUNDS} blocks of 100 requests each, interleaved",
        ("", "wall us p50", "x floor", "CPU us p50", "x floor", "statements"),
        rows,
    )


def statements(ask: Callable[[], object]) -> int:
    """Count what one request asks of the databases."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    ask()
    sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return len(sent)


def show_own_reads(app: Handler, stack: Stack, *, user_id: UUID, persona_id: UUID) -> None:
    """Change what may be seen and look at once, with the replica two seconds behind."""
    with _superuser(stack, "DATABASE_REPLICA_URL") as replica:
        replica.execute(sa.text(f"ALTER SYSTEM SET recovery_min_apply_delay = '{BEHIND}'"))
        replica.execute(sa.text("SELECT pg_reload_conf()"))
        started = perf_counter()
        stale = count_stale(app, request_of(user_id)["headers"], user_id, persona_id)
        seconds = perf_counter() - started
        behind = "SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())"
        lag = float(replica.execute(sa.text(behind)).scalar_one())
        replica.execute(sa.text("ALTER SYSTEM RESET recovery_min_apply_delay"))
        replica.execute(sa.text("SELECT pg_reload_conf()"))
    show(
        f"{CHANGES * len(stale):,} reads, each right after a change of one's own ({seconds:.0f} s),"
        f" the replica {lag:.1f} s behind",
        ("", "reads", "stale"),
        [[name, f"{CHANGES:,}", str(count)] for name, count in stale.items()],
    )


def count_stale(
    app: Handler, mine: Mapping[str, str], user_id: UUID, persona_id: UUID
) -> dict[str, int]:
    by_id = event("/personas/{persona_id}", persona_id=str(persona_id))
    reads = {
        "my persona": _with(by_id, mine),
        "its card": event("/social/personas/{persona_id}", persona_id=str(persona_id)),
        "my profile": event("/social/profiles/{user_id}", user_id=str(user_id)),
        "a visitor's look at it": by_id,
    }
    stale = dict.fromkeys(reads, 0)
    for visibility in islice(cycle(("unlisted", "private", "public", "public")), CHANGES):
        version = _change(app, by_id, mine, visibility)
        shown = {"my persona": True, "my profile": visibility == "public"}
        for name, read in reads.items():
            answer = app(read, None)
            expected = 200 if shown.get(name, visibility != "private") else 404
            tag = f'"{persona_id}.{version}.'
            is_new = name == "a visitor's look at it" or (
                answer["headers"].get("ETag", tag).startswith(tag)
            )
            stale[name] += answer["statusCode"] != expected or not is_new
    return stale


def _change(
    app: Handler, by_id: Mapping[str, Any], mine: Mapping[str, str], visibility: str
) -> int:
    headers = {"If-Match": "*", "Content-Type": "application/json"}
    asked = _with(by_id, {**mine, **headers})
    about = by_id["requestContext"] | {"httpMethod": "PATCH"}
    body = json.dumps({"visibility": visibility})
    change = {"httpMethod": "PATCH", "requestContext": about, "body": body}
    answer = app(asked | change, None)
    if answer["statusCode"] != 200:  # noqa: PLR2004
        raise AssertionError(answer["body"])
    return int(json.loads(answer["body"])["version"])


def _with(request: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the request with more headers."""
    sent = {**request["headers"], **headers}
    listed = {name: [value] for name, value in sent.items()}
    return {**request, "headers": sent, "multiValueHeaders": listed}


_CROWD = (
    """
    INSERT INTO users (id, display_name, primary_persona_id)
    SELECT md5('user' || n)::uuid, 'Crowd', md5('persona' || n)::uuid
    FROM generate_series(1, :size) AS n
    """,
    """
    INSERT INTO personas (id, owner_id, name, name_key, source, motto_tone, visibility, motto,
                          summary, version, published_at, current_image_id, traits)
    SELECT md5('persona' || n)::uuid, md5('user' || n)::uuid, 'Ada', 'ada', 'description',
           'neutral', 'public', 'Curious to the end.', repeat('She takes things apart. ', 12), 3,
           now(), md5('image' || n)::uuid,
           (SELECT traits FROM personas WHERE traits IS NOT NULL LIMIT 1)
    FROM generate_series(1, :size) AS n
    """,
    """
    INSERT INTO persona_images (id, persona_id, key, mime, width, height, sha256)
    SELECT md5('image' || n)::uuid, md5('persona' || n)::uuid, 'images/' || n, 'image/jpeg',
           1024, 1024, repeat('0', 64)
    FROM generate_series(1, :size) AS n
    """,
)


def show_buffers(database: sa.Connection, *, size: int) -> None:
    from chalicelib.personas import showing  # noqa: PLC0415

    database.execute(sa.text("SET statement_timeout = 0"))
    database.execute(sa.text("SET session_replication_role = replica"))  # the crowd needs no checks
    database.execute(sa.text("SET jit = off"))
    rows = []
    done = 0
    for total in (size // 100, size):
        for statement in _CROWD:
            numbered = statement.replace("series(1,", f"series({done + 1},")
            database.execute(sa.text(numbered), {"size": total})
        done = total
        database.execute(sa.text("VACUUM ANALYZE users, personas, persona_images"))
        one = database.execute(
            sa.text("SELECT md5('persona' || :n)::uuid, md5('user' || :n)::uuid"),
            {"n": str(total // 2)},
        ).one()
        asked = {
            "may it be seen, by link (primary)": (showing.BY_LINK.found, {"asked_id": one[0]}),
            "may it be seen, as profile (primary)": (showing.BY_OWNER.found, {"asked_id": one[1]}),
            "the card (replica)": (showing.AT_VERSION, {"persona_id": one[0], "version": 3}),
            "the card (primary, by link)": (showing.BY_LINK.card, {"asked_id": one[0]}),
            "the card (primary, as profile)": (showing.BY_OWNER.card, {"asked_id": one[1]}),
        }
        for name, (query, values) in asked.items():
            found = _touched(database, query, values)
            rows.append([name, f"{total:,}", *found])
    show(
        f"EXPLAIN (ANALYZE, BUFFERS) of what a card is read by (goal: {MOST_BUFFERS} buffers)",
        ("", "personas", "buffers", "rows", "plan"),
        rows,
    )


def _touched(
    database: sa.Connection, query: sa.Select[Any], values: Mapping[str, Any]
) -> list[str]:
    compiled = query.compile(database)
    text = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled}"
    bound = {**compiled.params, **values}
    (found,) = database.exec_driver_sql(text, bound).scalar_one()
    plan = found["Plan"]
    buffers = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return [str(buffers), str(plan["Actual Rows"]), plan["Node Type"]]


def _superuser(stack: Stack, name: str) -> sa.Connection:
    secrets = json.loads(stack.home.secrets.read_text())
    url = sa.make_url(stack.env[name]).set(
        username="postgres", password=secrets["superuser_password"]
    )
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    return engine.connect()
