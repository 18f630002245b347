"""The line of the rating benchmark: what it does to bytes and to time."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from benchmarks.slow_line import HOST, Direction, SlowLine, slow_line

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def over(line: dict[str, float], talk: Callable[[int], Awaitable[object]], answer: Talk = echo) -> object:
    """Run ``talk`` with the port of a line that leads to a server."""

    async def run():
        server = await asyncio.start_server(answer, HOST, 0)
        slow = SlowLine(server.sockets[0].getsockname()[1], **line)
        port = await slow.start()
        try:
            return await asyncio.wait_for(talk(port), 20)
        finally:
            await slow.close()
            server.close()

    # In a thread of its own: the browser tests may keep a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run()).result()


async def exchange(port: int, sent: bytes) -> tuple[bytes, float]:
    """Send all at once, then the end; return all that came back, and how many seconds it took."""
    started = time.monotonic()
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(sent)
    writer.write_eof()
    back = await reader.read(-1)
    writer.close()
    return back, time.monotonic() - started


@pytest.mark.parametrize("line", [{}, {"rtt_ms": 20}, {"rtt_ms": 20, "mbit_per_s": 200}])
def test_all_bytes_arrive_in_order(line):
    sent = np.random.default_rng(0).bytes(3_000_000)
    back, _ = over(line, lambda port: exchange(port, sent))
    assert back == sent


def test_connections_do_not_mix():
    sent = [bytes([number]) * 200_000 for number in range(8)]

    async def all_at_once(port):
        return await asyncio.gather(*(exchange(port, one) for one in sent))

    found = over({"rtt_ms": 10, "mbit_per_s": 100}, all_at_once)
    assert [back for back, _ in found] == sent


def test_a_round_trip_takes_its_time_and_opening_a_connection_another():
    async def two_round_trips(port):
        started = time.monotonic()
        reader, writer = await asyncio.open_connection(HOST, port)
        moments = []
        for _ in range(2):
            writer.write(b"x")
            await reader.readexactly(1)
            moments.append(time.monotonic() - started)
        writer.close()
        return moments[0], moments[1] - moments[0]

    first, second = over({"rtt_ms": 200}, two_round_trips)
    assert 0.4 <= first < 0.6
    assert 0.2 <= second < 0.4


def test_what_follows_does_not_wait_for_what_is_under_way():
    """Ten messages, 10 ms apart, are back one round trip after the last one left: not ten round trips."""

    async def pipeline(port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"-")
        await reader.readexactly(1)
        started = time.monotonic()
        for number in range(10):
            writer.write(bytes([number]))
            await asyncio.sleep(0.01)
        back = await reader.readexactly(10)
        writer.close()
        return back, time.monotonic() - started

    back, seconds = over({"rtt_ms": 100}, pipeline)
    assert back == bytes(range(10))
    assert 0.19 <= seconds < 0.7


def test_connections_share_the_bandwidth():
    """4 x 125 kB at 8 Mbit/s: half a second up, and back down at the same time but for the first chunks."""

    async def four(port):
        started = time.monotonic()
        await asyncio.gather(*(exchange(port, bytes(125_000)) for _ in range(4)))
        return time.monotonic() - started

    assert 0.5 <= over({"mbit_per_s": 8}, four) < 1.0


def test_a_chunk_waits_for_its_turn_and_then_for_the_distance():
    line = Direction(delay=0.02, bytes_per_s=1000)
    assert line.carry(100, now=5.0) == pytest.approx((5.0, 5.12))
    assert line.carry(100, now=5.0) == pytest.approx((5.1, 5.22))
    assert line.carry(100, now=9.0) == pytest.approx((9.0, 9.12))


def test_without_a_server_the_connection_is_closed():
    with socket.socket() as taken:  # bound, but not listening
        taken.bind((HOST, 0))

        async def knock(port):
            slow = SlowLine(taken.getsockname()[1])
            back, _ = await exchange(await slow.start(), b"")
            await slow.close()
            return back

        assert over({}, knock) == b""


def test_a_client_that_goes_is_missed_by_the_server():
    gone = []

    async def listen(reader, writer):
        gone.append(await reader.read())
        writer.close()

    async def leave(port):
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"half a requ")
        await writer.drain()
        writer.transport.abort()
        while not gone:
            await asyncio.sleep(0.01)

    over({"rtt_ms": 10}, leave, listen)
    assert gone == [b"half a requ"]


def test_a_line_in_a_thread_serves_a_program_that_waits():
    with socket.create_server((HOST, 0)) as server, slow_line(server.getsockname()[1], rtt_ms=50) as port:
        server.settimeout(10)
        started = time.monotonic()
        with socket.create_connection((HOST, port), timeout=10) as client:
            client.sendall(b"hello")
            with server.accept()[0] as accepted:
                assert accepted.recv(5, socket.MSG_WAITALL) == b"hello"
        assert 0.075 <= time.monotonic() - started < 0.5
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port), timeout=10)
