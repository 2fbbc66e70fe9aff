"""The applications that may ask this provider to sign people in."""

import hmac
from dataclasses import dataclass


@dataclass(frozen=True)
class Client:
    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    secret: str

    def accepts_secret(self, offered: str | None) -> bool:
        """A public client sends none; one that is sent has to be the right one."""
        return offered is None or hmac.compare_digest(offered.encode(), self.secret.encode())


LOCAL_CLIENT = Client(
    client_id="persona-local",
    name="Persona AI",
    redirect_uris=("http://localhost:5173/callback", "http://127.0.0.1:5173/callback"),
    secret="local-secret",  # noqa: S106  a published value: it guards nothing but this machine
)

REGISTERED = {LOCAL_CLIENT.client_id: LOCAL_CLIENT}
