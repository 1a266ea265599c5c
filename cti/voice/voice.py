"""The voice: gives the files for what the IVR says, made ahead or when they are first asked for."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from cti.ivr.prompts import Piece, Recording, Speech
from cti.voice import cache, engines, replacements
from cti.voice.cache import Cache, Pruned
from cti.voice.errors import CacheError, RecordingError, VoiceError
from cti.voice.options import Options
from cti.voice.replacements import Replacement, plain
from cti.voice.workers import Answer, Workers

PAUSE_AFTER_RECORDING: Final = 0.08
"""Seconds of silence behind a recorded piece."""

REMEMBERED: Final = 20.0
"""Seconds for which a piece that failed is not tried again: callers must not queue for a hanging engine."""

MOST_IN_MIND: Final = 20_000
"""Pieces whose keys are kept in memory."""


_State = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Failure:
    """A piece that has no sound, or not all of it."""

    piece: Piece
    why: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.why}. {self.remedy}" if self.remedy else self.why


@dataclass(frozen=True, slots=True)
class Progress:
    """How far rendering ahead has come."""

    done: int
    total: int
    made: int
    """Of the done ones, those that were not in the cache."""
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Playlist:
    """What a switch plays for some pieces, one file after the other."""

    files: tuple[Path, ...]
    left_out: tuple[Failure, ...] = ()


class Voice:
    """Pieces to files. Belongs to one event loop; `async with`, or `close`, ends its processes.

    `workers` are the processes that make sound; a test may bring its own.
    Raises VoiceError where the options or the list of replacements cannot be used.
    """

    def __init__(self, options: Options, workers: Workers | None = None) -> None:
        self._options = options
        self._workers = workers or Workers(options.workers, options.limit)
        self._engine = engines.made(options, self._workers)
        self._cache = Cache(options.cache, options.cache_megabytes * 1_000_000)
        self._replacements = replacements.read(options.replacements)
        self._keys: OrderedDict[Speech, str] = OrderedDict()
        self._files: dict[Path, tuple[_State, str]] = {}
        self._turns: dict[str, _Turns] = {}
        self._failed: OrderedDict[str, tuple[float, VoiceError]] = OrderedDict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the processes."""
        await self._workers.close()

    def reload(self) -> None:
        """Reads the list of replacements again and forgets what failed. Raises ReplacementsError: nothing changes."""
        self._replacements = replacements.read(self._options.replacements)
        self._failed.clear()

    async def path(self, piece: Piece) -> Path:
        """The absolute path of the WAV for a piece, rendered if need be. Raises VoiceError."""
        found = self._found(piece)
        if found is not None:
            return found
        return (await self._rendered(piece)).path

    async def playlist(self, pieces: Iterable[Piece]) -> Playlist:
        """The files for pieces that follow each other; what cannot be rendered is left out and told."""
        wanted = list(pieces)
        results: list[Path | Failure | None] = [None] * len(wanted)

        async def one(place: int) -> None:
            try:
                results[place] = await self.path(wanted[place])
            except VoiceError as error:
                results[place] = Failure(wanted[place], error.what, error.remedy)

        async with asyncio.TaskGroup() as group:
            for place, piece in enumerate(wanted):
                found = self._found(piece)
                if found is not None:
                    results[place] = found
                else:
                    group.create_task(one(place))
        return Playlist(
            tuple(result for result in results if isinstance(result, Path)),
            tuple(result for result in results if isinstance(result, Failure)),
        )

    async def ready(self, pieces: Iterable[Piece], progress: Callable[[Progress], None] | None = None) -> Progress:
        """Renders all of these ahead, as many at once as there are workers; they stay in the cache from now on.

        What cannot be rendered does not stop the others. `progress` is called after each.
        """
        made = done = 0
        failures: list[Failure] = []
        wanted = list(dict.fromkeys(pieces))
        keys: set[str] = set()

        async def one(piece: Piece) -> None:
            nonlocal made, done
            try:
                rendered = await self._rendered(piece)
                keys.add(rendered.path.stem)
                made += rendered.new
            except VoiceError as error:
                failures.append(Failure(piece, error.what, error.remedy))
            done += 1
            if progress is not None:
                progress(Progress(done, len(wanted), made, tuple(failures)))

        await _each(wanted, one, self._options.workers)
        self._cache.need(keys)
        return Progress(done, len(wanted), made, tuple(failures))

    async def unrenderable(self, pieces: Iterable[Piece]) -> list[Failure]:
        """Which of these cannot be said, or not wholly; in the order of the pieces.

        Nothing is written where the engine can tell by looking; a cache folder that cannot be written is no failure.
        """
        wanted = list(dict.fromkeys(pieces))
        failures: dict[Piece, Failure] = {}

        async def one(piece: Piece) -> None:
            try:
                left_out = await self._looked_at(piece)
                if left_out:
                    what = ", ".join(f"{char} (U+{ord(char):04X})" for char in left_out)
                    failures[piece] = Failure(piece, f"cannot be spoken: {what}", "Take it out of the text")
            except CacheError:
                pass  # it was rendered
            except VoiceError as error:
                failures[piece] = Failure(piece, error.what, error.remedy)

        await _each(wanted, one, self._options.workers)
        return [failures[piece] for piece in wanted if piece in failures]

    def unused_replacements(self, pieces: Iterable[Piece]) -> list[Replacement]:
        """Recorded texts that none of these pieces has: most likely the text was edited and the recording was not."""
        used = {(piece.language, plain(piece.text)) for piece in pieces if isinstance(piece, Speech)}
        return [replacement for key, replacement in self._replacements.items() if key not in used]

    def script(self, pieces: Iterable[Piece]) -> str:
        """The texts among these as a table to be filled with recordings (see cti.voice.replacements)."""
        texts = dict.fromkeys((piece.language, plain(piece.text)) for piece in pieces if isinstance(piece, Speech))
        return replacements.written(texts, self._replacements)

    def key(self, piece: Piece) -> str:
        """The name of the piece's sound in the cache. Reads a recorded file. Raises VoiceError."""
        return self._key(self._source(piece))

    def is_recorded(self, piece: Piece) -> bool:
        """Whether somebody has recorded it."""
        return isinstance(self._source(piece), Path)

    def is_ready(self, piece: Piece) -> bool:
        """Whether its sound is in the cache. Reads a recorded file. Raises VoiceError."""
        return self._cache.find(self.key(piece), cache.now()) is not None

    def prune(self, older_than: float) -> Pruned:
        """Deletes what was not used for so many seconds, except what was made `ready`. Blocks. Raises CacheError."""
        return self._cache.prune(older_than, cache.now())

    def cached(self) -> tuple[int, int]:
        """Files and bytes in the cache. Blocks."""
        return self._cache.size()

    # which file

    def _source(self, piece: Piece) -> Speech | Path:
        """What a piece is made from: the text, or the recorded file that it is or is replaced by."""
        if isinstance(piece, Recording):
            return self._options.recordings / piece.path
        replacement = self._replacements.get((piece.language, plain(piece.text)))
        return piece if replacement is None else self._options.recordings / replacement.file

    def _found(self, piece: Piece) -> Path | None:
        """The file, if it is there and no other file must be read to know. A few microseconds."""
        source = self._source(piece)
        if isinstance(source, Speech):
            return self._cache.find(self._key_of_speech(source), cache.now())
        state, key = self._files.get(source, (None, ""))
        try:
            return self._cache.find(key, cache.now()) if state == _state(source) else None
        except OSError:
            return None

    def _key(self, source: Speech | Path) -> str:
        return self._key_of_speech(source) if isinstance(source, Speech) else self._key_of_file(source)

    def _key_of_speech(self, speech: Speech) -> str:
        key = self._keys.get(speech)
        if key is None:
            key = cache.key_of(plain(speech.text), speech.language, *self._engine.identity(speech.language))
            self._keys[speech] = key
            if len(self._keys) > MOST_IN_MIND:
                self._keys.popitem(last=False)
        return key

    def _key_of_file(self, path: Path) -> str:
        try:
            now = _state(path)
            state, key = self._files.get(path, (None, ""))
            if state == now:
                return key
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
        key = cache.key_of("recording", content, PAUSE_AFTER_RECORDING)
        self._files[path] = (now, key)
        return key

    # rendering

    async def _rendered(self, piece: Piece) -> "_Rendered":
        source = self._source(piece)
        key = await asyncio.to_thread(self._key, source) if isinstance(source, Path) else self._key(source)
        async with self._alone(key):
            found = self._cache.find(key, cache.now())
            if found is not None:
                return _Rendered(found, new=False, left_out="")
            self._raise_again(key)
            try:
                answer = await self._made(source)
                path = await asyncio.to_thread(self._cache.keep, key, answer.wav, cache.now())
            except VoiceError as error:
                self._remember(key, error)
                raise
            return _Rendered(path, new=True, left_out=answer.left_out)

    async def _made(self, source: Speech | Path) -> Answer:
        if isinstance(source, Speech):
            return await self._engine.render(plain(source.text), source.language)
        request = {"do": "convert", "file": str(source), "after": PAUSE_AFTER_RECORDING}
        return await self._workers.ask(request, str(source))

    async def _looked_at(self, piece: Piece) -> str:
        """The characters of a piece that have no sound. Raises VoiceError."""
        source = self._source(piece)
        if isinstance(source, Speech):
            answer = await self._engine.look(plain(source.text), source.language)
            if answer is not None:
                return answer.left_out
        return (await self._rendered(piece)).left_out

    @asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[None]:
        """Nobody else renders that key meanwhile."""
        turns = self._turns.setdefault(key, _Turns())
        turns.wanted += 1
        try:
            async with turns.lock:
                yield
        finally:
            turns.wanted -= 1
            if not turns.wanted:
                del self._turns[key]

    def _remember(self, key: str, error: VoiceError) -> None:
        self._failed[key] = (time.monotonic() + REMEMBERED, error)
        if len(self._failed) > MOST_IN_MIND:
            self._failed.popitem(last=False)

    def _raise_again(self, key: str) -> None:
        until, error = self._failed.get(key, (0.0, None))
        if error is None:
            return
        if time.monotonic() < until:
            raise type(error)(error.what, remedy=error.remedy)
        del self._failed[key]


@dataclass(slots=True)
class _Turns:
    """Those who want the same piece: the first renders it, the others find it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


@dataclass(frozen=True, slots=True)
class _Rendered:
    path: Path
    new: bool
    left_out: str


def unrenderable(options: Options, pieces: Sequence[Piece]) -> list[Failure]:
    """`Voice.unrenderable` for programs without an event loop: `cti check`. Raises VoiceError."""

    async def look() -> list[Failure]:
        async with Voice(options) as voice:
            return await voice.unrenderable(pieces)

    return asyncio.run(look())


async def _each(pieces: Sequence[Piece], do: Callable[[Piece], Coroutine[Any, Any, None]], at_once: int) -> None:
    rest = iter(pieces)

    async def some() -> None:
        for piece in rest:
            await do(piece)
            await asyncio.sleep(0)  # thousands that are all in the cache must not hold up the loop

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(pieces))):
            group.create_task(some())


def _state(path: Path) -> "_State":
    """Changes whenever the file does."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size
