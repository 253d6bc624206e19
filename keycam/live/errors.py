"""What keeps the page from being served."""


class PageError(ValueError):
    """The page cannot be served: the message is one sentence that names what is in the way and what is allowed."""
