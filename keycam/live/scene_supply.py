"""Scenes as they come: read by a thread of its own, at the source's pace, and found again after a loss."""

import threading
from dataclasses import dataclass
from time import perf_counter

from keycam.live.back_off import BackOff
from keycam.live.scene_queue import SceneQueue, Shot
from keycam.live.scene_source import SceneSource
from sensor_sim import Scene, SceneError

END_S = 2.0
"""How long the end waits for a source that is busy; its daemon thread ends by itself when the source returns."""


@dataclass(frozen=True)
class SupplyState:
    """Where the source stands: "there", "lost" or "over"; what is said of a loss; and how often it was lost so far."""

    name: str
    stands: str = "there"
    trouble: str = ""
    losses: int = 0


class SceneSupply:
    """The scenes of a source, or of a visitor who shares a webcam: while somebody does, the source's own wait or give way.

    Use it as a context manager.

    Parameters
    ----------
    source
        Where scenes come from.
    """

    def __init__(self, source: SceneSource) -> None:
        self.source = source
        self.queue = SceneQueue(source.keep)
        self._state = SupplyState(source.name)
        self._stopping = threading.Event()
        self._first = threading.Event()
        self._own_turn = threading.Event()
        self._own_turn.set()
        self._sharer: object | None = None
        self._lock = threading.Lock()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="keycam-scenes", daemon=True)

    @property
    def state(self) -> SupplyState:
        """Where the source stands now."""
        return self._state

    @property
    def is_shared(self) -> bool:
        """Whether a visitor's webcam is looked through."""
        return self._sharer is not None

    def start(self) -> None:
        """Begin, and wait for the first scene. Raises SceneError where the source has none."""
        self._thread.start()
        self._first.wait()
        if self._failure is not None:
            raise self._failure

    def share(self, sharer: object) -> bool:
        """Let a visitor's scenes take the place of the source's; False while another one does."""
        with self._lock:
            if self._sharer not in (None, sharer):
                return False
            self._sharer = sharer
            self._own_turn.clear()
            return True

    def unshare(self, sharer: object) -> None:
        """Let the source's scenes come again; harmless for who does not share."""
        with self._lock:
            if self._sharer is sharer:
                self._sharer = None
                self._own_turn.set()

    def put_shared(self, sharer: object, scene: Scene, seen_s: float) -> None:
        """A scene of the visitor who shares; of others it is left out."""
        if self._sharer is sharer:
            self.queue.put(Shot(scene, seen_s), self._stopping)

    def stop(self) -> None:
        """End; harmless when repeated, from any thread."""
        self._stopping.set()
        self._own_turn.set()
        self.queue.close()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(END_S)

    def __enter__(self) -> "SceneSupply":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        back_off = BackOff()
        while not self._stopping.is_set():
            trouble = self._once(back_off)
            if self._stopping.is_set():
                return
            if trouble is None and not self.source.comes_back:
                if self.source.repeats:
                    continue
                self._over()
                return
            may_mend = trouble is None or isinstance(trouble, SceneError | OSError)
            if not self._first.is_set() or not may_mend or not (self.source.comes_back or self.source.repeats):
                self._over(trouble)
                return
            pause_s = back_off.next_s()
            said = f"{self.source.name}: it stopped" if trouble is None else str(trouble)
            is_new = self._state.stands == "there"  # and no further try to get back what is lost already
            self._state = SupplyState(self.source.name, "lost", said, self._state.losses + is_new)
            self._stopping.wait(pause_s)

    def _once(self, back_off: BackOff) -> Exception | None:
        """Go over the source once; what went wrong with it."""
        due_s = perf_counter()
        scenes = None
        try:
            scenes = iter(self.source.scenes)
            for scene in scenes:
                due_s = self._paced(due_s)
                self._own_turn.wait()
                if self._stopping.is_set():
                    break
                if self._state.stands != "there":
                    self._state = SupplyState(self.source.name, losses=self._state.losses)
                back_off.worked()
                if not self.is_shared:
                    self.queue.put(Shot(scene, perf_counter()), self._stopping)
                self._first.set()
        except Exception as error:  # a defect must come out where it is seen, not end this thread without a word
            return error
        finally:
            close = getattr(scenes, "close", None)  # a generator's, which lets go of a webcam
            if close is not None:
                close()
        return None

    def _paced(self, due_s: float) -> float:
        """Wait until a scene is due; when the next one is."""
        if self.source.fps is None:
            return due_s
        now_s = perf_counter()
        if due_s > now_s:
            self._stopping.wait(due_s - now_s)
        # After a delay the pace begins anew: nobody wants the lost time back in a rush.
        return max(due_s, perf_counter() - 1 / self.source.fps) + 1 / self.source.fps

    def _over(self, error: Exception | None = None) -> None:
        waits_for_visitors = error is None and not self._first.is_set()
        if waits_for_visitors:
            self._first.set()
            return
        self._state = SupplyState(self.source.name, "over", "" if error is None else str(error), self._state.losses)
        if not self._first.is_set():
            self._failure = error
        self._first.set()
        self.queue.close(error)
