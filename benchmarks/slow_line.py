"""A TCP line on this machine with the round trip and the bandwidth of one far away.

    python -m benchmarks.slow_line 8000 --rtt 40 --mbit 20

Connect to the port that it prints instead of to 8000. Bytes keep their order. They wait for their turn on the
line, which all connections share, and then for the distance: half a round trip, for all that are under way at
the same time. Opening a connection takes a round trip too, as a handshake does. A real line also loses
packets and starts slowly; this one does not.
"""

import argparse
import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HOST = "127.0.0.1"
CHUNK = 16 * 1024
"""Most bytes that a connection sends before it is another's turn."""
UNDER_WAY = 256
"""Most chunks of a connection that have left and not arrived."""


class Direction:
    """One direction of a line: when what is given to it leaves, and when it arrives. Times in seconds."""

    def __init__(self, delay: float, bytes_per_s: float | None = None) -> None:
        self.delay = delay
        self._bytes_per_s = bytes_per_s
        self._free = 0.0

    def carry(self, size: int, now: float) -> tuple[float, float]:
        """When the first of ``size`` bytes given at ``now`` leaves, and when the last of them arrives."""
        leaves = max(now, self._free)
        self._free = leaves + (size / self._bytes_per_s if self._bytes_per_s else 0.0)
        return leaves, self._free + self.delay


class SlowLine:
    """Listens on a port of this machine and connects what comes there to another port of it."""

    def __init__(self, to: int, rtt_ms: float = 0, mbit_per_s: float | None = None) -> None:
        """Lead to the port ``to`` with a round trip of ``rtt_ms`` and ``mbit_per_s`` in each direction."""
        self._to = to
        self._rtt = rtt_ms / 1000
        speed = mbit_per_s * 1e6 / 8 if mbit_per_s else None
        self._up, self._down = (Direction(self._rtt / 2, speed) for _ in range(2))
        self._connections: set[asyncio.Task] = set()

    async def start(self) -> int:
        """Begin to listen; return the port."""
        self._server = await asyncio.start_server(self._accept, HOST, 0)
        return self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and end the connections that there are."""
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._connect(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = time.monotonic() + self._rtt
        writers = [writer]
        try:
            there, back = await asyncio.open_connection(HOST, self._to)
            writers.append(back)
            async with asyncio.TaskGroup() as both:
                both.create_task(_carry(reader, back, self._up, opened))
                both.create_task(_carry(there, writer, self._down, opened))
        except* OSError:
            pass  # one end is gone: closing tells the other
        finally:
            for each in writers:
                each.transport.abort()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Direction, opened: float
) -> None:
    """Carry what is read to the writer until the reader's end, and the end too."""
    travelling: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(UNDER_WAY)

    # Draining then waits until all is written, and nothing is lost when the connection is closed.
    writer.transport.set_write_buffer_limits(high=0)

    async def depart() -> None:
        await _until(opened)
        data = b"-"
        while data:
            data = await reader.read(CHUNK)
            leaves, arrives = line.carry(len(data), time.monotonic())
            await travelling.put((arrives, data))
            # The next chunk is read while this one is leaving: the line is never idle between the two.
            await _until(leaves)

    async def arrive() -> None:
        data = b"-"
        while data:
            arrives, data = await travelling.get()
            await _until(arrives)
            writer.write(data)
            await writer.drain()
        writer.write_eof()

    async with asyncio.TaskGroup() as ends:
        ends.create_task(depart())
        ends.create_task(arrive())


async def _until(moment: float) -> None:
    if (wait := moment - time.monotonic()) > 0:
        await asyncio.sleep(wait)


@contextmanager
def slow_line(to: int, rtt_ms: float = 0, mbit_per_s: float | None = None) -> Iterator[int]:
    """A slow line in a thread of its own, for a program that waits for other things; yields its port."""
    line, loop = SlowLine(to, rtt_ms, mbit_per_s), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(line.start(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(line.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def main() -> None:
    """Run a line until Ctrl-C."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Example: python -m benchmarks.slow_line 8000 --rtt 40"
    )
    parser.add_argument("to", type=int, help="the port that the line leads to")
    parser.add_argument("--rtt", type=float, default=0, help="round trip in ms [0]")
    parser.add_argument("--mbit", type=float, help="Mbit/s in each direction; without it, no limit")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt), slow_line(options.to, options.rtt, options.mbit) as port:
        print(f"http://{HOST}:{port}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
