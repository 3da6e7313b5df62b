"""Keeps an interrupt from a worker: Ctrl-C reaches all processes of a terminal at once."""

import signal
import threading


def dask_setup(_worker: object) -> None:
    """Leave interrupts to the process that started this worker; Dask calls this as it starts."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
