"""Work side by side in threads that do not keep their process from ending."""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkBroke(Exception):
    """A thread ended without a result; its traceback is in the log."""


def side_by_side(
    work: Callable[[Item], Result], items: Sequence[Item], threads: int, expected: tuple[type[Exception], ...] = ()
) -> list[Result]:
    """The results in the order of the items. After an exception nothing more is begun; one that is expected is raised
    here once the work under way has ended."""
    waiting: SimpleQueue[tuple[int, Item]] = SimpleQueue()
    for numbered in enumerate(items):
        waiting.put(numbered)
    results: dict[int, Result] = {}
    failures: list[Exception] = []
    halted = Event()

    def take() -> None:
        while not halted.is_set():
            try:
                number, item = waiting.get_nowait()
            except Empty:
                return
            try:
                results[number] = work(item)
            except expected as error:
                failures.append(error)
            finally:
                if number not in results:
                    halted.set()

    crew = [
        Thread(target=copy_context().run, args=(take,), name=f"side-by-side-{number}", daemon=True)
        for number in range(min(threads, len(items)))
    ]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    if failures:
        raise failures[0]
    if len(results) < len(items):
        raise WorkBroke
    return [results[number] for number in range(len(items))]
