"""A sign-in provider that speaks OpenID Connect the way Google does, on this machine only."""

from local.google.server import Server, serve

__all__ = ["Server", "serve"]
