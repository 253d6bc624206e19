"""What is said of data that cannot be used."""


class DataError(ValueError):
    """Data that are missing or damaged: a data set, weights or a checkpoint. The message names the file and what is allowed."""
