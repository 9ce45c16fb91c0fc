"""Messages in order, and only the latest of those that a slow reader would pile up."""

import multiprocessing
import threading
import time

from core.worker.messages import Done, Progress, Seen
from core.worker.outbox import Outbox

BIG = b"x" * 4_000_000


def test_messages_arrive_in_order():
    mine, theirs = multiprocessing.Pipe()
    outbox = Outbox(theirs, lambda: None)
    for number in range(50):
        outbox.put(Done(number))
    assert [mine.recv().number for _ in range(50)] == list(range(50))


def test_a_slow_reader_gets_the_newest_of_each_kind():
    mine, theirs = multiprocessing.Pipe()
    outbox = Outbox(theirs, lambda: None)
    outbox.put(Done(0, BIG))
    time.sleep(0.1)
    for number in range(1, 20):
        outbox.latest(Progress(number, "text"))
        outbox.latest(Seen(number, "C1", None, None, None))
    outbox.put(Done(99))
    came = [mine.recv() for _ in range(4)]
    assert [type(message).__name__ for message in came] == ["Done", "Progress", "Seen", "Done"]
    assert [message.number for message in came] == [0, 19, 19, 99]


def test_a_waiting_message_never_blocks_who_sends():
    mine, theirs = multiprocessing.Pipe()
    outbox = Outbox(theirs, lambda: None)
    began = time.monotonic()
    for number in range(3):
        outbox.put(Done(number, BIG))
    assert time.monotonic() - began < 0.5
    assert [mine.recv().number for _ in range(3)] == [0, 1, 2]


def test_a_reader_that_is_gone_is_noticed():
    mine, theirs = multiprocessing.Pipe()
    gone = threading.Event()
    outbox = Outbox(theirs, gone.set)
    mine.close()
    outbox.put(Done(1))
    assert gone.wait(2)
