# SPDX-License-Identifier: Apache-2.0
"""Reconciling at several sizes: time, memory, what is written, and what callers of the API feel meanwhile."""
import contextlib
import json
import pathlib
import re
import subprocess
import threading
import time

from daemon import say
from exports import ExportRounds

WANTED = {"first import": "240 s", "unchanged": "10 s", "1 % changed": "15 s"}


class SyncTable:
    """One import, one unchanged run and one with 1 % changed at each size; and one member less in a group of 50,000."""

    def __init__(self, daemon, sizes):
        self.daemon, self.sizes, self.rows = daemon, sizes, []

    def measure(self):
        for size in self.sizes:
            say(f"{size:,} people")
            exports = ExportRounds(self.daemon, size)
            exports.forget()
            for name, export in (("first import", "first"), ("unchanged", "first"), ("1 % changed", "changed")):
                self.row(f"{name}, {size:,}", size, lambda: exports.run(export), WANTED[name] if size == 1_000_000 else "")
        self.large_group(50_000)
        say("pages of the console")

    def row(self, name, size, run, wanted):
        """Only the long runs are beside calls: those of a caller are a sixth of a core, which the short ones would feel."""
        self.forget_peak()
        callers = Callers(self.daemon) if name.startswith("first") else contextlib.nullcontext()
        with callers:
            before = self.written()
            if isinstance(callers, Callers):
                callers.times.clear()
            seconds = run()
            after = self.written()
        changed = int(self.daemon.sql(
            "select coalesce((counts ->> 'create')::int + (counts ->> 'update')::int + (counts ->> 'suspend')::int, 0) "
            "from runs order by id desc limit 1"))
        wal, rows = (after[0] - before[0], after[1] - before[1])
        each = f"{wal / changed / 1024:.1f} KiB, {rows / changed:.1f} rows" if changed else f"{rows} rows"
        self.rows.append((
            name, f"{seconds:.2f} s", f"{size / seconds:,.0f}/s", f"{self.daemon.peak_memory():.0f} MB", each,
            f"{callers.p99:.1f} ms" if isinstance(callers, Callers) else "", wanted))
        say("  " + " · ".join(self.rows[-1]))

    def large_group(self, size):
        """A group that lists its members, one of whom goes."""
        def export(name, members):
            person = lambda n: {"dn": f"uid=p{n},dc=large,dc=example", "attributes": {
                "objectClass": ["inetOrgPerson"], "entryUUID": f"00000000-0000-4000-8000-{n:012d}", "cn": f"Person {n}",
                "mail": f"p{n}@large.example"}}
            group = {"dn": "cn=all,dc=large,dc=example", "attributes": {
                "objectClass": ["groupOfNames"], "entryUUID": "00000000-0000-4000-9000-000000000000",
                "member": [f"uid=p{n},dc=large,dc=example" for n in range(members)]}}
            path = self.daemon.folder / f"{name}.json"
            path.write_text(json.dumps({"entries": [group] + [person(n) for n in range(size)]}))
        export("whole", size)
        export("less", size - 1)
        (self.daemon.policies / "bench.yaml").write_text(
            "policy: large\nplatform_app: Bench\nsource: large\nread: {files: inbox/large.json}\n"
            "people: {where: (objectClass=inetOrgPerson), id: entryUUID, email: mail, name: cn}\n"
            "accounts: [{key: all, name: All, members: \"cn=all,dc=large,dc=example\"}]\n")
        rounds = ExportRounds.of(self.daemon, "large")
        rounds.run("whole")
        self.row(f"one member less in a group of {size:,}", size, lambda: rounds.run("less"), "1 s")

    def written(self):
        wal = self.daemon.sql("select pg_current_wal_lsn() - '0/0'", superuser=True)
        # Sessions at rest tell their figures within ten seconds.
        time.sleep(11)
        rows = self.daemon.sql(
            "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables where relname in ('users', 'accounts', "
            "'account_users', 'user_permissibles', 'account_permissibles', 'access_tokens', 'suspensions', 'links')")
        return int(wal), int(rows)

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.daemon.process.pid}/clear_refs").write_text("5")

    def print(self):
        heads = ("sync", "took", "people", "peak memory", "WAL and rows of the domain, a changed user", "API p99 meanwhile", "wanted")
        widths = [max(len(row[column]) for row in [heads, *self.rows]) for column in range(len(heads))]
        for index, row in enumerate([heads, *self.rows]):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if index == 0:
                print("| " + " | ".join("-" * width for width in widths) + " |")


class Callers:
    """Somebody who reads a user fifty times a second."""

    def __init__(self, daemon):
        self.daemon, self.stopped, self.times = daemon, threading.Event(), []

    def __enter__(self):
        one = json.loads(self.daemon.get("/platform/api/v1/users", b"name=Ada Lovelace&email=ada@caller.example"))
        self.path = f"/platform/api/v1/users/{one['id']}"
        self.thread = threading.Thread(target=self.call)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.p99 = sorted(self.times)[int(len(self.times) * 0.99)] * 1000 if self.times else 0

    def call(self):
        while not self.stopped.wait(0.02):
            begin = time.monotonic()
            self.daemon.get(self.path)
            self.times.append(time.monotonic() - begin)
