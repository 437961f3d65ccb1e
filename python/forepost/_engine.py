"""The WebAssembly module: compiled once a machine, instantiated once a thread, called by its named exports (docs/abi.md)."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import stat
import sys
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any, Optional

import wasmtime

from .errors import ForepostError, TrapError

ABI = 1
ROOM = 1 << 20  # bytes of one push: a megabyte costs few calls, and leaves a processor's cache useful
WASM = Path(__file__).with_name("forepost.wasm")


class Refused(Exception):
    """The engine refused a call: ``findings`` says why."""

    def __init__(self, findings: "list[dict[str, Any]]") -> None:
        super().__init__(findings)
        self.findings = findings


# ── The module ───────────────────────────────────────────────────────────────────────────────────────────────

_compiled: "Optional[tuple[wasmtime.Engine, wasmtime.Module]]" = None
_compiling = threading.Lock()


def _module() -> "tuple[wasmtime.Engine, wasmtime.Module]":
    global _compiled
    with _compiling:
        if _compiled is None:
            engine = wasmtime.Engine()
            _compiled = (engine, _load(engine))
        return _compiled


def _load(engine: wasmtime.Engine) -> wasmtime.Module:
    wasm = WASM.read_bytes()
    kept = _kept(wasm)
    if kept is not None and kept.is_file():
        try:
            return wasmtime.Module.deserialize_file(engine, str(kept))
        except wasmtime.WasmtimeError:
            pass  # of another machine, or damaged: it is compiled anew
    try:
        module = wasmtime.Module(engine, wasm)
    except wasmtime.WasmtimeError as error:
        raise ForepostError("load-failed", f"the engine cannot be compiled: {error}") from error
    if kept is not None:
        _keep(kept, bytes(module.serialize()))
    return module


def _kept(wasm: bytes) -> Optional[Path]:
    """Where the compiled module is kept; none where only this user could not be sure of it, for it is native code."""
    folder = _cache_folder()
    if folder is None:
        return None
    name = f"{hashlib.sha256(wasm).hexdigest()[:32]}-{version('wasmtime')}-{sys.platform}-{platform.machine()}.cwasm"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or not stat.S_ISDIR(status.st_mode)):
        return None
    return folder / name


def _cache_folder() -> Optional[Path]:
    given = os.environ.get("FOREPOST_CACHE")
    if given is not None:
        return Path(given) if given else None
    try:
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "forepost"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "forepost"
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "forepost"
    except RuntimeError:
        return None  # nobody's home is known


def _keep(path: Path, compiled: bytes) -> None:
    """Written under another name first: whoever else starts now sees all of it or nothing."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".forepost-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(compiled)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError:
        pass  # a read-only or full disk: it is compiled each time


# ── An instance ──────────────────────────────────────────────────────────────────────────────────────────────


class Engine:
    """One instance. Calls from several threads wait for one another."""

    def __init__(self) -> None:
        engine, module = _module()
        self.lock = threading.RLock()
        self.lost = False
        self._store = wasmtime.Store(engine)
        self._exports = wasmtime.Instance(self._store, module, []).exports(self._store)
        self._functions: "dict[str, Any]" = {}
        self._forgotten: "list[int]" = []
        self._memory: Any = self._exports["memory"]
        self._panic: int = self._function("forepost_panic")(self._store)
        found = self._function("forepost_abi_version")(self._store)
        if found != ABI:
            raise ForepostError("load-failed", f"the module has version {found} of the ABI, and this package needs {ABI}")
        self._answer: int = self._function("forepost_answer")(self._store)
        self._room: int = self._function("forepost_alloc")(self._store, ROOM)

    def _function(self, name: str) -> Any:
        function = self._functions.get(name)
        if function is None:
            function = self._functions[name] = self._exports[name]
        return function

    def call(self, name: str, *args: int) -> int:
        """Calls an export. If it traps, this instance is lost, and whoever asks next gets a new one."""
        if self.lost:
            raise TrapError("instance-lost", "This object belonged to a WebAssembly instance that failed; make a new one.")
        try:
            return self._function(f"forepost_{name}")(self._store, *args)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            self.lost = True
            told = self._read(self._panic)
            said = json.loads(told) if told else {}
            reason = said.get("message") or str(error).splitlines()[0]
            raise TrapError("trap", f"The engine failed in {name}: {reason}", said.get("message"), said.get("location")) from error

    def answer(self) -> bytes:
        """What the last call answered."""
        return self._read(self._answer)

    def ask(self, name: str, *args: int) -> bytes:
        """Calls an export that answers."""
        with self.lock:
            refused = self.call(name, *args)
            answer = self.answer()
        if refused:
            raise Refused(json.loads(answer))
        return answer

    def ask_with(self, name: str, *given: bytes, before: "tuple[int, ...]" = ()) -> bytes:
        """Calls an export that takes bytes and answers."""
        with self.lock:
            places = [self._put(data) for data in given]
            try:
                return self.ask(name, *before, *[number for place in places for number in place])
            finally:
                self._take_back(places)

    def forget(self, reader: int) -> None:
        """Drops a reader when the next one is made: whoever collects garbage must not wait for a call of another thread."""
        self._forgotten.append(reader)

    def make(self, name: str, options: "dict[str, Any]") -> int:
        """Makes a reader; its number."""
        with self.lock:
            while self._forgotten:
                self.call("drop", self._forgotten.pop())
            place = self._put(json.dumps(options).encode())
            try:
                number = self.call(name, *place)
                if number == 0:
                    raise Refused(json.loads(self.answer()))
                return number
            finally:
                self._take_back([place])

    def room(self) -> memoryview:
        """Where the bytes of the next push are written. Any other call may move it."""
        return memoryview((ctypes.c_ubyte * ROOM).from_address(self._base() + self._room)).cast("B")

    def push(self, reader: int, length: int) -> None:
        """Pushes the first bytes of the room."""
        if self.call("push", reader, self._room, length):
            raise Refused(json.loads(self.answer()))

    def _base(self) -> int:
        return ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def _read(self, place: int) -> bytes:
        base = self._base()
        address, length = (ctypes.c_uint32 * 2).from_address(base + place)
        return ctypes.string_at(base + address, length) if length else b""

    def _put(self, data: bytes) -> "tuple[int, int]":
        address = self.call("alloc", max(1, len(data))) & 0xFFFF_FFFF
        if address == 0:
            raise ForepostError("bad-argument", f"{len(data)} bytes at once are too many")
        ctypes.memmove(self._base() + address, data, len(data))
        return address, len(data)

    def _take_back(self, places: "list[tuple[int, int]]") -> None:
        if not self.lost:
            for address, length in places:
                self.call("free", address, max(1, length))


_of_thread = threading.local()


def engine() -> Engine:
    """The instance of this thread. A process that was forked makes one of its own."""
    known: Optional[Engine] = getattr(_of_thread, "engine", None)
    if known is None or known.lost or _of_thread.process != os.getpid():
        known = _of_thread.engine = Engine()
        _of_thread.process = os.getpid()
    return known


def about() -> "dict[str, str]":
    """``{"version", "build"}`` of the engine."""
    return json.loads(engine().ask("about"))
