#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures a daemon on its embedded PostgreSQL and prints one table of ratios; `make bench` calls it.

Every figure is the median of interleaved rounds: each round measures everything once, ours and what it is compared with
one after the other, so that a slow minute of the machine slows both. The statements given to pgbench are those that the
daemon itself sent, taken from the server's log.

    bench.py BIN-FOLDER [--count 100000] [--rounds 5] [--seconds 3]
"""
import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

PORT = 3998
GROUPS = 200


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        # PostgreSQL runs as another user where we are root, and must get through.
        os.chmod(folder, 0o755)
        with Daemon(options.bin, pathlib.Path(folder)) as daemon:
            results = Results()
            sync = SyncRounds(daemon, options.count)
            for number in range(options.rounds):
                say(f"round {number + 1} of {options.rounds}: exports")
                sync.round(results)
            http = HTTPRounds(daemon, options.seconds)
            for number in range(options.rounds):
                say(f"round {number + 1} of {options.rounds}: requests")
                http.round(results)
            results.print(options, daemon.peak_memory())


def say(text):
    print(text, file=sys.stderr, flush=True)


class Results:
    """Values by name, a list of one per round."""

    def __init__(self):
        self.values = {}

    def add(self, name, value):
        self.values.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.values[name])

    def ratio(self, ours, theirs):
        """The median of the rounds' own ratios."""
        return statistics.median(a / b for a, b in zip(self.values[ours], self.values[theirs]))

    def print(self, options, memory):
        rows = [("what", "Muster", "compared with", "ratio", "server CPU a request", "wanted")]
        for verb, wanted in (("GET", "0.35, p99 20 ms"), ("POST", "0.6")):
            rows.append((
                f"{verb} user over HTTP, wrk -t2 -c64",
                f"{self.median(verb):,.0f}/s, p99 {self.median(verb + ' p99'):.1f} ms",
                f"pgbench -M prepared -c8: {self.median(verb + ' pgbench'):,.0f}/s",
                f"{self.ratio(verb, verb + ' pgbench'):.2f}",
                f"{self.median(verb + ' daemon'):.0f} us daemon, {self.median(verb + ' server'):.0f} us PostgreSQL",
                wanted))
        for name, wanted in (("first import", "5,000/s"), ("unchanged", "80,000/s"), ("1 % changed", "")):
            rows.append((
                f"{name}, {options.count:,} people", f"{self.median(name):.2f} s = {options.count / self.median(name):,.0f}/s",
                f"COPY of the same rows: {self.median('copy'):.2f} s", f"{self.ratio(name, 'copy'):.1f} x", "", wanted))
        rows.append(("peak memory of the daemon", f"{memory:.0f} MB", "", "", "", "128 MB"))
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        for index, row in enumerate(rows):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if index == 0:
                print("| " + " | ".join("-" * width for width in widths) + " |")


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

    def get(self, path, body=None):
        headers = {"api_access_token": getattr(self, "token", "")}
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=5) as response:
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


class SyncRounds:
    """A first import into an empty installation, the same export again, one with 1 % changed; and COPY of the same rows."""

    tables = ["users", "account_users", "user_permissibles", "access_tokens", "links"]

    def __init__(self, daemon, count):
        self.daemon = daemon
        say("generating exports")
        for name, change in (("first", []), ("changed", ["--change-percent", "1", "--change-seed", "2"])):
            with open(daemon.folder / f"{name}.json", "wb") as file:
                subprocess.run([
                    daemon.programs / "muster-bench-generate", "--count", str(count), "--seed", "1", "--groups", str(GROUPS),
                    "--memberships", "4", *change], stdout=file, check=True)
        accounts = "".join(
            f'  - {{key: team-{n}, name: Team {n}, members: ["cn=team-{n},ou=groups,dc=northwind,dc=example"]}}\n'
            for n in range(GROUPS))
        (daemon.policies / "bench.yaml").write_text(
            "policy: bench\nplatform_app: Bench\nsource: northwind\nread: {files: inbox/northwind.json}\n"
            "people:\n  where: (objectClass=inetOrgPerson)\n  id: entryUUID\n  email: mail\n  name: [displayName, cn]\n"
            f"  custom_attributes: {{title: title}}\naccounts:\n{accounts}")

    def round(self, results):
        if self.daemon.sql("select count(*) from runs") != "0":
            self.daemon.sql([
                "truncate users, accounts, sources, runs, changes, suspensions cascade",
                "delete from access_tokens where owner_kind = 'user'", "vacuum access_tokens"])
            self.daemon.sql("checkpoint", superuser=True)
        results.add("first import", self.run("first"))
        results.add("copy", self.copy())
        results.add("unchanged", self.run("first"))
        results.add("1 % changed", self.run("changed"))

    def run(self, export):
        """How long the daemon's run took, in seconds, from its beginning to its last word in the journal."""
        daemon = self.daemon
        before = daemon.sql("select coalesce(max(id), 0) from runs")
        draft, target = daemon.policies / "inbox/draft", daemon.policies / "inbox/northwind.json"
        draft.write_bytes((daemon.folder / f"{export}.json").read_bytes())
        draft.rename(target)
        ended = f"from runs where id > {before} and state not in ('reading', 'planned', 'applying')"
        daemon.wait(lambda: daemon.sql(f"select count(*) {ended}") == "1", "the run has ended")
        state, seconds = daemon.sql(f"select state, extract(epoch from finished_at - created_at) {ended}").split("|")
        if state not in ("done", "unchanged"):
            sys.exit(f"the run of {export}.json is {state}")
        return float(seconds)

    def copy(self):
        """COPY of what the import wrote, into tables without index or constraint."""
        daemon, seconds = self.daemon, 0.0
        for table in self.tables:
            # COPY FROM refuses generated columns.
            columns = "id, name, display_name, email, custom_attributes, row_version, created_at" if table == "users" else "*"
            file = daemon.folder / "data/postgres/bench.copy"
            as_server = ["psql", "-XAtq", "-h", str(daemon.folder / "data/run"), "-U", "postgres", "muster"]
            subprocess.run([
                *as_server, "-c", f"create table bare as select {columns} from {table} limit 0", "-c",
                f"copy (select {columns} from {table}) to '{file}'"], check=True)
            timed = subprocess.run(
                [*as_server, "-c", r"\timing", "-c", f"copy bare from '{file}'", "-c", "drop table bare"], check=True,
                capture_output=True, text=True).stdout
            seconds += float(re.search(r"Time: ([\d.]+) ms", timed)[1]) / 1000
        return seconds


