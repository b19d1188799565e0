"""How a service hears that it should stop."""

import signal
import socket
import threading
from typing import Final

STOPPING: Final = frozenset({signal.SIGTERM, signal.SIGINT})
"""The signals that end a service in good order."""

RESTART: Final = 75
"""Exit status of a service that a new process of it may put right: EX_TEMPFAIL of sysexits.h."""


CRASHED: Final = 70
"""Exit status of a side that ended by a fault of ours, not by its own word: EX_SOFTWARE."""


def stop_event() -> threading.Event:
    """An event that SIGTERM and SIGINT set from now on; for the main thread of a process.

    Setting it in a handler is not enough. A handler runs between two instructions of the main
    thread: as that begins to wait for the event, it holds the event's own lock, which setting it
    would wait for, and once it sleeps on a lock, no handler runs until it wakes. So a thread reads
    the signals' numbers from the socket to which the interpreter writes them at once
    (docs.python.org/3/library/signal.html, ``set_wakeup_fd``).
    """
    stop = threading.Event()
    ours, interpreters = socket.socketpair()
    # Python requires it of a descriptor to wake by.
    interpreters.setblocking(False)

    def listen() -> None:
        with ours, interpreters:
            while number := ours.recv(1):
                if number[0] in STOPPING:
                    stop.set()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    # A full buffer needs no warning: then signals enough are on their way.
    signal.set_wakeup_fd(interpreters.fileno(), warn_on_full_buffer=False)
    for number in STOPPING:
        # The default would end the process, or interrupt its main thread.
        signal.signal(number, lambda *_: None)
    return stop
