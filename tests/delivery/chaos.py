"""A mail server on its worst day: refuses, hangs, hangs up and goes away at random, and remembers what it accepted."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

LATER, NEVER, YES = "451 4.3.0 try again later", "550 5.7.1 not here", "250 2.0.0 ok"
HANG_SECONDS = 0.8  # longer than the workers wait
AWAY_SECONDS = 0.4


@dataclass
class Chaos:
    """What it has done; counters by Message-ID."""

    seed: int
    accepted: Counter[str] = field(default_factory=Counter)
    refused: set[str] = field(default_factory=set)  # recipients told « never »
    recipients: dict[str, set[str]] = field(default_factory=dict)  # recipient → Message-IDs seen
    deeds: Counter[str] = field(default_factory=Counter)
    port: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def deed(self, *chances: tuple[str, float]) -> str:
        """One of these, each with its chance, or nothing."""
        thrown = self.dice.random()
        for name, chance in chances:
            if thrown < chance:
                self.deeds[name] += 1
                return name
            thrown -= chance
        return ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._say(writer, "220 chaos.test")
            to = ""
            while line := (await reader.readline()).decode("ascii", "replace").strip():
                verb = line.split()[0].upper()
                if verb == "RCPT":
                    to = line.partition("<")[2].partition(">")[0]
                    if not await self._recipient(writer, to):
                        break
                elif verb == "DATA":
                    await self._say(writer, "354 go on")
                    if not await self._message(writer, to, await reader.readuntil(b"\r\n.\r\n")):
                        break
                else:
                    await self._say(writer, "221 bye" if verb == "QUIT" else "250 ok")
        writer.close()

    async def _say(self, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(text.encode() + b"\r\n")
        await writer.drain()

    async def _recipient(self, writer: asyncio.StreamWriter, to: str) -> bool:
        did = self.deed(("never", 0.02), ("later", 0.05), ("hangs up", 0.02), ("hangs", 0.005))
        return await self._answer(writer, did, to)

    async def _message(self, writer: asyncio.StreamWriter, to: str, raw: bytes) -> bool:
        found = re.search(rb"^Message-ID: (<[^>\r]+>)", raw, re.MULTILINE)
        assert found
        message_id = found[1].decode()
        self.recipients.setdefault(to, set()).add(message_id)
        did = self.deed(("never", 0.02), ("later", 0.05), ("hangs up", 0.02), ("accepts, hangs up", 0.02),
                        ("accepts, hangs", 0.005))  # fmt: skip
        if did in ("", "accepts, hangs up", "accepts, hangs"):
            self.accepted[message_id] += 1
        return await self._answer(writer, did.removeprefix("accepts, "), to)

    async def _answer(self, writer: asyncio.StreamWriter, did: str, to: str) -> bool:
        """False: the conversation is over."""
        if did == "never":
            self.refused.add(to)
        if did == "hangs":
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), HANG_SECONDS)
        if did in ("hangs", "hangs up"):
            return False
        await self._say(writer, {"": YES, "later": LATER, "never": NEVER}[did])
        return True

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        """Until `stop`; now and then nobody answers at its port."""
        while not stop.is_set():
            server = await asyncio.start_server(self.talk, "127.0.0.1", self.port)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.dice.uniform(1.5, 4))
            server.close()
            if not stop.is_set():
                self.deeds["goes away"] += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), AWAY_SECONDS)


@contextmanager
def chaos(seed: int) -> Iterator[Chaos]:
    """Runs it in a thread of its own, on a free port."""
    server, ready = Chaos(seed), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(server.serve(ready, stop))

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
