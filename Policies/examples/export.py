#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports the sample organisation from a real slapd.

Loads harbour.ldif into a slapd of its own (temporary folder, Unix socket, no TCP), reads it back, applies
tuesday.ldif as a directory administrator would, and reads it again. Needs slapd, ldap-utils and python3-ldap3.

    export.py           writes the exports
    export.py --check   compares them with the ones in the repository
"""
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import ldap3

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FIXTURES = "Tests/Fixtures/harbour"
BASE = "dc=harbourvale,dc=example"
ADMIN = f"cn=admin,{BASE}"
PASSWORD = "only-behind-this-socket"
FILTER = "(|(objectClass=inetOrgPerson)(objectClass=account)(objectClass=groupOfNames))"
# All user attributes and the operational ones that are the same in every export.
ATTRIBUTES = ["*", "entryUUID", "createTimestamp"]

CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload refint
pidfile {folder}/slapd.pid
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {folder}/data
# A renamed or deleted person is renamed or deleted in the groups too.
overlay refint
refint_attributes member
refint_nothing "{admin}"
"""


class Slapd:
    """A slapd holding harbour.ldif, as long as the `with` lasts."""

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="harbour-")
        folder = Path(self.temporary.name)
        (folder / "data").mkdir()
        configuration = folder / "slapd.conf"
        configuration.write_text(
            CONFIGURATION.format(folder=folder, base=BASE, admin=ADMIN, password=PASSWORD)
        )
        subprocess.run(
            ["/usr/sbin/slapadd", "-q", "-f", configuration, "-l", HERE / "harbour.ldif"],
            check=True,
        )
        address = str(folder / "ldapi")
        self.url = f"ldapi://{quote(address, safe='')}"
        self.process = subprocess.Popen(
            ["/usr/sbin/slapd", "-d", "0", "-f", configuration, "-h", self.url]
        )
        for _ in range(200):
            # The socket is there a moment before slapd listens on it: only an accepted connection counts.
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(address) == 0:
                    return self
            if self.process.poll() is not None:
                raise SystemExit(f"slapd ended with status {self.process.returncode}")
            time.sleep(0.05)
        self.process.terminate()
        raise SystemExit("slapd did not answer within 10 s")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.temporary.cleanup()

    def tool(self, name, *arguments):
        """Runs one of ldap-utils against this server and returns what it printed."""
        command = [name, "-x", "-H", self.url, "-D", ADMIN, "-w", PASSWORD, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()

    def ldif(self):
        return self.tool("ldapsearch", "-S", "", "-b", BASE, FILTER, *ATTRIBUTES)

    def json(self, info=ldap3.ALL):
        server = ldap3.Server(self.url, get_info=info)
        with ldap3.Connection(server, ADMIN, PASSWORD, raise_exceptions=True) as connection:
            connection.search(BASE, FILTER, attributes=ATTRIBUTES)
            # A server answers in whatever order; ours is sorted, so that two exports can be compared.
            entries = sorted(connection.response, key=lambda entry: entry["dn"])
            return connection.response_to_json(search_result=entries) + "\n"


def export():
    """All exports, by their path in the repository."""
    files = {}
    with Slapd() as slapd:
        files["Policies/examples/inbox/harbour.json"] = slapd.json()
        files[f"{FIXTURES}/monday-without-schema.json"] = slapd.json(info=ldap3.NONE)
        files[f"{FIXTURES}/monday.ldif"] = slapd.ldif()
        # Relax: the entryUUID of somebody new is given here too, not drawn by the server.
        slapd.tool("ldapmodify", "-e", "!relax", "-f", str(HERE / "tuesday.ldif"))
        files["Policies/examples/changes/tuesday.json"] = slapd.json()
        files[f"{FIXTURES}/tuesday.ldif"] = slapd.ldif()
    return files


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    differing = []
    for name, text in export().items():
        path = ROOT / name
        if arguments:
            if not path.exists() or path.read_text() != text:
                differing.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(name)
    if differing:
        sys.exit("differs from a fresh export: " + ", ".join(differing))


main(sys.argv[1:])
