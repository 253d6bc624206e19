"""The provider of a classifier: what it gives, whom it answers, and that nobody else ends or blocks it."""

import errno
import multiprocessing
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import pytest
import torch
from torch import nn

from privacy.transformation import Provider, provider_process
from privacy.transformation.listening import users
from privacy.transformation.messages import ProviderError, receive, receive_answer, refuse, send
from privacy.transformation.provider import GREETING, QUESTION, Address, serve, serve_named

SECRET = b"sixteen bytes or"
BLACK = (torch.zeros(1, 3, 32, 32), torch.tensor([0]))


@pytest.fixture(scope="module")
def address() -> Address:
    """Where a provider of ResNet-20 listens until this process ends: no test may end it for the next one."""
    ours, theirs = multiprocessing.Pipe()
    place = ("127.0.0.1", 0)
    threading.Thread(target=serve_named, args=("resnet20", None, place, SECRET, theirs), daemon=True).start()
    assert ours.poll(60)
    return "127.0.0.1", int(ours.recv_bytes())


@pytest.fixture
def provider(address: Address) -> Iterator[Provider]:
    with closing(Provider(address, SECRET)) as known:
        yield known


def test_a_provider_is_a_process_of_its_own_that_gives_loss_gradient_and_count_and_nothing_else() -> None:
    with provider_process("resnet20", None) as provider:
        (process,) = multiprocessing.active_children()
        answer = provider.class_loss(torch.zeros(2, 3, 32, 32), torch.tensor([0, 1]))
        assert len(bytes.fromhex(provider.classifier_sha256)) == 6
        assert set(vars(answer)) == {"loss", "gradient", "right"}
        assert answer.gradient.abs().max() > 0
    assert not process.is_alive()


OWNER = """
import time
from privacy.transformation import provider_process
if __name__ == "__main__":
    with provider_process("resnet20", None):
        print("answers", flush=True)
        time.sleep(600)
"""


def test_a_provider_ends_with_its_owner_even_if_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(OWNER)
    owner = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"answers\n"
    owner.kill()
    # Its output is the provider's, too, and ends when both have ended.
    assert owner.communicate(timeout=60)[0] == b""


def test_a_process_that_cannot_load_its_network_says_so() -> None:
    ours, theirs = multiprocessing.Pipe()
    serve_named("vgg16", None, ("127.0.0.1", 0), SECRET, theirs)
    assert ours.recv_bytes().startswith(b"refused: model = 'vgg16': no weights are shipped for it; allowed is")


@pytest.mark.parametrize(
    ("pictures", "labels", "says"),
    [
        (torch.zeros(2, 3, 32, 32), torch.tensor([0, 10]), "labels of .0, 10.* for 10 classes"),
        (torch.zeros(2, 3, 32, 32), torch.tensor([0]), "pictures .* and labels"),
        (torch.zeros(2, 4, 32, 32), torch.tensor([0, 1]), "provider: "),
        (torch.zeros(0, 3, 32, 32), torch.zeros(0, dtype=torch.int64), "provider: "),
    ],
)
def test_what_is_no_question_is_refused_and_the_provider_goes_on(
    provider: Provider, pictures: torch.Tensor, labels: torch.Tensor, says: str
) -> None:
    with pytest.raises(ProviderError, match=says):
        provider.class_loss(pictures, labels)
    assert provider.class_loss(*BLACK).loss > 0


def test_a_network_that_is_no_classifier_is_told_of() -> None:
    served = Listener(("127.0.0.1", 0), authkey=SECRET)

    def work() -> None:
        with served.accept() as connection:
            serve(nn.Conv2d(3, 10, 1), connection)

    thread = threading.Thread(target=work)
    thread.start()
    host, port = served.address  # type: ignore[misc]
    provider = Provider((host, port), SECRET)
    with pytest.raises(ProviderError, match="provider: its network does not give each picture one score for each class; allowed"):
        provider.class_loss(*BLACK)
    provider.close()
    thread.join(10)
    served.close()


def test_another_secret_is_refused(address: Address) -> None:
    with pytest.raises(ProviderError, match=r"it knows another secret; allowed is host:port .* with the same secret"):
        Provider(address, b"another sixteen bytes")


