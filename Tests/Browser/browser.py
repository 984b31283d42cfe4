"""A headless Chromium whose pages are watched: what they say, what they ask for, and what fails."""
import shutil
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import sync_playwright


@dataclass(frozen=True)
class Setting:
    """How somebody looks at a page."""

    name: str
    width: int
    scheme: str
    scripts: bool = True

    def __str__(self):
        return f"{self.name} {self.scheme}"


WIDE, NARROW = 1280, 390
SETTINGS = [Setting(name, width, scheme) for name, width in (("wide", WIDE), ("narrow", NARROW)) for scheme in ("light", "dark")]
SCRIPTLESS = Setting("wide scriptless", WIDE, "light", scripts=False)


@contextmanager
def chromium():
    """Nothing but this machine can be reached from it, whatever a page asks for."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium-headless-shell"),
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"])
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """One who looks at the pages of one server, with cookies of their own."""

    def __init__(self, browser, origin, setting=SETTINGS[0], token=None, **options):
        self.origin, self.setting = origin, setting
        self.context = browser.new_context(
            base_url=origin, color_scheme=setting.scheme, viewport={"width": setting.width, "height": 900},
            java_script_enabled=setting.scripts, reduced_motion="reduce", **options)
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()
        self._records = []
        self._watch()
        if token:
            self.sign_in(token)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def _watch(self):
        note = lambda *record: self._records.append(record)
        self.context.on("console", lambda message: note("console", message.type, message.text, message.location.get("url", "")))
        self.context.on("weberror", lambda error: note("error", str(error.error)))
        self.context.on("request", lambda request: note("request", request.url))
        self.context.on("requestfailed", lambda request: note("failed", request.url, request.failure))
        self.context.on("response", lambda response: note("response", response.url, response.status))
        self.context.on("dialog", lambda dialog: (note("dialog", dialog.message), dialog.dismiss()))
        self.context.on("page", lambda page: note("page", page.url))

    def forget(self):
        self._records.clear()

    def requests(self):
        return [record[1] for record in self._records if record[0] == "request"]

    def complaints(self, status=200):
        """What was wrong since the last visit began. `status`: what the page itself was to be answered with."""
        for kind, *record in self._records:
            if kind == "console" and record[0] in ("error", "warning"):
                # Of a page about an error, the browser says that it is one.
                is_of_page = status >= 400 and f"status of {status}" in record[1] and record[2] == self.page.url
                if not is_of_page:
                    yield f"the console has: {record[0]}: {record[1]}"
            elif kind == "error":
                yield f"a script failed: {record[0]}"
            elif kind == "request" and not record[0].startswith((self.origin + "/", "data:")):
                yield f"something else is asked for: {record[0]}"
            elif kind == "failed":
                yield f"a request failed: {record[0]}: {record[1]}"
            elif kind == "response" and record[1] >= 400 and not (record[1] == status and record[0] == self.page.url):
                yield f"{record[0]} is answered with {record[1]}"
            elif kind == "dialog":
                yield f"a dialog opened: {record[0]}"
            elif kind == "page":
                yield f"another page opened: {record[0]}"

    def sign_in(self, token):
        self.page.goto("/console/sign-in")
        self.page.fill("input[name=token]", token)
        with self.page.expect_navigation():
            self.page.click("main button")

    def visit(self, path):
        """Opens a page; one that is still measuring is waited for."""
        while True:
            self.forget()
            response = self.page.goto(path)
            if self.page.locator("[data-again]").count() == 0:
                return response
            self.page.wait_for_timeout(200)
