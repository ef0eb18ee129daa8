"""The server process."""

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    # Connections inherit it. asyncio would not set it for a socket made like this one, and every
    # answer would wait 40 ms for the acknowledgement of its own headers.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address(listening: socket.socket) -> str:
    """Where browsers find it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: FastAPI, listening: socket.socket, announce: Callable[[str], None]) -> None:
    """Answer requests until a signal ends it.

    Args:
        app: of `build`.
        listening: of `listen`.
        announce: told the address once requests are answered.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # addresses of people are nobody's business
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    _Server(config, lambda: announce(address(listening))).run(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()
