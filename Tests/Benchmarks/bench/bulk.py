# SPDX-License-Identifier: Apache-2.0
"""People with a membership each in one call, against COPY of the rows that come of it."""
import json
import sys
import time

from copying import copy

COUNT = 10_000


class BulkRounds:
    def __init__(self, daemon):
        self.daemon, self.number = daemon, 0
        self.account = json.loads(daemon.get("/platform/api/v1/accounts", b"name=Bulk"))["id"]

    def round(self, results):
        for atomic in ("false", "true"):
            self.number += 1
            people = json.dumps([
                {"email": f"bulk.{self.number}.{n}@bench.example", "name": f"Person Number {n}",
                 "external_id": f"{self.number}-{n}", "accounts": [{"account_id": self.account, "role": "agent"}]}
                for n in range(COUNT)]).encode()
            first = int(self.daemon.sql("select coalesce(max(id), 0) + 1 from users"))
            start = time.monotonic()
            answer = self.daemon.get(
                f"/platform/api/v1/bulk?atomic={atomic}", people, **{"Content-Type": "application/json"})
            results.add(f"bulk {atomic}", time.monotonic() - start)
            if json.loads(answer)["created"] != COUNT:
                sys.exit(f"the bulk call answered {answer[:500]}")
            results.add(f"bulk {atomic} copy", copy(self.daemon, first))
