# SPDX-License-Identifier: Apache-2.0
"""A daemon of the benchmark's own, with its embedded PostgreSQL."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

PORT = 3998


def say(text):
    print(text, file=sys.stderr, flush=True)


class Daemon:
    def __init__(self, programs, folder):
        self.programs, self.folder = programs, folder
        self.policies = folder / "policies"
        (self.policies / "inbox").mkdir(parents=True)
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("MUSTER_")},
            "MUSTER_DATA_DIR": str(folder / "data"), "MUSTER_POLICIES": str(self.policies),
            "MUSTER_LISTEN": f"127.0.0.1:{PORT}", "MUSTER_ADDRESS_LIMIT": "off",
            "MUSTER_TOKEN_LIMIT": "off",
        }

    def __enter__(self):
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([self.programs / "muster", "serve"], env=self.environment, stdout=self.log, stderr=self.log)
        self.wait(lambda: self.get("/ready"), "the daemon is ready")
        self.token = json.loads(self.muster("app", "create", "Bench", "--json"))["access_token"]
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def muster(self, *words):
        return subprocess.run([self.programs / "muster", *words], env=self.environment, check=True, capture_output=True).stdout

    def wait(self, condition, what, limit=600):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                sys.exit((self.folder / "log").read_text()[-3000:])
            try:
                if condition():
                    return
            except OSError:
                pass
            time.sleep(0.25)
        sys.exit(f"waited in vain until {what}")

    def get(self, path, body=None, **headers):
        headers["api_access_token"] = getattr(self, "token", "")
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()

    def sql(self, statement, superuser=False):
        user, database = ("postgres", "postgres") if superuser else ("muster", "muster")
        command = ["psql", "-XAtq", "-h", self.folder / "data/run", "-U", user, database]
        for part in [statement] if isinstance(statement, str) else statement:
            command += ["-c", part]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            sys.exit(result.stderr)
        return result.stdout.strip()

    def peak_memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def cpu(self):
        """Seconds that the daemon, and its PostgreSQL, have computed so far."""
        tick = os.sysconf("SC_CLK_TCK")
        stats = {}
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            # Own time, and that of children that have ended.
            stats[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15])) / tick
        postmaster = int((self.folder / "data/postgres/postmaster.pid").read_text().split()[0])
        server = sum(time for pid, (parent, time) in stats.items() if postmaster in (pid, parent))
        return stats[self.process.pid][1], server
