"""Workers: one process a core here, or Ray on many machines."""

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from bsff.errors import BsffError

from .cell import Cell
from .results import Row
from .work import run_cell

Outcome = tuple[Cell, "Row | BaseException"]


def _prepare() -> None:
    """In a new worker: Ctrl-C is the parent's affair, and a worker whose parent is gone ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def run_here(
    cells: Sequence[Cell],
    data: str | None,
    commit: str,
    *,
    workers: int,
    device: str = "cpu",
    unfinished: str | None = None,
) -> Generator[Outcome, None, None]:
    """Run cells in processes of this machine; yields each when it is finished, in any order.

    Parameters
    ----------
    workers : int
        Processes; each works on one cell at a time, on one core.
    device : {"cpu", "cuda"}
        See `run_cell`; the workers share one GPU.
    unfinished : str, optional
        See `run_cell`.

    Yields
    ------
    (Cell, dict or exception)
    """
    # a fresh interpreter a worker: threads of the parent's libraries do not survive a fork
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare)
    try:
        futures = {executor.submit(run_cell, cell, data, commit, device, unfinished): cell for cell in cells}
        for future in as_completed(futures):
            error = future.exception()
            yield futures[future], error if error is not None else future.result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()


def _reach(address: str) -> None:
    """Raise OSError if nobody listens at ``HOST:PORT``: Ray itself would go on trying for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


def run_on_ray(
    cells: Sequence[Cell], data: str | None, commit: str, *, address: str, unfinished: str | None = None
) -> Generator[Outcome, None, None]:
    """Run cells on a Ray cluster, one core each; yields as `run_here`.

    Every node needs this version of bsff and the data sets in the folder `data` (or its ``BSFF_DATA``). A cell whose node is lost goes on
    from its checkpoint where the nodes share the folder `unfinished`, and else begins anew.

    Parameters
    ----------
    address : str
        Address of the cluster, as ``ray.init`` takes it: ``auto``, ``HOST:PORT`` or ``ray://HOST:PORT``.

    Raises
    ------
    BsffError
        If Ray is not installed or there is no cluster at that address.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise BsffError("--ray: ray is not installed; pip install 'bsff[ray]', or leave the option out") from None
    try:
        _reach(address)
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise BsffError(
            f"--ray {address}: no cluster there ({str(error).splitlines()[0]}); start one with `ray start --head` and "
            "give the address that it prints"
        ) from None
    try:
        # a lost node or a killed worker costs a second try of its cell, an error of the cell does not
        remote: Any = ray.remote(num_cpus=1, max_retries=2, scheduling_strategy="SPREAD")(run_cell)
        waiting = {remote.remote(cell, data, commit, "cpu", unfinished): cell for cell in cells}
        while waiting:
            (ready,), _ = ray.wait(list(waiting), num_returns=1)
            cell = waiting.pop(ready)
            try:
                yield cell, ray.get(ready)
            except ray.exceptions.RayTaskError as error:
                yield cell, error.cause if isinstance(error.cause, BaseException) else error
            except ray.exceptions.RayError as error:
                yield cell, error
    finally:
        ray.shutdown()
