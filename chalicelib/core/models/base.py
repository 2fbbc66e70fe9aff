from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import UserDefinedType


class LsnType(UserDefinedType[str]):
    """A place in the write-ahead log: compared by the database, never here, where it is text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "pg_lsn"


ischema_names["pg_lsn"] = LsnType

Lsn = Annotated[str, mapped_column(LsnType)]
PrimaryKey = Annotated[UUID, mapped_column(primary_key=True, server_default=sa.text("uuidv7()"))]
CreatedAt = Annotated[datetime, mapped_column(server_default=sa.func.now())]


def choice(kind: type[Enum], *, name: str | None = None) -> sa.Enum:
    """Keep an enum as text under a CHECK. A table's second column of one kind needs a name."""
    return sa.Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: sa.DateTime(timezone=True),
        list[str]: sa.ARRAY(sa.Text),
        dict[str, Any]: JSONB(none_as_null=True),
        bytes: sa.LargeBinary,
        Enum: choice(Enum),
    }
