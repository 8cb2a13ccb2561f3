# SPDX-License-Identifier: Apache-2.0
"""Pages of the console in an installation that is full: how long the server takes for each."""
import http.cookiejar
import html
import re
import statistics
import subprocess
import time
import urllib.parse
import urllib.request

from daemon import PORT, say

BASE = f"http://127.0.0.1:{PORT}/super_admin/"
PASSWORD = "Only-for-the-bench-2026"
WANTED = 50


class ConsolePages:
    """First and last pages of the lists, and the pages that count: the median and the worst of nine visits each, in ms."""

    def __init__(self, daemon):
        self.daemon = daemon
        subprocess.run(
            [daemon.programs / "muster", "admin", "create", "bench@example.org", "--password-stdin"], env=daemon.environment,
            input=PASSWORD + "\n", text=True, check=True, capture_output=True)
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        form = self.get("sign_in")
        hidden = {name: html.unescape(value) for name, value in re.findall(
            r'<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"', form)}
        body = urllib.parse.urlencode({**hidden, "email": "bench@example.org", "password": PASSWORD}).encode()
        self.browser.open(urllib.request.Request(BASE + "sign_in", data=body, headers={"Sec-Fetch-Site": "same-origin"}))

    def get(self, path):
        with self.browser.open(BASE + path) as answer:
            return answer.read().decode()

    def measure(self):
        app = self.daemon.sql("select id from platform_apps where name = 'Bench'")
        user, account = self.daemon.sql("select max(id) from users"), self.daemon.sql("select min(id) from accounts")
        lists = [
            ("users", "users", "users/" + "\x1f" * 4), ("users, suspended", "users?status=suspended", "users/" + "\x1fsuspended" + "\x1f" * 3),
            ("users, a word", "users?q=anna", "users/anna" + "\x1f" * 4), ("accounts", "accounts", "accounts/" + "\x1f" * 2),
            ("members of an account", f"accounts/{account}/members", f"members/{account}"),
            ("access tokens", "access_tokens", "access_tokens?&&"), ("audit", "audit", "audit|"),
            ("permissibles", f"platform_apps/{app}/permissibles?kind=user", f"platform_apps/{app}/permissibles?user"),
        ]
        pages = [("overview", ""), ("settings", "settings"), ("sync", "sync"), ("runs", "sync/runs"), ("a user", f"users/{user}"),
                 ("an account", f"accounts/{account}"), ("a user's history", f"users/{user}/history")]
        for name, path, named in lists:
            end = path + ("&" if "?" in path else "?") + "cursor=" + cursor(40, f"console/{named}")
            pages += [(f"{name}, first page", path), (f"{name}, last page", end)]
        self.rows = [(name, *self.visit(path)) for name, path in pages]

    def visit(self, path):
        times, size = [], 0
        for _ in range(10):
            begin = time.monotonic()
            size = len(self.get(path).encode())
            times.append((time.monotonic() - begin) * 1000)
        # The first visit fills caches.
        return statistics.median(times[1:]), max(times[1:]), size

    def print(self):
        users = self.daemon.sql("select reltuples::bigint from pg_class where relname = 'users'")
        print(f"\nPages of the console with {int(users):,} users; wanted: {WANTED} ms, 100,000 bytes\n")
        print("| page | median | worst of 9 | bytes |\n| --- | --- | --- | --- |")
        for name, median, worst, size in self.rows:
            print(f"| {name} | {median:.1f} ms | {worst:.1f} ms | {size:,} |")


def cursor(key, name):
    """A position in a list as `WebSurface/Paging/Cursor` writes it."""
    raw = bytes([0]) + key.to_bytes(8, "big")
    check = 2_166_136_261
    for byte in raw + name.encode():
        check = (check ^ byte) * 16_777_619 % 2**32
    return (raw + check.to_bytes(4, "big")).hex()
