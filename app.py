"""The server's entry: `streamlit run app.py`.

Start-up, shut-down, and the page script it serves; nothing else.
"""

from explorer.cores import limit_threads

limit_threads()  # before torch

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from explorer.classroom.register import Register
from explorer.home_folder import home_folder
from explorer.ui.components.assets import asset_routes
from explorer.ui.components.navigation.old_addresses import old_addresses
from explorer.ui.server.allowed_hosts import AllowedHosts
from explorer.ui.server.analysis_route import analysis_route
from explorer.ui.server.compressed_static import CompressedStatic
from explorer.ui.server.device_route import device_routes
from explorer.ui.server.drawing_route import drawing_route
from explorer.ui.server.kept_downloads import KeptDownloads
from explorer.ui.server.layer_maps_route import layer_maps_route
from explorer.ui.server.message_guard import MessageGuard
from explorer.ui.server.message_pace import MessagePace
from explorer.ui.server.person_cookies import PersonCookies, server_cookie
from explorer.ui.server.same_origin import SameOrigin
from explorer.ui.server.security_headers import SecurityHeaders
from explorer.ui.server.socket_limits import SocketLimits
from explorer.ui.server.startup import (
    headers_or_exit,
    names_or_exit,
    open_store_or_exit,
    raise_file_limit,
    script_arguments,
    tell_addresses,
)
from explorer.ui.server.upload_limits import UploadLimits

raise_file_limit()
# Seconds for which a thread keeps the interpreter's lock while others wait for it. Each call of
# torch lets go of it and waits to have it back, some hundred times in a training's step or a
# visitor's edit: at Python's own 5 ms, a class and a training hold each other up for seconds.
sys.setswitchinterval(0.0005)
# Here, where the process can still end with a sentence.
headers, names = headers_or_exit(), names_or_exit()
store = open_store_or_exit(script_arguments(__file__))


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    # Imports torch and altair here, not in the first visitor's run.
    from explorer.ui import main, process

    del main
    process.start(store)
    # Collecting garbage over all the modules above takes 200 ms of the interpreter's lock. What is
    # frozen is not looked at again.
    gc.collect()
    gc.freeze()
    tell_addresses()
    yield
    # A thread still training when the interpreter ends would abort it.
    await asyncio.to_thread(process.stop, for_good=True)


# The path that the server has its pages under: "" mostly, or as "/explorer".
base = f"/{st.get_option('server.baseUrlPath').strip('/')}".rstrip("/")
cookie, register = server_cookie(home_folder(), store.folder is None), Register(store.database)
middleware = [  # the first sees what comes in first
    Middleware(SecurityHeaders, headers),
    Middleware(AllowedHosts, names),
    Middleware(SameOrigin),
    Middleware(SocketLimits, cookie),
    Middleware(PersonCookies, cookie, register, base),
    Middleware(UploadLimits, cookie),
    Middleware(MessageGuard),
    Middleware(MessagePace),
    Middleware(CompressedStatic),
    Middleware(KeptDownloads),
]
app = st.App(
    "explorer/ui/main.py",
    routes=[
        *old_addresses(base),
        *asset_routes(base),
        analysis_route(base),
        layer_maps_route(base),
        drawing_route(base),
        *device_routes(base, cookie, register),
    ],
    lifespan=lifespan,
    middleware=middleware,
)
