"""Any number of public personas, and what was done with them, made inside PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session

ARCHETYPES = (
    *("explorer", "host", "steward", "thinker", "caretaker", "challenger"),
    *("rock", "poet"),
)
OWN_TAGS = 500
COMMON, MIDDLE, SCARCE = "curious", "harbour", "astrolabe"
"""Words of one persona in two, in a hundred, and in fifty thousand."""

_PERSONAS = """
INSERT INTO personas (owner_id, name, name_key, source, motto_tone, visibility, title, motto,
                      summary, tags, traits, archetype, published_at, listed_at)
SELECT owners.ids[1 + n % array_length(owners.ids, 1)],
       initcap(chr(97 + n % 26) || substr(md5(n::text), 1, 5)) || ' '
           || initcap(substr(md5((n % 9973)::text), 1, 7)),
       'crowd-' || n, 'description', 'neutral', 'public',
       'Keeper of ' || substr(md5(n::text), 6, 6),
       'Whatever the ' || substr(md5((n % 5000)::text), 1, 6) || ' brings.',
       CASE WHEN n % 2 = 0 THEN 'Endlessly curious. ' ELSE 'Plain and patient. ' END
           || CASE WHEN n % 100 = 7 THEN 'Happiest in a harbour. ' ELSE '' END
           || CASE WHEN n % 50000 = 9 THEN 'Owns an astrolabe. ' ELSE '' END
           || (SELECT string_agg(substr(md5((power(random(), 3) * 4000)::int::text), 1, 6), ' ')
               FROM generate_series(1, 20 + n * 0)),
       ARRAY['crowd-' || (power(random(), 3) * :own_tags)::int],
       jsonb_build_object('source', 'peer', 'basis', '6 friends', 'n', 6),
       jsonb_build_object('id', (CAST(:archetypes AS text[]))[1 + n % 8], 'name', 'The Somebody'),
       now(), now() - (:size - n) * interval '20 seconds'
FROM generate_series(1, :size) AS n,
     (SELECT array_agg(id) AS ids FROM users WHERE display_name = 'Crowd') AS owners
"""
_ENTRIES = """
INSERT INTO feed_entries (persona_id, tag, owner_id, name, card, words, listed_at, upvotes,
                          downvotes, likes, views)
SELECT p.id, each.tag, p.owner_id, p.name, feed_card(p) || jsonb_build_object('tags', p.tags),
       CASE WHEN each.tag = '' THEN feed_words(p) END, p.listed_at, votes.up,
       votes.up / 5, votes.up, votes.up * 20
FROM personas p,
     LATERAL (SELECT power(10, 3 * random() + 0 * length(p.name))::int AS up) AS votes,
     LATERAL unnest(ARRAY['', p.tags[1], p.archetype ->> 'id']) AS each (tag)
WHERE p.name_key LIKE 'crowd-%'
"""
_EVENTS = """
INSERT INTO engagement_events (actor_key, target_type, target_id, kind, created_at)
SELECT gen_random_uuid(), 'persona', found.ids[1 + (power(random(), 4) * (:targets - 1))::int],
       (ARRAY['upvote', 'downvote', 'like', 'share', 'view'])[1 + n % 5],
       now() - n * (interval '60 days' / :events)
FROM generate_series(1, :events) AS n,
     (SELECT array_agg(id) AS ids FROM (
         SELECT id FROM personas WHERE name_key LIKE 'crowd-%' LIMIT :targets) AS targets) AS found
"""
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = 'feed_entries' AND indexname LIKE 'ix_%'
"""


@contextmanager
def unindexed(session: Session) -> Iterator[None]:
    """Build the lists' indexes at the end, which is quicker for a very large crowd."""
    indexes = session.execute(sa.text(_INDEXES)).all()
    for index in indexes:
        session.execute(sa.text(f"DROP INDEX {index.indexname}"))
    yield
    for index in indexes:
        session.execute(sa.text(index.indexdef))


def gather(session: Session, *, size: int, owners: int = 1000) -> None:
    """Add the crowd. The lists are written in one piece, not persona by persona."""
    run = session.execute
    run(
        sa.text("INSERT INTO users (display_name) SELECT 'Crowd' FROM generate_series(1, :n)"),
        {"n": owners},
    )
    run(sa.text("ALTER TABLE personas DISABLE TRIGGER USER"))
    about = {"size": size, "own_tags": OWN_TAGS, "archetypes": list(ARCHETYPES)}
    run(sa.text(_PERSONAS), about)
    run(sa.text("ALTER TABLE personas ENABLE TRIGGER USER"))
    run(sa.text(_ENTRIES))
    run(sa.text(_EVENTS), {"events": size, "targets": min(size, 20_000)})
    run(sa.text("ANALYZE personas, feed_entries, engagement_events"))


def churn(session: Session, *, share: int) -> None:
    """Let a vote fall on one persona in so many, which scatters their rows."""
    session.execute(
        sa.text("UPDATE feed_entries SET upvotes = upvotes + 3 WHERE hashtext(name) % :share = 0"),
        {"share": share},
    )
