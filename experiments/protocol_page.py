"""The tables of docs/protocol.md that follow from the code: `python -m experiments.protocol_page` puts them in."""

import re
from enum import IntEnum
from pathlib import Path

from link.messages import (
    COMMANDS,
    MESSAGES,
    DeviceState,
    EventCode,
    Role,
    Slot,
    SlotState,
    WrapForm,
    fields_of,
)
from link.register import Register, Value
from link.registers import REGISTERS
from link.samples import SampleFormat
from link.status import Status

PAGE = Path(__file__).parents[1] / "docs" / "protocol.md"
CODES: tuple[type[IntEnum], ...] = (Role, Slot, SlotState, WrapForm, SampleFormat, DeviceState, EventCode)


def tables() -> dict[str, str]:
    """Every table, by the name of the marks that it stands between."""
    return {"payloads": payloads(), "codes": codes(), "statuses": statuses(), "registers": registers()}


def payloads() -> str:
    """Number, type, answer, role and fields of every message."""
    lines = ["| type | name | payload | answer | least role |", "|---|---|---|---|---|"]
    for number, kind in MESSAGES.items():
        fields = ", ".join(f"{field.form} **{name}** ({meaning})" for name, field, meaning in fields_of(kind)) or "none"
        answer, role = COMMANDS.get(number, (None, None))
        shown = (answer.name, role.name.lower()) if answer is not None and role is not None else ("", "")
        lines.append(f"| {number:02X} | {number.name} | {fields} | {shown[0]} | {shown[1]} |")
    return "\n".join(lines) + "\n"


def codes() -> str:
    """The numbers that have names."""
    lines = ["| code | values |", "|---|---|"]
    for kind in CODES:
        lines.append(f"| {kind.__name__} | {', '.join(f'{each.value} {each.name}' for each in kind)} |")
    return "\n".join(lines) + "\n"


def statuses() -> str:
    """The statuses of NACK."""
    lines = ["| status | name | meaning |", "|---|---|---|"]
    return "\n".join(lines + [f"| {each:04X} | {each.name} | {each.meaning} |" for each in Status]) + "\n"


def registers() -> str:
    """The register map."""
    lines = ["| address | name | kind | access | unit | takes | reset | meaning |", "|---|---|---|---|---|---|---|---|"]
    return "\n".join(lines + [_row(register) for register in REGISTERS]) + "\n"


def _row(register: Register) -> str:
    sized = register.kind in ("text", "bytes")
    kind = f"{register.kind} {register.size_bytes}" if sized else register.kind
    access = register.access + (" volatile" if register.volatile else "") + (" locked" if register.locked else "")
    if register.kind == "choice":
        takes = ", ".join(f"{number} {name}" for number, name in enumerate(register.choices))
    else:
        takes = "" if sized else register.allowed
    cells = (f"{register.address:04X}", f"`{register.name}`", kind, access, register.unit, takes, _shown(register.reset))
    return f"| {' | '.join(cells)} | {register.meaning} |"


def _shown(value: Value | None) -> str:
    return "" if value is None else str(value)


def put_in(page: str) -> str:
    """The page with every table between its marks."""
    for name, table in tables().items():
        marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- end of {name} -->\n)", re.S)
        if len(marks.findall(page)) != 1:
            raise ValueError(f"marks of {name}: allowed is one pair on the page")
        page = marks.sub(lambda found, table=table: f"{found[1]}\n{table}\n{found[2]}", page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    PAGE.write_text(put_in(PAGE.read_text("utf-8")), "utf-8")
