# SPDX-License-Identifier: Apache-2.0
"""COPY of the rows that people are made of: the least that PostgreSQL needs for them."""
import re
import subprocess

# Table, and which column names the user.
TABLES = {"users": "id", "account_users": "user_id", "user_permissibles": "object_id", "access_tokens": "owner_id", "links": "object_id"}


def copy(daemon, first=0):
    """Seconds that COPY takes for all users from this id on, into tables without index or constraint."""
    seconds = 0.0
    server = ["psql", "-XAtq", "-h", str(daemon.folder / "data/run"), "-U", "postgres", "muster"]
    file = daemon.folder / "data/postgres/bench.copy"
    for table, user in TABLES.items():
        # COPY FROM refuses generated columns.
        columns = "id, name, display_name, email, custom_attributes, row_version, created_at" if table == "users" else "*"
        subprocess.run([
            *server, "-c", f"create table bare as select {columns} from {table} limit 0", "-c",
            f"copy (select {columns} from {table} where {user} >= {first}) to '{file}'"], check=True)
        timed = subprocess.run(
            [*server, "-c", r"\timing", "-c", f"copy bare from '{file}'", "-c", "drop table bare"], check=True,
            capture_output=True, text=True).stdout
        seconds += float(re.search(r"Time: ([\d.]+) ms", timed)[1]) / 1000
    return seconds
