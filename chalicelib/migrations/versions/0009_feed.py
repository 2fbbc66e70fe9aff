"""the feed, what people do with what is in it, and what they report

The lists follow the personas by a trigger: whatever takes a persona back takes it out of the lists
in the same transaction.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = ("upvote", "downvote", "like", "view", "share")
STATUSES = ("open", "approved", "blocked")
SCORE = "(upvotes - downvotes)"
HOT = (
    f"sign({SCORE}::double precision) * log(greatest(abs{SCORE}, 1)::double precision) + "
    "(extract(epoch from listed_at - timestamptz '2005-12-08 07:46:43+00'))::double precision"
    " / 45000"
)
COUNTERS = ("upvotes", "downvotes", "likes", "views", "shares")
SHOWN = (
    "name, title, motto, summary, visibility, published_at, deleted_at, archetype, traits, tags, "
    "current_image_id"
)


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.add_column(
        "personas",
        sa.Column("tags", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("personas", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
    _create_feed()
    _create_events()
    _create_moderation()
    _create_functions()
    op.execute(
        "UPDATE personas SET visibility = visibility "
        "WHERE visibility = 'public' AND published_at IS NOT NULL AND deleted_at IS NULL"
    )


def downgrade() -> None:
    for name in ("list_persona_new", "list_persona", "date_persona_new", "date_persona"):
        op.execute(f"DROP TRIGGER {name} ON personas")
    for function in ("list_persona()", "date_persona()", "feed_card(personas)"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP FUNCTION feed_words(personas)")
    for table in ("moderation_items", "engagement_events", "feed_entries"):
        op.drop_table(table)
    op.drop_column("personas", "listed_at")
    op.drop_column("personas", "tags")
    op.execute("DROP EXTENSION pg_trgm")


def _create_feed() -> None:
    op.create_table(
        "feed_entries",
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("card", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=True),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.Column(
                name,
                sa.BigInteger() if name == "views" else sa.Integer(),
                server_default="0",
                nullable=False,
            )
            for name in COUNTERS
        ),
        sa.Column("score", sa.Integer(), sa.Computed(SCORE, persisted=True), nullable=False),
        sa.Column("hot", sa.Double(), sa.Computed(HOT, persisted=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["persona_id"], ["personas.id"], name="fk_feed_entries_persona_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("persona_id", "tag", name="pk_feed_entries"),
        postgresql_with={"fillfactor": "85"},
    )
    for name, key in (("hot", "hot"), ("top", "score"), ("new", "listed_at")):
        op.create_index(
            f"ix_feed_entries_{name}",
            "feed_entries",
            ["tag", sa.text(f"{key} DESC"), sa.text("persona_id DESC")],
        )
    # Every search reads what is pending from end to end: 8 pages of it, where 512 are usual.
    pending = {"gin_pending_list_limit": 64}
    op.create_index(
        "ix_feed_entries_words",
        "feed_entries",
        ["words"],
        postgresql_using="gin",
        postgresql_with=pending,
    )
    op.create_index(
        "ix_feed_entries_name",
        "feed_entries",
        ["name"],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
        postgresql_where=sa.text("tag = ''"),
        postgresql_with=pending,
    )


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _created_at() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _create_events() -> None:
    op.create_table(
        "engagement_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("actor_key", sa.Uuid(), nullable=False),
        sa.Column("target_type", _choice("target", "persona"), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _choice("engagement", *KINDS), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        _created_at(),
        sa.PrimaryKeyConstraint("id", name="pk_engagement_events"),
    )
    target = ["target_type", "target_id"]
    op.create_index(
        "uq_engagement_events_actor_key",
        "engagement_events",
        ["actor_key", *target, "kind", "day"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "uq_engagement_events_vote",
        "engagement_events",
        ["actor_key", *target],
        unique=True,
        postgresql_where=sa.text("kind IN ('upvote', 'downvote')"),
    )
    op.create_index("ix_engagement_events_target", "engagement_events", [*target, "kind"])
    op.create_index(
        "ix_engagement_events_trend",
        "engagement_events",
        ["created_at"],
        postgresql_where=sa.text("kind IN ('upvote', 'like', 'share')"),
    )


def _create_moderation() -> None:
    op.create_table(
        "moderation_items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=True),
        sa.Column("target_type", _choice("target", "persona"), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scores", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column(
            "status",
            _choice("moderationstatus", *STATUSES),
            server_default="open",
            nullable=False,
        ),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        _created_at(),
        *(
            sa.ForeignKeyConstraint(
                [name], ["users.id"], name=f"fk_moderation_items_{name}", ondelete="SET NULL"
            )
            for name in ("reporter_id", "decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_moderation_items"),
    )
    is_open = sa.text("status = 'open'")
    op.create_index(
        "uq_moderation_items_reporter_id",
        "moderation_items",
        ["reporter_id", "target_type", "target_id"],
        unique=True,
        postgresql_where=is_open,
    )
    op.create_index(
        "ix_moderation_items_open", "moderation_items", ["id"], postgresql_where=is_open
    )
    for name in ("reporter_id", "decided_by"):
        op.create_index(f"ix_moderation_items_{name}", "moderation_items", [name])


def _create_functions() -> None:
    is_listed = (
        "NEW.visibility = 'public' AND NEW.published_at IS NOT NULL AND NEW.deleted_at IS NULL"
    )
    _create_contents()
    op.execute("""
        CREATE FUNCTION date_persona() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.listed_at := coalesce(NEW.listed_at, now());
            RETURN NEW;
        END $$
    """)
    # A vote locks the row of the list of all, so the counts are taken while it is held.
    op.execute(f"""
        CREATE FUNCTION list_persona() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            wanted text[] := ARRAY[''];
        BEGIN
            PERFORM FROM feed_entries WHERE persona_id = NEW.id AND tag = '' FOR UPDATE;
            IF NEW.deleted_at IS NOT NULL THEN
                DELETE FROM engagement_events
                WHERE target_type = 'persona' AND target_id = NEW.id;
            END IF;
            IF ({is_listed}) IS NOT TRUE THEN
                DELETE FROM feed_entries WHERE persona_id = NEW.id;
                RETURN NULL;
            END IF;
            wanted := wanted || NEW.tags;
            IF NEW.archetype ->> 'id' <> ALL (wanted) THEN
                wanted := wanted || (NEW.archetype ->> 'id');
            END IF;
            DELETE FROM feed_entries WHERE persona_id = NEW.id AND tag <> ALL (wanted);
            INSERT INTO feed_entries (persona_id, tag, owner_id, name, card, words, listed_at,
                                      {", ".join(COUNTERS)})
            SELECT NEW.id, each.tag, NEW.owner_id, NEW.name,
                   feed_card(NEW) || jsonb_build_object('tags', to_jsonb(wanted[2:])),
                   CASE WHEN each.tag = '' THEN feed_words(NEW) END,
                   NEW.listed_at, {", ".join(f"counted.{name}" for name in COUNTERS)}
            FROM unnest(wanted) AS each (tag),
                 (SELECT {", ".join(_counted(name) for name in COUNTERS)}
                  FROM engagement_events
                  WHERE target_type = 'persona' AND target_id = NEW.id) AS counted
            ON CONFLICT (persona_id, tag) DO UPDATE
            SET name = excluded.name, card = excluded.card, words = excluded.words;
            RETURN NULL;
        END $$
    """)  # noqa: S608 - the names of columns
    was_or_is = (
        "OLD.visibility = 'public' OR NEW.visibility = 'public' OR NEW.deleted_at IS NOT NULL"
    )
    for moment, name in (("BEFORE", "date_persona"), ("AFTER", "list_persona")):
        when = is_listed if moment == "BEFORE" else was_or_is
        op.execute(f"""
            CREATE TRIGGER {name} {moment} UPDATE OF {SHOWN} ON personas FOR EACH ROW
            WHEN ({when}) EXECUTE FUNCTION {name}()
        """)
        op.execute(f"""
            CREATE TRIGGER {name}_new {moment} INSERT ON personas FOR EACH ROW
            WHEN ({is_listed}) EXECUTE FUNCTION {name}()
        """)


def _create_contents() -> None:
    op.execute("""
        CREATE FUNCTION feed_card(persona personas) RETURNS jsonb LANGUAGE sql STABLE
        RETURN jsonb_build_object(
            'title', persona.title,
            'motto', persona.motto,
            'source', persona.source,
            'basis', persona.traits ->> 'basis',
            'archetype', persona.archetype ->> 'name',
            'image', (
                SELECT jsonb_build_object(
                    'id', id, 'key', key, 'width', width, 'height', height, 'mime', mime,
                    'model', model, 'requested_model', requested_model
                ) FROM persona_images WHERE id = persona.current_image_id
            )
        )
    """)
    op.execute("""
        CREATE FUNCTION feed_words(persona personas) RETURNS tsvector LANGUAGE sql STABLE
        RETURN setweight(to_tsvector('english', persona.name), 'A')
            || setweight(to_tsvector('english', concat_ws(' ',
                persona.title, persona.motto, array_to_string(persona.tags, ' '))), 'B')
            || setweight(to_tsvector('english', coalesce(persona.summary, '')), 'C')
    """)


def _counted(counter: str) -> str:
    return f"count(*) FILTER (WHERE kind = '{counter.removesuffix('s')}') AS {counter}"
