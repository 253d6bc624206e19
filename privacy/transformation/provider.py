"""The provider of a classifier: it answers for transformed pictures with a gradient, and never gives its network away."""

import hashlib
import multiprocessing
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import torch
from torch import Tensor, nn

from inference.models import named_network
from inference.models.state import weights_digest
from privacy.transformation.listening import NO_PROOF, users
from privacy.transformation.messages import ConnectionBroke, ProviderError, receive, receive_answer, refuse, send

QUESTION, ANSWER = ("pictures", "labels"), ("loss", "gradient", "right")
GREETING = ("classifier_sha256",)
Address = tuple[str, int]
REFUSED = b"refused: "


@dataclass(frozen=True, eq=False)
class ClassLoss:
    """Mean cross entropy of a batch, its gradient on the pictures (N, 3, H, W), and how many of them were classified rightly."""

    loss: Tensor
    gradient: Tensor
    right: Tensor


class Provider:
    """The user's end: asks a provider at `address` that knows the same `secret`.

    Raises `ProviderError` where nobody answers there, or knows another secret.

    Attributes
    ----------
    classifier_sha256
        First 12 hex digits of the digest of its classifier: the same as long as it has the same classifier.
    """

    def __init__(self, address: Address, secret: bytes) -> None:
        host, port = address
        try:
            self._connection = Client(address, authkey=secret)
        except NO_PROOF as error:
            allowed = "allowed is host:port of 'keycam transform provide' with the same secret"
            other = isinstance(error, AuthenticationError)
            trouble = "it knows another secret" if other else str(error) or type(error).__name__
            raise ProviderError(f"provider = {host}:{port}: {trouble}; {allowed}") from error
        try:
            digest = self._answer(GREETING)["classifier_sha256"]
            if digest.dtype != torch.uint8 or digest.shape != (hashlib.sha256().digest_size,):
                raise ProviderError("provider: it does not say which classifier it has; allowed is keycam at both ends")
        except ProviderError:
            self.close()
            raise
        self.classifier_sha256 = bytes(digest.tolist()).hex()[:12]

    def class_loss(self, pictures: Tensor, labels: Tensor) -> ClassLoss:
        """Ask for transformed pictures (N, 3, H, W) and their classes (N,). Raises `ProviderError`."""
        send(self._connection, {"pictures": pictures.detach().float(), "labels": labels})
        answer = self._answer(ANSWER)
        if answer["gradient"].shape != pictures.shape or answer["loss"].ndim:
            raise ProviderError("provider: its answer is not for these pictures; allowed is keycam at both ends")
        return ClassLoss(**{name: tensor.to(pictures.device) for name, tensor in answer.items()})

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _answer(self, names: tuple[str, ...]) -> dict[str, Tensor]:
        try:
            return receive_answer(self._connection, names)
        except EOFError as error:
            raise ProviderError("provider: it hung up; allowed is to start it and run the same line again") from error


def serve(classifier: nn.Module, connection: Connection) -> None:
    """Tell one user which classifier it is, and answer them until they hang up or are cut off; what is no question is refused in
    one sentence.

    Raises `ProviderError` where they are gone before they have their answer.
    """
    classifier = classifier.eval().requires_grad_(False)
    send(connection, {"classifier_sha256": torch.tensor(list(bytes.fromhex(weights_digest(classifier))), dtype=torch.uint8)})
    while True:
        try:
            question = receive(connection, QUESTION)
            answer = _answer(classifier, question["pictures"], question["labels"])
        except (EOFError, ConnectionBroke):
            return
        # A user may send what the classifier does not take, and a classifier of one's own fails at it in any way.
        except Exception as error:
            refuse(connection, f"provider: {' '.join(str(error).split())}; allowed is pictures and labels of its classifier")
            continue
        send(connection, answer)


def _answer(classifier: nn.Module, pictures: Tensor, labels: Tensor) -> dict[str, Tensor]:
    if pictures.dtype != torch.float32 or pictures.ndim != 4 or labels.shape != pictures.shape[:1]:
        raise ValueError(f"pictures {pictures.dtype} {tuple(pictures.shape)} and labels {tuple(labels.shape)}")
    pictures.requires_grad_(True)
    scores = classifier(pictures)
    if not isinstance(scores, Tensor) or scores.ndim != 2:
        raise ValueError("its network does not give each picture one score for each class")
    if labels.numel() == 0 or labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise ValueError(f"labels of {labels.tolist()[:3]}... for {scores.shape[1]} classes")
    loss = nn.functional.cross_entropy(scores, labels)
    (gradient,) = torch.autograd.grad(loss, pictures)
    return {"loss": loss.detach(), "gradient": gradient, "right": (scores.argmax(1) == labels).sum()}


def serve_named(model: str, weights: Path | None, address: Address, secret: bytes, told: Connection | None = None) -> None:
    """Be the provider of the network `model`, for one user after the other; `told` is sent the port that was taken.

    Who does not know the secret neither ends it nor keeps others waiting.

    Raises `ProviderError` where nobody can listen at `address`, and what `named_network` raises.
    """
    try:
        classifier = named_network(model, weights).network
    except ValueError as error:
        if told is None:
            raise
        told.send_bytes(REFUSED + str(error).encode())
        return
    try:
        opened = Listener(address)
    except OSError as error:
        host, port = address
        allowed = "allowed is a free port of an address of this machine"
        raise ProviderError(f"address = {host}:{port}: {error.strerror or error}; {allowed}") from error
    with opened as listener:
        if told is not None:
            told.send_bytes(str(listener.address[1]).encode())
        for connection in users(listener, secret):
            with connection:
                try:
                    serve(classifier, connection)
                except ProviderError:
                    continue


def _serve_one_owner(model: str, weights: Path | None, secret: bytes, told: Connection) -> None:
    # An owner that is killed cannot end this process, but its end of the pipe closes.
    threading.Thread(target=_end_with, args=(told,), daemon=True).start()
    serve_named(model, weights, ("127.0.0.1", 0), secret, told)


def _end_with(owner: Connection) -> None:
    with suppress(EOFError, OSError):
        owner.recv_bytes()
    os._exit(0)


@contextmanager
def provider_process(model: str, weights: Path | None) -> Iterator[Provider]:
    """A provider as a process of its own on this machine: the user's process never loads the classifier.

    Raises `ProviderError` where the provider cannot load it.
    """
    secret, context = secrets.token_bytes(32), multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve_one_owner, args=(model, weights, secret, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        said = ours.recv_bytes()
        if said.startswith(REFUSED):
            raise ProviderError(said.removeprefix(REFUSED).decode())
        provider = Provider(("127.0.0.1", int(said)), secret)
        try:
            yield provider
        finally:
            provider.close()
    except EOFError as error:
        raise ProviderError(f"model = {model!r}: its process ended; allowed is a network that can be loaded") from error
    finally:
        process.terminate()
        process.join()
        ours.close()
