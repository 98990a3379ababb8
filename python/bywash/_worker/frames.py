"""Messages between the binary and the worker: four bytes of length, then JSON; descriptors travel with the length."""

from __future__ import annotations

import json
import os
import socket
import threading
from typing import Any

__all__ = ["Channel", "Closed"]

_MOST_DESCRIPTORS = 250


class Closed(Exception):
    """The binary has closed its end."""


class Channel:
    """One end of a socket."""

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=descriptor)
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def is_ours(self) -> bool:
        """Whether this process may speak here: its children must not, or messages would mix."""
        return os.getpid() == self._owner

    def send(self, **message: Any) -> None:
        text = json.dumps(message).encode()
        with self._lock:
            self.socket.sendall(len(text).to_bytes(4, "big") + text)

    def receive(self) -> tuple[dict[str, Any], list[int]]:
        head, descriptors, _, _ = socket.recv_fds(self.socket, 4, _MOST_DESCRIPTORS)
        if not head:
            raise Closed
        head += self._exactly(4 - len(head))
        return json.loads(self._exactly(int.from_bytes(head, "big"))), list(descriptors)

    def close(self) -> None:
        self.socket.close()

    def _exactly(self, length: int) -> bytes:
        parts = []
        while length:
            part = self.socket.recv(min(length, 1 << 20))
            if not part:
                raise Closed
            parts.append(part)
            length -= len(part)
        return b"".join(parts)
