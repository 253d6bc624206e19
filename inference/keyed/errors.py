"""What the converter says when it cannot follow a layer."""


class UnsupportedLayerError(ValueError):
    """An operation whose effect on the order of the pixels is not known.

    Attributes
    ----------
    path
        Where it is: the module's path, or the graph node's name.
    operation
        What it is.
    """

    def __init__(self, path: str, operation: str, advice: str) -> None:
        super().__init__(f"{path} ({operation}) cannot be keyed: {advice}")
        self.path = path
        self.operation = operation
