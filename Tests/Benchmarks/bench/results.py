# SPDX-License-Identifier: Apache-2.0
"""What was measured, and the table of it."""
import statistics

import bulk


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
        for atomic, name in (("false", "each by itself"), ("true", "all or none")):
            seconds = self.median(f"bulk {atomic}")
            rows.append((
                f"bulk call, {bulk.COUNT:,} people, {name}", f"{seconds:.2f} s = {bulk.COUNT / seconds:,.0f}/s",
                f"COPY of the same rows: {self.median(f'bulk {atomic} copy'):.2f} s",
                f"{self.ratio(f'bulk {atomic}', f'bulk {atomic} copy'):.1f} x", "", "10,000/s" if atomic == "false" else ""))
        rows.append(("database restarted under requests", f"answers {self.median('recovery'):.2f} s after it", "", "", "", "2 s"))
        rows.append(("peak memory of the daemon", f"{memory:.0f} MB", "", "", "", "128 MB"))
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        for index, row in enumerate(rows):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if index == 0:
                print("| " + " | ".join("-" * width for width in widths) + " |")
