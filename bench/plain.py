"""The same job written straight down: the vendors' SDKs with their defaults, and three statements.

No checkpoints, no lease, no strictness about what the vendors answer.
"""

import base64
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any
from uuid import uuid4

import boto3
import psycopg2
from openai import OpenAI
from pydantic import BaseModel

from bench.rows import DESCRIPTION
from chalicelib.core.models import MottoTone
from chalicelib.core.ports import Prompt
from chalicelib.personas import generation
from chalicelib.personas.fidelity import Inventory, inventory_prompt
from chalicelib.personas.generation import DescribedCharacter, Motto
from chalicelib.personas.portraits import redraw

NAME = "Ada"
TABLE = """
SELECT pg_advisory_xact_lock(hashtext('plain_personas')); -- two workers begin at the same time
CREATE TABLE IF NOT EXISTS plain_personas (
    id uuid PRIMARY KEY, status text, character jsonb, motto text, key text, sha256 text
)
"""


class PlainWorker:
    def __init__(self, *, redrawn: bool) -> None:
        self._redrawn = redrawn
        self._openai = OpenAI()
        self._s3 = boto3.client("s3")
        self._threads = local()
        with self._database() as connection, connection.cursor() as cursor:
            cursor.execute(TABLE)

    def generate(self) -> Callable[[], None]:
        """Make a persona; there is nothing to check that would not have raised."""
        persona_id = str(uuid4())
        self._write("INSERT INTO plain_personas (id, status) VALUES (%s, 'running')", persona_id)
        self._openai.moderations.create(
            model="omni-moderation-latest", input=f"{NAME}\n{DESCRIPTION}"
        )
        tone = MottoTone.NEUTRAL
        with ThreadPoolExecutor(3) as pool:
            character = pool.submit(self._verified_character)
            motto = pool.submit(
                self._ask,
                generation.motto_prompt(name=NAME, description=DESCRIPTION, tone=tone),
                Motto,
            )
            image = pool.submit(self._draw, persona_id)
        self._write(
            "UPDATE plain_personas SET character = %s, motto = %s WHERE id = %s",
            character.result().model_dump_json(),
            motto.result().model_dump()["motto"],
            persona_id,
        )
        self._write(
            "UPDATE plain_personas SET status = 'ready', key = %s, sha256 = %s WHERE id = %s",
            *image.result(),
            persona_id,
        )
        return lambda: None

    def _verified_character(self) -> BaseModel:
        """Ask the persona who it is, too. The answer is not looked at."""
        prompt = generation.described_prompt(name=NAME, description=DESCRIPTION)
        character = self._ask(prompt, DescribedCharacter)
        self._ask(inventory_prompt(f"You are {NAME}. {DESCRIPTION}"), Inventory)
        return character

    def _ask(self, prompt: Prompt, shape: type[BaseModel]) -> BaseModel:
        completion = self._openai.chat.completions.parse(
            model="gpt-5.4-mini",
            messages=[
                {"role": "system", "content": prompt.instructions},
                {"role": "user", "content": prompt.data},
            ],
            response_format=shape,
        )
        answer = completion.choices[0].message.parsed
        if answer is None:
            raise RuntimeError("no answer")
        return answer

    def _draw(self, persona_id: str) -> tuple[str, str]:
        answer = self._openai.images.generate(
            model="gpt-image-2",
            prompt=generation.portrait_prompt(name=NAME, description=DESCRIPTION),
            size="1024x1024",
            quality="medium",
        )
        drawn = base64.b64decode(str((answer.data or [])[0].b64_json))
        content = redraw(drawn).content if self._redrawn else drawn
        key = f"images/{persona_id}"
        self._s3.put_object(Bucket=os.environ["MEDIA_BUCKET"], Key=key, Body=content)
        return key, hashlib.sha256(content).hexdigest()

    def _write(self, statement: str, *values: object) -> None:
        with self._database() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)

    def _database(self) -> Any:
        if not hasattr(self._threads, "connection"):
            url = os.environ["DATABASE_URL"].replace("+psycopg2", "")
            self._threads.connection = psycopg2.connect(url)
        return self._threads.connection
