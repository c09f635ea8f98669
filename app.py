"""The server's entry: `streamlit run app.py`. Start-up, shut-down, and the page script it serves; nothing else."""

from explorer.cores import limit_threads

limit_threads()  # before torch

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from explorer.ui.left_page import LeftPages
from explorer.ui.message_guard import MessageGuard


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    from explorer.ui import main, process  # imports torch and altair here, not in the first visitor's run

    del main
    process.start()
    # Collecting garbage over all the modules above takes 200 ms of the interpreter's lock. What is frozen is not looked at again.
    gc.collect()
    gc.freeze()
    yield
    await asyncio.to_thread(process.stop)  # a thread still training when the interpreter ends would abort it


app = st.App("explorer/ui/main.py", lifespan=lifespan, middleware=[Middleware(MessageGuard), Middleware(LeftPages)])
