"""The process of one call: it binds itself, imports the project's module, calls the function, and writes what it gives."""

from __future__ import annotations

import faulthandler
import importlib.util
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from .._columns import outputs_of
from . import failure, processes, rows
from .confine import confine
from .frames import Channel, Closed
from .modules import FromText, compile_anew

__all__ = ["main"]


def main(guard: int, call: int, stdout: int, stderr: int) -> None:
    """Never returns."""
    processes.die_with_parent(guard)
    os.setsid()
    for descriptor, standard in ((stdout, 1), (stderr, 2)):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    channel = Channel(call)
    try:
        job, descriptors = channel.receive()
        _work(guard, channel, job, descriptors)
    except Closed:
        os._exit(1)


def _work(guard: int, channel: Channel, job: dict[str, Any], descriptors: list[int]) -> None:
    this = os.getpid()
    try:
        processes.name(job["node"])
        confine(job, descriptors[: job["doors"]])
        # Becoming another user has made the kernel forget it.
        processes.die_with_parent(guard)
        _listen(channel)
        begin = time.perf_counter()
        function = _function(job)
        imported = time.perf_counter()
        if job["repeated"]:
            channel.send(ready=imported - begin)
            _repeat(channel, job, function)
        else:
            _once(channel, job, function, descriptors[job["doors"] :], imported - begin)
    except Closed:
        raise
    except BaseException as problem:  # Whatever it is, `sys.exit()` included, is told.
        _leave(this)
        channel.send(failed=failure.describe(problem, job["project"], job["network"]))
    _leave(this)
    _flush()
    # No thread and no handler of the function delays the end.
    os._exit(0)


def _once(channel: Channel, job: dict[str, Any], function: Callable[..., Any], files: list[int], imported: float) -> None:
    """One call with everything it needs."""
    this = os.getpid()
    begin = time.perf_counter()
    arguments = {
        each["name"]: rows.argument(files[each["file"]], each["form"]) if "form" in each else each["value"]
        for each in job["arguments"]
    }
    channel.send(begin={"import": imported, "decode": time.perf_counter() - begin})
    begin = time.perf_counter()
    result = function(**arguments)
    _leave(this)
    del arguments
    written = _write(channel, job, result)
    _flush()
    channel.send(done={"tables": written, "function": time.perf_counter() - begin})


def _repeat(channel: Channel, job: dict[str, Any], function: Callable[..., Any]) -> None:
    """A function of SQL: batch after batch, until the binary has no more."""
    name = job["tables"][0]["name"]
    column = _schema(job["tables"][0]["schema"]).names[0]
    while True:
        try:
            _, descriptors = channel.receive()
        except Closed:
            os._exit(0)
        begin = time.perf_counter()
        arguments = rows.open_sealed(descriptors[0]).read_all().combine_chunks()
        length = arguments.num_rows
        columns = [column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in arguments.columns]
        result = rows.one_column(function(*columns), column, name, length)
        written = _write(channel, job, result)
        _flush()
        channel.send(done={"tables": written, "function": time.perf_counter() - begin})


def _write(channel: Channel, job: dict[str, Any], result: object) -> list[dict[str, Any]]:
    """The tables that were returned, each into a file that the binary opens."""
    declared = {table["name"]: _schema(table["schema"]) for table in job["tables"]}
    if job["tables"]:
        results = outputs_of(result, list(declared), job["several"])
    else:
        results = result if isinstance(result, dict) else {job["function"]: result}
    names = list(declared) or [str(name) for name in results]
    channel.send(outputs=names)
    _, files = channel.receive()
    written = []
    for name, file in zip(names, files, strict=True):
        written.append({"name": name, "rows": rows.write(file, results[name], declared.get(name), name)})
    return written


def _schema(text: str) -> pa.Schema:
    return pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(text)))


def _function(job: dict[str, Any]) -> Callable[..., Any]:
    """Imports the module by its path, as a module of the project would import it, and finds the function in it."""
    os.chdir(job["project"])
    sys.path[:0] = job["search"]
    compile_anew(job["project"])
    path = Path(job["project"], job["file"])
    name = ".".join(Path(job["file"]).with_suffix("").parts)
    spec = importlib.util.spec_from_file_location(name, path, loader=FromText(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"`{job['file']}` is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    function = getattr(module, job["function"], None)
    if not callable(function):
        raise AttributeError(f"`{job['file']}` has no function `{job['function']}`")
    return function  # type: ignore[no-any-return]


def _listen(channel: Channel) -> None:
    """`logging` goes to the run log with its levels; a crash says where it happened, and so does a run that hangs."""
    logging.basicConfig(level=logging.INFO, handlers=[_ToBinary(channel)])
    # Descriptors of their own, so that a function that closes its standard error still says where it died.
    place = os.dup(2)
    faulthandler.enable(place)
    faulthandler.register(signal.SIGUSR1, place, all_threads=False)


class _ToBinary(logging.Handler):
    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
            if record.exc_info and record.exc_info[1] is not None:
                text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
            text = text if record.name == "root" else f"{record.name}: {text}"
            if self._channel.is_ours():
                self._channel.send(log={"level": record.levelno, "text": text})
            else:
                print(text, file=sys.stderr)
        except Exception:
            self.handleError(record)


def _leave(this: int) -> None:
    """A process that the function forked and that came back here ends without a word."""
    if os.getpid() != this:
        os._exit(0)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            # The function closed it, or put something else there.
            continue
