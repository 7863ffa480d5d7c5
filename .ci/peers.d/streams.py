"""What aiohttp does with streams: reads each one's events as a client of a
language model does, and writes its counts as JSON once all have ended.

CPU time counts from the first request on: Python's start is no part of it.
"""
import asyncio
import json
import os
import time

import aiohttp

URL = os.environ["PEERS_URL"]
STREAMS = int(os.environ["PEERS_USERS"])
REQUESTS = int(os.environ["PEERS_REQUESTS"])
with open(os.environ["PEERS_BODY"], "rb") as file:
    BODY = file.read()
counts = {"requests": 0, "failed": 0, "tokens": 0}
left = iter(range(REQUESTS))


async def follow(session):
    """Sends one request and counts the tokens of its reply."""
    counts["requests"] += 1
    ended = False
    try:
        async with session.post(URL, data=BODY, headers={"Content-Type": "application/json"}) as reply:
            reply.raise_for_status()
            async for line in reply.content:
                if not line.startswith(b"data:"):
                    continue
                event = line[5:].strip()
                if event == b"[DONE]":
                    ended = True
                    continue
                for choice in json.loads(event)["choices"]:
                    if choice["delta"].get("content"):
                        counts["tokens"] += 1
    except (aiohttp.ClientError, ValueError):
        ended = False
    if not ended:
        counts["failed"] += 1


async def one_after_the_other(session):
    for _ in left:
        await follow(session)


async def main():
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        startup, begun = time.process_time(), time.time()
        await asyncio.gather(*(one_after_the_other(session) for _ in range(STREAMS)))
    with open(os.environ["PEERS_OUT"], "w") as out:
        json.dump({**counts, "seconds": time.time() - begun, "startup_cpu_s": startup}, out)


asyncio.run(main())
