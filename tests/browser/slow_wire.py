"""A way to a server that takes its time, as through a distant network: what is said arrives later,
in its order, and as much of it at once as was said.
"""

import asyncio
import contextlib
import threading
from urllib.parse import urlsplit

CHUNK = 65536  # bytes


def slow_wire(url: str, delay: float) -> str:
    """The address of a way to the server at `url`, `delay` seconds long in each direction, which
    is there as long as this process.
    """
    there = urlsplit(url)
    ready = threading.Event()
    ports: list[int] = []

    async def carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                loop.call_later(delay, to.write, data)
        loop.call_later(delay, to.close)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_connection(there.hostname, there.port)
        except OSError:  # it has ended
            writer.close()
            return
        await asyncio.gather(carry(reader, server[1]), carry(server[0], writer))

    async def serve() -> None:
        listening = await asyncio.start_server(connect, "127.0.0.1")
        ports.append(listening.sockets[0].getsockname()[1])
        ready.set()
        await listening.serve_forever()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    assert ready.wait(60)
    return f"http://127.0.0.1:{ports[0]}"
