"""`keycam`: the command line. Heavy modules are imported inside the commands, so that `--help` answers at once."""

import sys

import typer

from keycam.commands.audit import audit
from keycam.commands.batch import batch
from keycam.commands.bench import bench
from keycam.commands.calibrate import app as calibrate
from keycam.commands.camera import camera
from keycam.commands.convert import convert_network, export_network
from keycam.commands.demo import demo
from keycam.commands.evaluate import evaluate
from keycam.commands.hil import hil
from keycam.commands.infer import infer
from keycam.commands.info import info
from keycam.commands.keys import app as keys
from keycam.commands.live import live
from keycam.commands.recording import app as recordings
from keycam.commands.replay import replay
from keycam.commands.train import train
from keycam.commands.transform import app as transform
from keycam.interrupt import no_interrupt_lost
from keycam.process import keep_freed_memory, share_threads
from keycam.refusal import INTERRUPTED, refusal, say

app = typer.Typer(
    help="A smart camera that never emits a picture: keyed readout, and networks that answer on it exactly as on plain frames.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(keys, name="keys")
app.add_typer(recordings, name="recording")
app.add_typer(calibrate, name="calibrate")
app.add_typer(transform, name="transform")
app.command()(demo)
app.command()(live)
app.command("eval")(evaluate)
app.command()(infer)
app.command()(train)
app.command("convert")(convert_network)
app.command("export")(export_network)
app.command()(batch)
app.command()(replay)
app.command()(audit)
app.command()(camera)
app.command()(hil)
app.command()(bench)
app.command()(info)


def main() -> None:
    """Run the command line; every refusal is one sentence on standard error and exit code 2 or 3."""
    keep_freed_memory()
    share_threads()
    try:
        with no_interrupt_lost():
            code = app(sys.argv[1:] or ["--help"], prog_name="keycam", standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        sentence, code = refusal(error)
        say(sentence)
    if code == INTERRUPTED:  # which is also how Typer returns from Ctrl-C
        say("interrupted; nothing was left half-written")
    sys.exit(code)
