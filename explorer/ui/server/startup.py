"""What the server does before it answers anybody: room for open files, a store that can be used,
and who can reach it.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import streamlit as st

from explorer.home_folder import home_folder
from explorer.people.teachers import teachers_text
from explorer.runs.database import StoreError
from explorer.runs.home import IN_MEMORY, in_memory, open_store
from explorer.runs.store import RUNS, Store
from explorer.ui.server.allowed_hosts import BadHost, own_names
from explorer.ui.server.security_headers import FRAME_ANCESTORS, BadSite, security_headers

# Each open page takes four, and the usual limit of 1,024 ends at some 250 pages.
OPEN_FILES = 65_536

RIGHTS = (
    "Whoever can open this address can see every run, train networks and use this machine's "
    "processor and disk.\nEach may change what is their own, a teacher everything."
)
ONLY_HERE = "To keep it to this machine, start it with --server.address localhost."


def open_store_or_exit(arguments: Sequence[str]) -> Store:
    """The store of this server. If it cannot be opened, the process ends with a sentence and exit
    status 1.

    `arguments` are those after `--` on the command line: --in-memory, or none.
    """
    unknown = [each for each in arguments if each != IN_MEMORY]
    if unknown:
        sys.exit(
            f"error: {unknown[0]!r} is no option of this server; the one there is: {IN_MEMORY}"
        )
    try:
        store = open_store(home_folder(), IN_MEMORY in arguments or in_memory())
        if damage := store.damage():
            raise StoreError(
                f"{home_folder() / RUNS} is damaged ({damage}); "
                "put a backup in its place, or move it away"
            )
        return store
    except StoreError as error:
        sys.exit(
            f"error: the runs cannot be opened: {error}.\nThe server was not started. "
            "To start it without keeping anything, so that every run ends with it: "
            f"streamlit run {Path(sys.argv[0]).name} -- {IN_MEMORY}"
        )


def headers_or_exit() -> Mapping[str, str]:
    """The security headers that the environment asks for. If it lists what is no site, the process
    ends with a sentence and exit status 1.
    """
    try:
        return security_headers(os.environ.get(FRAME_ANCESTORS, ""))
    except BadSite as error:
        sys.exit(f"error: {error}.\nThe server was not started.")


def names_or_exit() -> frozenset[str]:
    """What this server is called. If the environment lists what is no name, the process ends with a
    sentence and exit status 1.
    """
    try:
        return own_names()
    except BadHost as error:
        sys.exit(f"error: {error}.\nThe server was not started.")


def script_arguments(script: str) -> list[str]:
    """The arguments after `--` of `streamlit run SCRIPT -- …`; none under another ASGI server."""
    return sys.argv[1:] if Path(sys.argv[0]).name == Path(script).name else []


def raise_file_limit() -> None:
    """Allow as many open files as the system grants this process, on systems with such a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # MacOS may grant fewer than it says; what there is must do then.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def tell_addresses() -> None:
    """Print where the server can be opened, by whom, and what they may do there. Asks no host for
    anything.
    """
    address, port = st.get_option("server.address"), st.get_option("server.port")
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    print(
        "\n"
        + addresses_text(address, f"{scheme}://{{}}:{port}/{path}".rstrip("/"), network_addresses())
        + "\n",
        flush=True,
    )


def addresses_text(address: str | None, form: str, own: Sequence[str]) -> str:
    """The lines for a server that listens on `address` of a machine with the addresses `own`; all
    where it is None.

    `form` is a link with {} in the host's place.
    """
    if address in ("localhost", "127.0.0.1", "::1"):
        return (
            f"The architecture explorer: {form.format('localhost')}\nIt answers this machine alone."
        )
    everywhere = address in (None, "", "0.0.0.0", "::")
    lines = [f"The architecture explorer: {form.format('localhost' if everywhere else address)}"]
    if everywhere:
        lines += [f"From other machines:       {form.format(each)}" for each in own]
    return "\n".join([*lines, RIGHTS, teachers_text(), ONLY_HERE])


def network_addresses() -> list[str]:
    """The IPv4 addresses by which other machines may reach this one."""
    found = [
        each.address
        for card in psutil.net_if_addrs().values()
        for each in card
        if each.family.name == "AF_INET"
    ]
    return [each for each in found if not each.startswith(("127.", "169.254."))]
