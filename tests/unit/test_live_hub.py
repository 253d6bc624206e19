"""Credit: a page that is slow gets fewer frames, never older ones, and nobody waits for it."""

import asyncio
from time import perf_counter

from keycam.live.hub import CREDIT, MOST_VIEWERS, QUICK_S, SLOW_S, Hub


def test_a_slow_page_has_two_frames_on_their_way_and_skips_the_rest() -> None:
    async def watch() -> None:
        hub = Hub()
        fast, slow = hub.join(), hub.join()
        assert fast is not None
        assert slow is not None
        for counter in range(30):
            assert hub.wants_frame()
            hub.publish(counter, perf_counter(), b"%d" % counter)
            await asyncio.sleep(0)
            assert await fast.next() == b"%d" % counter
            fast.acknowledged(counter)
        assert (fast.sent, fast.skipped) == (30, 0)
        assert (slow.sent, slow.skipped) == (CREDIT, 30 - CREDIT)
        assert [await slow.next(), await slow.next()] == [b"0", b"1"]
        slow.acknowledged(0)
        slow.acknowledged(0)
        slow.acknowledged(999)  # a page that says what it was never sent
        assert slow.has_credit
        hub.publish(30, perf_counter() - 1.0, b"30")
        await asyncio.sleep(0)
        assert await slow.next() == b"30"
        slow.acknowledged(30)
        age = slow.age.percentiles_ms()
        assert age is not None
        assert age["p99"] >= 1000

    asyncio.run(watch())


def test_nothing_is_made_while_nobody_has_credit() -> None:
    async def watch() -> None:
        hub = Hub()
        assert not hub.wants_frame()
        viewer = hub.join()
        assert viewer is not None
        for counter in range(CREDIT):
            hub.publish(counter, perf_counter(), b"")
        await asyncio.sleep(0)
        assert not hub.wants_frame()
        await asyncio.sleep(0)
        assert viewer.skipped == 1
        hub.leave(viewer)
        assert not hub.wants_frame()

    asyncio.run(watch())


def test_only_the_last_state_is_told_and_what_happens_once_is_never_left_out() -> None:
    async def watch() -> None:
        hub = Hub()
        viewer = hub.join()
        assert viewer is not None
        for number in range(100):
            hub.tell(f"state {number}")
        hub.announce("notice")
        hub.announce(b"result")
        await asyncio.sleep(0)
        assert [await viewer.next() for _ in range(3)] == ["notice", "state 99", b"result"]
        asyncio.get_running_loop().call_later(0.01, hub.close)
        assert await asyncio.wait_for(viewer.next(), 5) is None

    asyncio.run(watch())


def test_there_is_an_end_to_how_many_may_watch() -> None:
    async def watch() -> None:
        hub = Hub()
        joined = [hub.join() for _ in range(MOST_VIEWERS + 1)]
        assert joined[-1] is None
        assert None not in joined[:-1]

    asyncio.run(watch())


def test_a_page_that_draws_old_frames_has_one_at_a_time_until_it_is_quick_again() -> None:
    async def scenario() -> None:
        hub = Hub()
        viewer = hub.join()
        assert viewer is not None

        def drawn(counter: int, age_s: float) -> None:
            viewer.offer(counter, perf_counter() - age_s, b"")
            viewer.acknowledged(counter)

        drawn(0, age_s=SLOW_S + 0.05)
        viewer.offer(1, perf_counter(), b"")
        assert not viewer.has_credit, "the first one is old, so no second one waits behind the next"
        viewer.acknowledged(1)
        assert viewer.has_credit
        drawn(2, age_s=(SLOW_S + QUICK_S) / 2)
        viewer.offer(3, perf_counter(), b"")
        assert viewer.has_credit, "frame 1 was drawn at once, and one between the bounds changes nothing"
        viewer.offer(4, perf_counter(), b"")
        assert not viewer.has_credit

    asyncio.run(scenario())
