#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures a daemon on its embedded PostgreSQL and prints one table of ratios; `make bench` calls it.

Every figure is the median of interleaved rounds: each round measures everything once, ours and what it is compared with
one after the other, so that a slow minute of the machine slows both. The statements given to pgbench are those that the
daemon itself sent, taken from the server's log.

    bench BIN-FOLDER [--count 100000] [--rounds 5] [--seconds 3] [--sync 10000,100000,1000000]

The second table, of exports at several sizes, is one round each; `--sync ""` leaves it out, `--rounds 0` the first one.
"""
import argparse
import os
import pathlib
import tempfile

from bulk import BulkRounds
from calls import RequestRounds
from daemon import Daemon, say
from exports import ExportRounds
from outage import OutageRounds
from pages import ConsolePages
from results import Results
from sync import SyncTable


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--sync", default="10000,100000,1000000")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        # PostgreSQL runs as another user where we are root, and must get through.
        os.chmod(folder, 0o755)
        with Daemon(options.bin, pathlib.Path(folder)) as daemon:
            if options.rounds:
                compare(daemon, options)
            if options.sync:
                table = SyncTable(daemon, [int(size) for size in options.sync.split(",")])
                table.measure()
                table.print()
                pages = ConsolePages(daemon)
                pages.measure()
                pages.print()


def compare(daemon, options):
    """Everything against what it is compared with, in rounds."""
    results = Results()
    parts = (
        ("exports", lambda: ExportRounds(daemon, options.count)), ("bulk calls", lambda: BulkRounds(daemon)),
        ("requests", lambda: RequestRounds(daemon, options.seconds)), ("outages", lambda: OutageRounds(daemon)))
    for name, make in parts:
        part = make()
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}: {name}")
            part.round(results)
    results.print(options, daemon.peak_memory())


main()
