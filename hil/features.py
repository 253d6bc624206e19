"""What a test may need that only some targets have, and why it is skipped where that is lacking."""

from collections.abc import Mapping
from types import MappingProxyType

from hil.options import HilOptions

FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "client": "no key of a client is known (--key, in pytest --hil-key)",
        "owner": "the key of the board's owner is not known (--key, in pytest --hil-key, with the device's own key file)",
        "power": "its power cannot be cut at a step of the flash (a side door can: side_door in --env, in pytest --hil-env)",
        "device-faults": "its own faults cannot be injected (a side door can: side_door in --env, in pytest --hil-env)",
        "kill": "its process is not ours to be killed",
        "quiet-line": "its link has faults (--faults, in pytest --hil-faults)",
        "destructive": "the test wears the flash and replaces keys (--allow-destructive, in pytest --hil-allow-destructive)",
    }
)
"""The features that the plugin knows; a bench has more of its own where `features` in `--hil-env` names them."""


def features_of(options: HilOptions) -> frozenset[str]:
    """What the target of a run has. Raises KeyFileError where its key file cannot be read."""
    found = set(options.features)
    if options.faults == "none":
        found.add("quiet-line")
    if options.may_destroy:
        found.add("destructive")
    if options.target != "serial":
        found |= {"client", "owner", "power", "device-faults"}
    if options.target in ("pty", "tcp"):
        found.add("kill")
    if options.side_door is not None:
        found |= {"power", "device-faults"}
    if options.key is not None:
        from keycam.keyfile import read_card

        found.add("client")
        if read_card(options.key)[0].purpose == "device":
            found.add("owner")
    return frozenset(found)


def reason_to_skip(feature: str, target: str) -> str:
    """Why a test that needs a feature is skipped on a target without it."""
    return f"{feature}: {FEATURES.get(feature, f'the target {target} has none (features in --hil-env)')}"
