# SPDX-License-Identifier: Apache-2.0
"""Reconciling exports, against COPY of the rows that come of it."""
import shutil
import subprocess
import sys

from copying import copy
from daemon import say

GROUPS = 200


class ExportRounds:
    """A first import into an empty installation, the same export again, one with 1 % changed; and COPY of the same rows."""

    def __init__(self, daemon, count):
        self.daemon, self.target = daemon, daemon.policies / "inbox/northwind.json"
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

    @classmethod
    def of(cls, daemon, name="northwind"):
        """For exports that somebody else wrote, and a policy that reads them under this name."""
        rounds = cls.__new__(cls)
        rounds.daemon, rounds.target = daemon, daemon.policies / f"inbox/{name}.json"
        return rounds

    def forget(self):
        """The installation as it was before its first run."""
        if self.daemon.sql("select count(*) from runs") != "0":
            self.daemon.sql([
                "truncate users, accounts, sources, runs, changes, suspensions cascade",
                "delete from access_tokens where owner_kind = 'user'", "vacuum access_tokens"])
            self.daemon.sql("checkpoint", superuser=True)

    def round(self, results):
        self.forget()
        results.add("first import", self.run("first"))
        results.add("copy", copy(self.daemon))
        results.add("unchanged", self.run("first"))
        results.add("1 % changed", self.run("changed"))

    def run(self, export):
        """How long the daemon's run took, in seconds, from its beginning to its last word in the journal."""
        daemon = self.daemon
        before = daemon.sql("select coalesce(max(id), 0) from runs")
        draft = daemon.policies / "inbox/draft"
        shutil.copyfile(daemon.folder / f"{export}.json", draft)
        draft.rename(self.target)
        ended = f"from runs where id > {before} and state not in ('reading', 'planned', 'applying')"
        daemon.wait(lambda: daemon.sql(f"select count(*) {ended}") == "1", "the run has ended")
        state, seconds = daemon.sql(f"select state, extract(epoch from finished_at - created_at) {ended}").split("|")
        if state not in ("done", "unchanged"):
            sys.exit(f"the run of {export}.json is {state}")
        return float(seconds)
