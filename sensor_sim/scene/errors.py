"""What a scene source says when it cannot give a scene."""


class SceneError(ValueError):
    """A scene cannot be read: the message is one sentence that names the value and what is allowed."""
