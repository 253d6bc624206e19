"""What goes wrong around the workers of a batch."""


class ClusterError(ValueError):
    """A cluster that cannot be used: the message names the address and what is allowed."""


class WorkersNotStarted(RuntimeError):
    """No worker process can be kept alive on this machine: the message names the number and what is allowed."""


class WorkerDied(RuntimeError):
    """The process that worked on a unit ended in the middle of it."""
