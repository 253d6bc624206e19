"""A pseudo-terminal: to the host an ordinary serial port, on which this process is the device."""

import os
import tty

from link.transport.descriptor import DescriptorTransport
from link.transport.pacing import PacedTransport, check_baud


class PtyPort(PacedTransport):
    """A device's port whose `name` is the serial port that a host opens.

    A pseudo-terminal takes any baud rate and runs as fast as it can, so the rate is simulated here. It cannot tell whether a
    host is there: what is written to nobody is kept until its buffer is full, and then `write` raises LinkTimeout.

    Parameters
    ----------
    baud
        bits a second of the serial line that it stands for; None for no limit.
    """

    def __init__(self, *, baud: int | None = None) -> None:
        check_baud(baud)
        device, host = os.openpty()
        tty.setraw(host)

        def release() -> None:
            os.close(device)
            os.close(host)

        # The host's side stays open here too: while nobody has it open, the device's side would read EIO.
        super().__init__(DescriptorTransport(device, os.ttyname(host), release), baud)