def test_what_answers_and_is_no_provider_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def greet() -> None:
            line, _ = other.accept()
            with line:
                line.sendall(struct.pack("!i", 20) + b"220 smtp.example.org")

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(ProviderError, match="with the same secret"):
            Provider(other.getsockname(), SECRET)
        thread.join(10)


def test_strangers_neither_end_nor_block_the_provider(address: Address) -> None:
    silent = socket.create_connection(address)
    for said in (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", struct.pack("!i", 20) + b"cut", struct.pack("!i", 4) + b"none", b""):
        with socket.create_connection(address) as stranger:
            stranger.sendall(said)
    for _ in range(2):
        with closing(Provider(address, SECRET)) as provider:
            assert provider.class_loss(*BLACK).loss > 0
    silent.close()


def test_a_silent_stranger_is_sent_away(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.transformation.listening.PROOF_S", 0.2)
    with socket.create_connection(address, timeout=10) as stranger:
        while stranger.recv(1000):  # the challenge, then the end: without it the time runs out here
            pass


def test_a_port_whose_descriptors_are_used_up_goes_on_when_some_are_free_again() -> None:
    class UsedUp(Listener):
        refusals = 2

        def accept(self) -> Connection:
            if self.refusals:
                self.refusals -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    listener = UsedUp(("127.0.0.1", 0))
    known = users(listener, SECRET)
    asked: list[Connection] = []
    thread = threading.Thread(target=lambda: asked.append(Client(listener.address, authkey=SECRET)))
    thread.start()
    with next(known):
        thread.join(10)
        asked[0].close()


def test_one_user_is_served_after_the_other(address: Address) -> None:
    first = Client(address, authkey=SECRET)
    assert first.poll(10)  # each is told first which classifier it is
    second = Client(address, authkey=SECRET)
    assert not second.poll(0.5)
    first.close()
    assert second.poll(10)
    second.close()


def test_a_user_who_sends_a_refusal_or_too_much_ends_nothing(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.transformation.messages.MOST_BYTES", 1000)
    user = Client(address, authkey=SECRET)
    receive(user, GREETING)
    for odd in (torch.zeros(3), torch.zeros(3, dtype=torch.uint8)):
        send(user, {"refusal": odd})
        with pytest.raises(ProviderError, match="provider: a message holds refusal; allowed is pictures, labels"):
            receive_answer(user, QUESTION)
    user.send_bytes(bytes(1001))
    with pytest.raises((EOFError, ConnectionResetError)):
        user.recv_bytes()  # nothing after it can be read: they are cut off
    user.close()
    monkeypatch.undo()
    with closing(Provider(address, SECRET)) as provider:
        assert provider.class_loss(*BLACK).loss > 0


def test_a_refusal_is_a_sentence_and_nothing_else() -> None:
    ours, theirs = multiprocessing.Pipe()
    refuse(ours, "provider: no")
    with pytest.raises(ProviderError, match=r"^provider: no$"):
        receive_answer(theirs, ("loss",))
    send(ours, {"refusal": torch.zeros(2)})
    with pytest.raises(ProviderError, match="a message holds refusal; allowed is loss"):
        receive_answer(theirs, ("loss",))


def test_a_message_that_is_none_is_refused_and_none_is_unpickled() -> None:
    ours, theirs = multiprocessing.Pipe()
    assert isinstance(ours, Connection)
    ours.send({"pictures": 1})  # a pickle
    with pytest.raises(ProviderError, match="no safetensors"):
        receive(theirs, ("pictures",))
    header = b'{"pictures":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}'
    ours.send_bytes(struct.pack("<Q", len(header)) + header + bytes(1))  # a type that torch does not have
    with pytest.raises(ProviderError, match="no safetensors"):
        receive(theirs, ("pictures",))
    send(ours, {"other": torch.zeros(1)})
    with pytest.raises(ProviderError, match="a message holds other; allowed is pictures"):
        receive(theirs, ("pictures",))
    theirs.close()
    with pytest.raises(ProviderError, match="the connection broke"):
        send(ours, {"pictures": torch.zeros(1)})
