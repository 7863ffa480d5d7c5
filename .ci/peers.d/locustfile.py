"""What Locust sends, and its counts as JSON once it ends.

Users start one by one, and with TLS slowly: speed and CPU time count from the
last one's first reply, or from half a minute after the first.
"""
import json
import os
import time

import gevent
from locust import FastHttpUser, constant, events

with open(os.environ["PEERS_BODY"], "rb") as file:
    BODY = file.read()
PATH = os.environ["PEERS_PATH"]
SECONDS = int(os.environ["PEERS_SECONDS"])
USERS = int(os.environ["PEERS_USERS"])
begun = {"cpu_s": 0.0, "at": 0.0, "requests": 0}
waiting = list(range(USERS))


class Peer(FastHttpUser):
    wait_time = constant(0)

    def on_start(self):
        self.headers = {"Content-Type": "application/json"}

        self.seen = False

    def send(self):
        self.client.post(PATH, data=BODY, headers=self.headers)
        if not self.seen:
            self.seen = True
            waiting.pop()
            if not waiting:
                begin(self.environment)

    tasks = [send]


def begin(environment):
    if begun["at"]:
        return
    total = environment.stats.total
    begun.update(cpu_s=time.process_time(), at=time.time(),
                 requests=total.num_requests - total.num_failures)
    gevent.spawn_later(SECONDS, environment.runner.quit)


@events.test_start.add_listener
def start(environment, **_):
    gevent.spawn_later(30, begin, environment)


@events.quitting.add_listener
def end(environment, **_):
    total = environment.stats.total
    last = total.last_request_timestamp or begun["at"]
    with open(os.environ["PEERS_OUT"], "w") as out:
        json.dump({"requests": total.num_requests, "failed": total.num_failures,
                   "seconds": max(0, last - begun["at"]),
                   "warmup": begun["requests"], "startup_cpu_s": begun["cpu_s"]}, out)
