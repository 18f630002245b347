"""The raters: a process of its own, with one open connection each and as little work as can be.

Each sends what the rating page sends, waits for the reply and goes on at once; on the connection of one who
has answered all her images the next one goes on. A reply counts when it names the answer as saved.
"""

import asyncio
import json
import sys
import time
from itertools import count

LIMIT_S = 120


async def main() -> None:
    """Read what to do from standard input, print what happened."""
    task = json.load(sys.stdin)
    ends = time.perf_counter() + task["seconds"]
    began = time.perf_counter()
    raters = [Rater(task, *one) for one in task["raters"]]
    await asyncio.wait_for(asyncio.gather(*(rater.run(ends) for rater in raters)), LIMIT_S + task["seconds"])
    took = time.perf_counter() - began
    milliseconds = sorted(ms for rater in raters for ms in rater.milliseconds)
    errors = [problem for rater in raters for problem in rater.errors]
    begun = sum(rater.begun for rater in raters)
    print(json.dumps({"seconds": took, "milliseconds": milliseconds, "errors": errors, "begun": begun}))


class Rater:
    """One connection, and who rates on it one after the other: of each the token and her images' keys.

    ``turn`` numbers the measurements, so that ids are new.
    """

    def __init__(self, task: dict, people: list[tuple[str, list[str]]], turn: int) -> None:
        self.milliseconds: list[float] = []
        self.errors: list[str] = []
        self.begun = 0
        self._port, self._bare = task["port"], task["bare"]
        self._people, self._turn = people, turn
        self._known: int | None = None

    async def run(self, ends: float) -> None:
        """Answer image after image until the time is up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            for number in count():
                if time.perf_counter() >= ends:
                    break
                await self._step(reader, writer, number)
        except (OSError, EOFError) as error:
            self.errors.append(f"connection: {error!r}")
        finally:
            writer.close()

    async def _step(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        round_, place = divmod(number, len(self._people[0][1]))
        token, keys = self._people[round_ % len(self._people)]
        if place == 0:
            self.begun += 1
            self._known = None  # she has just opened the page
        name = f"{self._turn:08d}-{number:08d}"
        body = json.dumps(self._body(keys[place], number, name)).encode()
        path = "/insert" if self._bare else f"/r/{token}/answers"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        reply = await reader.readuntil(b"\r\n\r\n")
        length = int(reply.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        text = await reader.readexactly(length)
        self.milliseconds.append((time.perf_counter() - began) * 1000)
        if not reply.startswith(b"HTTP/1.1 200") or name.encode() not in text:
            self._known = None
            self.errors.append((reply.split(b"\r\n")[0] + b" " + text[:200]).decode())
        elif not self._bare:
            self._known = int(text.rpartition(b'"count":')[2].split(b",")[0].rstrip(b"}"))

    def _body(self, image: str, number: int, name: str) -> dict:
        answer = {
            "id": name,
            "image": image,
            "answer": ("real", "fake")[number % 2],
            "confidence": None,
            "response_ms": 812.5,
            "hidden_ms": 0,
            "age_ms": 1.5,
            "after": None,
        }
        viewing = {"id": name, "image": image, "visible_ms": 820.0, "hidden_ms": 0, "age_ms": 820.0}
        return {"answers": [answer], "viewings": [viewing], "known": self._known}


if __name__ == "__main__":
    asyncio.run(main())
