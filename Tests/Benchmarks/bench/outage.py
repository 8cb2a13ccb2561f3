# SPDX-License-Identifier: Apache-2.0
"""How soon requests are answered again when the database restarts under them.

A request waits a while for a connection, so that a restart of a second is seen by nobody; a longer one is answered by 503.
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error

CALLERS = 4


class OutageRounds:
    def __init__(self, daemon):
        self.daemon = daemon
        self.user = daemon.sql("select min(id) from users where deleted_at is null")

    def round(self, results):
        """Seconds from the server's first answer to the first request answered, whoever of the callers had it."""
        moments, stop = [], threading.Event()
        callers = [threading.Thread(target=self.call, args=(moments, stop)) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        time.sleep(0.5)
        postmaster = int((self.daemon.folder / "data/postgres/postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGINT)
        while self.server_answers():
            time.sleep(0.005)
        while not self.server_answers():
            time.sleep(0.005)
        back = time.monotonic()
        deadline = back + 30
        while not any(well and at > back for at, well in list(moments)):
            if time.monotonic() > deadline:
                sys.exit("no request was answered within 30 s of the server being back")
            time.sleep(0.01)
        stop.set()
        for caller in callers:
            caller.join()
        results.add("recovery", max(0.0, min(at for at, well in moments if well and at > back) - back))

    def call(self, moments, stop):
        while not stop.is_set():
            try:
                self.daemon.get(f"/platform/api/v1/users/{self.user}")
                well = True
            except urllib.error.HTTPError as error:
                body = json.loads(error.read())
                if error.code != 503 or not error.headers["Retry-After"] or "error" not in body:
                    sys.exit(f"an outage was answered by {error.code} {body}")
                well = False
            moments.append((time.monotonic(), well))
            time.sleep(0.01)

    def server_answers(self):
        return subprocess.run(
            ["psql", "-XAtq", "-h", self.daemon.folder / "data/run", "-U", "muster", "-c", "select 1", "muster"],
            capture_output=True).returncode == 0
