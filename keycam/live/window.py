"""The live camera in a window of OpenCV: the link beside the answers, until the window is closed or a key is pressed."""

from collections.abc import Callable

import numpy as np

from keycam.live.chosen_network import ChosenNetwork
from keycam.live.display import refuse_without_display
from keycam.live.live_frame import LiveFrame
from keycam.live.panes import Picture, panes
from keycam.live.said import said_of

TITLE = "keycam live"
PANE = (240, 320)
LINES_PX = 72
INK, DIM = (235, 235, 235), (150, 150, 150)
KEYS = "r: restored picture   q: end"


def composed(frame: LiveFrame, network: ChosenNetwork) -> Picture:
    """All panes side by side with the answers below them, uint8 (h, w, 3), RGB."""
    import cv2

    shown = [_fitted(picture) for picture in panes(frame, network.classes).values()]
    row = np.concatenate(shown, axis=1)
    text = np.zeros((LINES_PX, max(row.shape[1], 2 * PANE[1]), 3), np.uint8)
    if row.shape[1] < text.shape[1]:
        row = np.pad(row, ((0, 0), (0, text.shape[1] - row.shape[1]), (0, 0)))
    answers = said_of(frame, network)
    lines = [f"{who} key: " + ", ".join(f"{a['class']} {a['share']:.0%}" for a in answers[who][:2]) for who in ("right", "wrong")]
    lines.append(f"{frame.raw.header.policy.order} order, {1e3 * frame.latency_s:.0f} ms   {KEYS}")
    for number, (line, colour) in enumerate(zip(lines, (INK, DIM, DIM), strict=True)):
        cv2.putText(text, line, (8, 20 + 22 * number), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    return np.concatenate([row, text])


class Window:
    """Shows frames; `ended` and `reveal` are called when the visitor wants it.

    Parameters
    ----------
    network
        Whose answers are written.
    ended
        Is called where the window is closed or "q" or Escape is pressed.
    reveal
        Is called where "r" is pressed.
    """

    def __init__(self, network: ChosenNetwork, ended: Callable[[], None], reveal: Callable[[], None]) -> None:
        refuse_without_display()
        self._network, self._ended, self._reveal = network, ended, reveal
        self._opened = False

    def show(self, frame: LiveFrame) -> None:
        """Show a frame, in the thread that made the window."""
        import cv2

        cv2.imshow(TITLE, np.ascontiguousarray(composed(frame, self._network)[..., ::-1]))
        key = cv2.waitKey(1) & 0xFF
        closed = self._opened and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1
        self._opened = True
        if closed or key in (ord("q"), 27):
            self._ended()
        elif key == ord("r"):
            self._reveal()

    def close(self) -> None:
        """Close the window."""
        if self._opened:
            import cv2

            cv2.destroyAllWindows()


def _fitted(picture: Picture) -> Picture:
    import cv2

    coloured = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    return np.asarray(cv2.resize(coloured, PANE[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
