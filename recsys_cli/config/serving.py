"""What ``recsys serve`` listens to, and whom it answers."""

import ipaddress
import re
from dataclasses import dataclass, field

from recsys_cli.errors import ConfigError

TOKEN_VARIABLE = "RECSYS_SERVE_TOKEN"
_LEAST_TOKEN = 16  # characters
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeConfig:
    """Where the service is, and what opens it.

    Attributes:
        host: name or address of this machine to listen at.
        port: 1 to 65,535; 0 takes any that is free.
        token: what a request must bring along; empty for none, which is allowed on loopback alone. Never shown.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= _MAX_PORT:
            raise ConfigError(f"--port {self.port} is not allowed; allowed: 0 to {_MAX_PORT}")
        if self.token and not re.fullmatch(rf"[!-~]{{{_LEAST_TOKEN},4096}}", self.token):
            raise ConfigError(
                f"{TOKEN_VARIABLE}: is not allowed; allowed: {_LEAST_TOKEN} to 4096 letters, digits and signs of "
                "ASCII without spaces, such as 'openssl rand -hex 32' prints"
            )
        if not self.token and not is_loopback(self.host):
            raise ConfigError(
                f"--host {self.host}: other machines can reach it, which needs a token: set {TOKEN_VARIABLE}, "
                "or leave --host out to be reached from this machine alone"
            )


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine to itself alone."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