class HTTPRounds:
    """Requests by wrk, and pgbench of the very statements that answer them."""

    def __init__(self, daemon, seconds):
        self.daemon, self.seconds = daemon, seconds
        ids = daemon.sql("select min(id), max(id) from users").split("|")
        self.write("get.lua", f"""
            request = function() return wrk.format("GET", "/platform/api/v1/users/" .. math.random({ids[0]}, {ids[1]})) end""")
        self.write("post.lua", """
            local counter, threads = 0, 0
            function setup(thread) threads = threads + 1; thread:set("number", threads) end
            function init() started = os.time(); wrk.headers["Content-Type"] = "application/json" end
            request = function()
                counter = counter + 1
                local email = started .. "." .. number .. "." .. counter .. "@bench.example"
                return wrk.format("POST", "/platform/api/v1/users", nil,
                    '{"name":"Ada Lovelace","email":"' .. email .. '","custom_attributes":{"title":"Analyst"}}')
            end""")
        one = json.loads(daemon.get(
            "/platform/api/v1/users", b"name=Ada Lovelace&email=ada@bench.example&custom_attributes[title]=Analyst"))
        self.script("get", lambda: daemon.get(f"/platform/api/v1/users/{one['id']}"),
                    f"\\set id random({ids[0]}, {ids[1]})", {str(one["id"]): ":id::bigint"})
        self.script("post", lambda: daemon.get(
            "/platform/api/v1/users", b'name=Ada Lovelace&email=bob@bench.example&custom_attributes[title]=Analyst'),
            "\\set n random(1, 9000000000000000)", {"bob@bench.example": "(:n::text || '@bench.example')"})

    def write(self, name, text):
        (self.daemon.folder / name).write_text(text)

    def script(self, name, request, head, variables):
        """Makes a pgbench script of the statement that a request sends, with the values that vary replaced."""
        daemon, log = self.daemon, self.daemon.folder / "data/postgres.log"
        self.settings("log_min_duration_statement = 0", "log_error_verbosity = 'default'")
        start = log.stat().st_size
        request()
        time.sleep(0.5)
        self.settings("log_min_duration_statement = -1", "log_error_verbosity = terse")
        with open(log, "rb") as file:
            file.seek(start)
            text = file.read().decode()
        statement, values = re.findall(
            r"(?:execute|bind) \S+: (with caller.*?)\n\S+ \S+ \S+ \[\d+\] [^\n]*?DETAIL:  [Pp]arameters: ([^\n]*)", text, re.S)[-1]
        values = dict(re.findall(r"(\$\d+) = ('(?:[^']|'')*'|NULL)", values))
        bind = lambda match: variables.get(values[match[0]].strip("'"), values[match[0]])
        body = re.sub(r"--[^\n]*", "", statement)
        # pgbench takes `:write` for a variable also where it stands in a text.
        body = re.sub(r"([a-z_]):([a-z])", r"\1:'||'\2", body)
        self.write(f"{name}.sql", f"{head}\n{' '.join(re.sub(r'[$][0-9]+', bind, body).split())};\n")

    def settings(self, *settings):
        self.daemon.sql([f"alter system set {setting}" for setting in settings] + ["select pg_reload_conf()"], superuser=True)
        time.sleep(0.3)

    def round(self, results):
        for verb in ("GET", "POST"):
            results.add(f"{verb} pgbench", self.pgbench(verb.lower()))
            self.wrk(verb, results)

    def pgbench(self, name):
        output = subprocess.run([
            "pgbench", "-n", "-M", "prepared", "-c8", "-j2", f"-T{self.seconds}", "-f", self.daemon.folder / f"{name}.sql",
            "-h", self.daemon.folder / "data/run", "-U", "muster", "muster"], capture_output=True, text=True)
        if output.returncode or "number of failed transactions: 0 " not in output.stdout:
            sys.exit(output.stdout + output.stderr)
        return float(re.search(r"tps = ([\d.]+)", output.stdout)[1])

    def wrk(self, verb, results):
        before = self.daemon.cpu()
        output = subprocess.run([
            "wrk", "-t2", "-c64", f"-d{self.seconds}s", "--latency", "-s", self.daemon.folder / f"{verb.lower()}.lua",
            "-H", f"api_access_token: {self.daemon.token}", f"http://127.0.0.1:{PORT}"],
            check=True, capture_output=True, text=True).stdout
        after = self.daemon.cpu()
        if "Non-2xx" in output:
            sys.exit(output)
        count = int(re.search(r"(\d+) requests in", output)[1])
        value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
        results.add(verb, float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]))
        results.add(f"{verb} p99", float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit])
        for name, start, end in zip(("daemon", "server"), before, after):
            results.add(f"{verb} {name}", (end - start) / count * 1e6)


main()
