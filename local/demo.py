"""The main job from end to end, over HTTP, as a client would do it: sign in, describe two people,
watch, and look at what came out."""

import io
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from PIL import Image

from local.card import card, picture
from local.home import CHECKOUT, Home, NotRunning
from local.settings import UserSettings
from local.sign_in import sign_in
from local.stack import Stack

TIMEOUT = 10
PATIENCE_SECONDS = 300
POLL_SECONDS = 0.1
BAR = 30

WISHES: list[dict[str, Any]] = [
    {
        "name": "Ada",
        "description": (
            "Ada is endlessly curious and sees poetry in machines. She has dark curly hair, loves "
            "the sea at night, and always finishes what she starts. Quiet in crowds, warm with "
            "friends, and calm when everything breaks."
        ),
        "motto_tone": "neutral",
        "image_model": "dall-e",
        "visibility": "public",
        "force": True,
    },
    {
        "name": "Grace",
        "description": (
            "Grace is a cheerful captain with silver hair and round glasses. She talks to "
            "everybody, laughs at her own jokes, hates being told that it has always been done "
            "this way, and keeps a tidy desk."
        ),
        "motto_tone": "comical",
        "image_model": "openjourney",
        "visibility": "private",
        "force": True,
    },
]


class DemoFailed(Exception):
    """Something that the demo is there to show did not happen."""


def main(_argv: Sequence[str] = ()) -> int:
    try:
        with running_stack() as env:
            walk(env)
    except (DemoFailed, requests.RequestException) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def running_stack() -> Iterator[Mapping[str, str]]:
    """Use the stack that runs already, or run one for as long as the demo takes."""
    home = Home(CHECKOUT / ".local")
    try:
        yield home.read_state()["env"]
    except NotRunning:
        print("Starting the stack:")
        user = UserSettings.read(CHECKOUT / ".env")
        with Stack(home.path, fsync=True, ports="usual", user=user, say=print) as stack:
            yield stack.env


def walk(env: Mapping[str, str]) -> None:
    print(f"\nSigning in at {env['GOOGLE_ISSUER']} by its code flow, as Demo ...")
    tokens = sign_in(env, "Demo")
    print(f"Signed in as {tokens['user']['display_name']} ({tokens['user']['email']}).")
    client = Client(env["API_URL"], tokens["access_token"])
    for wish in WISHES:
        show(client, wish)
    print("\nBoth personas are there. `make up` serves the system for you to try.")


def show(client: "Client", wish: Mapping[str, Any]) -> None:
    print(f"\nGenerating {wish['name']}, portrait by {wish['image_model']}:")
    client.call("POST", "/personas/generate", json=wish)
    persona = watch(client)
    if persona["image"] is None or not persona["motto"]:
        raise DemoFailed(f"{wish['name']} is ready but incomplete: {persona['warnings']}")
    if persona["image"]["model"] != wish["image_model"]:
        raise DemoFailed(f"{persona['image']['model']} stepped in for {wish['image_model']}")
    path, content = save_portrait(persona)
    if sys.stdout.isatty():
        print(picture(content))
    print(card(persona, portrait=str(path)))


def watch(client: "Client") -> dict[str, Any]:
    """Poll until the generation has ended, drawing how far it is."""
    progress = Progress()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        mine = client.call("GET", "/personas/me")
        generation = mine["generation"]
        progress.see(generation["step"], generation["progress"])
        if mine["generation_status"] == "failed":
            raise DemoFailed(generation["error"]["message"])
        if mine["generation_status"] == "ready":
            progress.end()
            persona: dict[str, Any] = mine["persona"]
            return persona
        time.sleep(POLL_SECONDS)
    raise DemoFailed(f"not ready after {PATIENCE_SECONDS} s")


class Progress:
    """A bar that moves on a terminal, and how long each step was seen."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._seen: list[tuple[str, float]] = []

    def see(self, step: str, progress: int) -> None:
        if not self._seen or self._seen[-1][0] != step:
            self._seen.append((step, time.monotonic()))
        filled = round(progress / 100 * BAR)
        bar = "#" * filled + "-" * (BAR - filled)
        if sys.stdout.isatty():
            print(f"\r  [{bar}] {progress:3d} %  {step:<12}", end="", flush=True)

    def end(self) -> None:
        ends = [at for _, at in self._seen[1:]] + [time.monotonic()]
        took = [
            f"{step} {end - start:.1f} s"
            for (step, start), end in zip(self._seen, ends, strict=True)
            if step != "done"
        ]
        print(f"\r  [{'#' * BAR}] 100 %  ready in {time.monotonic() - self._started:.1f} s")
        print(f"  steps: {', '.join(took)}")


def save_portrait(persona: Mapping[str, Any]) -> tuple[Path, bytes]:
    """Download the picture by its signed URL and make sure that it is one."""
    response = requests.get(persona["image"]["url"], timeout=TIMEOUT)
    if not response.ok:
        raise DemoFailed(f"the signed URL answered {response.status_code}")
    with Image.open(io.BytesIO(response.content)) as image:
        image.load()
        suffix = (image.format or "image").lower()
    folder = CHECKOUT / ".local" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', persona['name'].lower())}.{suffix}"
    path.write_bytes(response.content)
    return path, response.content


class Client:
    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy between two programs of this machine
        self._http.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, json: object = None) -> dict[str, Any]:
        """Return the answer's body; an error is told in the API's own words."""
        response = self._http.request(method, self._url + path, json=json, timeout=TIMEOUT)
        body: dict[str, Any] = response.json() if response.content else {}
        if not response.ok:
            raise DemoFailed(f"{method} {path}: {body['detail']} ({body['code']})")
        return body
