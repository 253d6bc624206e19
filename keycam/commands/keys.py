"""`keycam keys`: make, seal, open, wrap and change the keys that cameras and hosts share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from keycam.key import KeyCard

app = typer.Typer(help="Make, guard and hand out the keys that a camera and its clients share.")

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        envvar="KEYCAM_PASSPHRASE_FILE",
        help="Take the passphrase from the first line of this file; by default it is asked for.",
    ),
]
File = Annotated[Path, typer.Argument(readable=False, help="Key file.")]
NewFile = Annotated[Path, typer.Argument(help="File to make; it must not exist.")]
OneClient = Annotated[str | None, typer.Option(help="Hand out only the secret of this client's present epoch.")]


@app.command("new")
def new_key(
    file: NewFile,
    device: Annotated[str, typer.Option(help="Name of the camera.")] = "cam0",
    client: Annotated[list[str] | None, typer.Option(help="Name of a host that reads it; may be repeated.  [host]")] = None,
) -> None:
    """Make a fresh 256-bit key, readable by its owner only."""
    from keycam.key import new_key as fresh_key
    from keycam.keyfile import write_plain

    with fresh_key(device, client or ["host"]) as key:
        write_plain(key, file)
        typer.echo(f"{file}: key {key.card.fingerprint}")


@app.command("seal")
def seal_key(file: File, out: NewFile, passphrase_file: PassphraseFile = None) -> None:
    """Put a plain key under a passphrase, in a new file."""
    from keycam.key import KeyFileError
    from keycam.key_guard import Plain
    from keycam.keyfile import open_key, read_card, write_sealed
    from keycam.passphrase import known_passphrase, new_passphrase

    if not isinstance(read_card(file)[1], Plain):
        raise KeyFileError(f"key = {file}: it is guarded already; allowed is a plain key, as 'keycam keys open' makes it")
    with open_key(file, lambda: known_passphrase(passphrase_file, str(file))) as key:
        write_sealed(key, out, new_passphrase(passphrase_file, str(out)))
        typer.echo(f"{out}: key {key.card.fingerprint}, sealed; {file} still holds it in clear")


@app.command("open")
def open_sealed(
    file: File,
    out: NewFile,
    client: OneClient = None,
    private_key: Annotated[
        Path | None, typer.Option(readable=False, help="RSA private key (PEM) of the device that the key was wrapped for.")
    ] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Open a sealed or wrapped key into a new plain file, readable by its owner only."""
    from keycam.keyfile import open_key, unwrap_key, write_plain
    from keycam.passphrase import known_passphrase

    def ask() -> str:
        return known_passphrase(passphrase_file, str(private_key or file))

    with (
        open_key(file, ask) if private_key is None else unwrap_key(file, private_key, ask) as key,
        key if client is None else key.of_client(client) as given,
    ):
        write_plain(given, out)
        typer.echo(f"{out}: key {given.card.fingerprint}, plain; keep it from others")


@app.command("wrap")
def wrap_key(
    file: File,
    out: NewFile,
    public_key: Annotated[
        Path, typer.Option(readable=False, help="RSA public key (PEM, 3072 bits or more) of who is to have it.")
    ],
    client: OneClient = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Wrap a key for a device, or with --client one client's secret for that client, by RSA-OAEP into a new file."""
    from keycam.keyfile import open_key, write_wrapped
    from keycam.passphrase import known_passphrase

    with (
        open_key(file, lambda: known_passphrase(passphrase_file, str(file))) as key,
        key if client is None else key.of_client(client) as given,
    ):
        write_wrapped(given, out, public_key)
        typer.echo(f"{out}: key {given.card.fingerprint}, wrapped")


@app.command("show")
def show_key(
    file: File, as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")] = False
) -> None:
    """Say what a key file holds: fingerprint, form, device, clients and their epochs; never the key, and no passphrase."""
    from keycam.key_text import form
    from keycam.keyfile import read_card
    from keycam.printing import print_json, print_key

    card, guard = read_card(file)
    result = {
        "file": str(file),
        "fingerprint": card.fingerprint,
        "form": form(guard),
        "purpose": card.purpose,
        "device": card.device,
        "created": card.created or None,
        "clients": {name: {"epoch": client.epoch, "revoked": client.revoked} for name, client in card.clients.items()},
    }
    print_json(result) if as_json else print_key(result)


@app.command("rotate")
def rotate_key(
    file: File,
    client: Annotated[str | None, typer.Option(help="Only this client; by default all that are not revoked.")] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Begin the next epoch: new frame keys, and frame counters from 0; hand the clients their new secrets."""
    _change(file, lambda card: card.rotated(client), passphrase_file)


@app.command("revoke")
def revoke_client(
    file: File,
    client: Annotated[str, typer.Option(help="The client that is to read no more frames.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """End a client's epoch: the device makes no more frames for it, and the other clients go on as they were."""
    _change(file, lambda card: card.without(client), passphrase_file)


@app.command("admit")
def admit_client(
    file: File,
    client: Annotated[str, typer.Option(help="A new client, or one that was revoked.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Add a client, or take a revoked one back, in an epoch that nobody had before."""
    _change(file, lambda card: card.admitting(client), passphrase_file)


def _change(file: Path, change: Callable[["KeyCard"], "KeyCard"], passphrase_file: Path | None) -> None:
    from keycam.keyfile import change_card
    from keycam.passphrase import known_passphrase

    card = change_card(file, change, lambda: known_passphrase(passphrase_file, str(file)))
    clients = ", ".join(f"{name} {'revoked' if one.revoked else f'epoch {one.epoch}'}" for name, one in card.clients.items())
    typer.echo(f"{file}: key {card.fingerprint}, {clients}")
