# SPDX-License-Identifier: Apache-2.0
"""Requests by wrk, against pgbench of the statements that answer them."""
import json
import re
import subprocess
import sys
import time

from daemon import PORT


class RequestRounds:
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
