"""A port that answers those who know a secret, and that nobody else can end or block."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from queue import SimpleQueue

PROOF_S = 10.0
"""So long a peer may take to prove that it knows the secret."""
RETRY_S = 0.1
NO_PROOF = (AuthenticationError, EOFError, OSError, AssertionError)
"""What `multiprocessing` raises for a peer that knows another secret, left, or speaks another protocol."""


def users(listener: Listener, secret: bytes) -> Iterator[Connection]:
    """Those who prove at `listener`, which has no authkey, that they know `secret`, in that order, without end.

    Each peer has a thread of its own until then: who is silent keeps nobody waiting. Who is given out is the caller's to close.
    """
    known: SimpleQueue[Connection] = SimpleQueue()
    threading.Thread(target=_accept, args=(listener, secret, known), daemon=True).start()
    while True:
        yield known.get()


def _accept(listener: Listener, secret: bytes, known: SimpleQueue[Connection]) -> None:
    while True:
        try:
            threading.Thread(target=_meet, args=(listener.accept(), secret, known), daemon=True).start()
        except (OSError, RuntimeError):
            # Someone left before they were taken, or descriptors or threads are used up: until strangers are sent away.
            time.sleep(RETRY_S)


def _meet(connection: Connection, secret: bytes, known: SimpleQueue[Connection]) -> None:
    # A descriptor of its own, which no other connection takes over while the timer runs.
    with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line:
        timer = threading.Timer(PROOF_S, _hang_up, (line,))
        timer.daemon = True
        timer.start()
        try:
            # As in Listener.accept, which would do it in the thread that accepts.
            deliver_challenge(connection, secret)
            answer_challenge(connection, secret)
        except NO_PROOF:
            connection.close()
        else:
            known.put(connection)
        finally:
            timer.cancel()


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # they left
        line.shutdown(socket.SHUT_RDWR)
