"""What other sites, cards from outside and the curious get out of the console: nothing."""
import contextlib
import html
import http.server
import threading
from urllib.parse import quote

import navigation
from browser import Visitor
from forms import SRE, session_cookie, tags
from snapshot import Snapshot


def check(browser, servers, report):
    for part in (other_sites, frames, hostile_card, namespace):
        with report.at(part.__name__.replace("_", " ")):
            part(browser, servers, report)


@contextlib.contextmanager
def site(text):
    """A page of another site, under two names: the first is of the same host, as a browser sees it, the other of none that it knows."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode() if self.path == "/" else b"")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield [f"http://{name}:{server.server_port}/" for name in ("127.0.0.1", "localhost")]
        finally:
            server.shutdown()


def form(action, fields):
    inputs = "".join(f'<input name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
    return f'<form method="post" action="{action}">{inputs}</form><script>document.forms[0].submit()</script>'


def other_sites(browser, servers, report):
    """A form that another site has a browser send changes nothing, although it knew the key of the session."""
    with Visitor(browser, servers.main, token=servers.tokens["admin"]) as visitor:
        visitor.visit(SRE)
        key = visitor.page.locator("[name=key]").first.get_attribute("value")
        before, session = tags(servers), session_cookie(visitor)
        forms = {"/tag of acme/sre": (f"{SRE}/tag", {"key": key, "tag": "foreign", "version": "v1"}),
                 "/remove of acme/sre": (f"{SRE}/remove", {"key": key, "reference": "acme/sre@v1"}),
                 "/tasks/set": ("/console/tasks/set", {"key": key, "task": "foreign"}),
                 "/sign-out": ("/console/sign-out", {"key": key}),
                 "/sign-in": ("/console/sign-in", {"token": servers.tokens["read"], "next": "/"})}
        for name, (action, fields) in forms.items():
            with site(form(servers.main + action, fields)) as addresses:
                for address in addresses:
                    with visitor.page.expect_response(servers.main + action) as answer:
                        visitor.page.goto(address, wait_until="commit")
                    report.equal(answer.value.status, 403, f"the answer to a form to {name} from {address[:17]}")
                    visitor.page.wait_for_load_state()
        report.equal(tags(servers), before, "the tags after another site's forms")
        report.equal(len(servers.registry.versions("acme/sre")), 2, "the versions after another site's forms")
        report.expect("foreign" not in [task["name"] for task in servers.registry.ask("task", "list")], "another site added a task")
        report.equal(session_cookie(visitor), session, "the session after another site's forms")
        visitor.visit("/")
        report.expect("t-admin" in Snapshot(visitor.page).session, "another site signed one out, or in as another")
        # Nor does looking at the address of an action.
        for action, _ in forms.values():
            if action != "/console/sign-in":
                report.expect(visitor.context.request.get(action).status in (404, 405), f"{action} can be looked at")
        report.equal(tags(servers), before, "the tags after looking at actions")


def frames(browser, servers, report):
    """No other site shows a page of the console in its own."""
    text = f'<iframe src="{servers.main}{SRE}"></iframe><iframe src="{servers.main}/"></iframe><img src="{servers.main}/" alt="x">'
    with Visitor(browser, servers.main, token=servers.tokens["admin"]) as visitor, site(text) as addresses:
        for address in addresses:
            visitor.page.goto(address)
            inside = [frame for frame in visitor.page.frames if frame != visitor.page.main_frame]
            report.equal(len(inside), 2, "frames in the page of another site")
            for frame in inside:
                shown = frame.evaluate("document.body ? document.body.innerText : ''")
                report.expect("acme/sre" not in shown and "Deltaic" not in shown, f"a frame in {address[:17]} shows {shown[:60]!r}")
            report.equal(visitor.page.evaluate("document.images[0].naturalWidth"), 0, "the width of a page as an image")


def hostile_card(browser, servers, report):
    """It is text: it loads nothing but a picture of the version, runs nothing, leads nowhere but to pages and files."""
    path = "/console/models/acme/hostile"
    with Visitor(browser, servers.main, token=servers.tokens["admin"]) as visitor:
        visitor.visit(path)
        page, found = visitor.page, Snapshot(visitor.page)
        page.locator(".card").scroll_into_view_if_needed()
        for details in page.locator("details").all():
            details.locator("summary").first.click()
        page.mouse.move(640, 400)
        for link in page.locator(".card a").all():
            link.hover(force=True)
        allowed = set("a blockquote br code del div em h3 h4 h5 h6 hr img li ol p pre span strong table tbody td th thead tr ul".split())
        report.expect(set(found.cardTags) <= allowed, f"the card has the elements {sorted(set(found.cardTags) - allowed)}")
        attributes = page.evaluate("[...new Set([...document.querySelectorAll('.card *')].flatMap(node => node.getAttributeNames()))]")
        known = {"href", "rel", "src", "alt", "loading", "start", "class", "role", "tabindex", "aria-label", "scope"}
        report.expect(set(attributes) <= known, f"elements of the card have the attributes {sorted(set(attributes) - known)}")
        commit = servers.registry.models()["acme/hostile"]["latest"]["commit"]
        links = page.evaluate("[...document.querySelectorAll('.card a')].map(link => link.href)")
        report.expect(links, "the card has no links at all")
        for link in links:
            is_outside = link.startswith(("https://", "http://", "mailto:")) and not link.startswith(servers.main)
            is_file = link.startswith(f"{servers.main}{path}/versions/{commit}/files/")
            report.expect(is_outside or is_file, f"a link of the card leads to {link}")
        for source, _ in found.images:
            report.expect(source.startswith(f"{path}/versions/{commit}/files/"), f"a picture of the card comes from {source}")
        shown = [width for source, width in found.images if source.endswith("/dot.png")]
        report.equal(shown, [1], "the width of the picture that the version has")
        for text in ("hacked = 1", "javascript:"):
            report.expect(text in found.main, f"of the card, the text {text!r} is lost")
        report.equal(page.evaluate("typeof hacked"), "undefined", "what a script of the card set")
        for complaint in visitor.complaints():
            report.expect(False, complaint)
        files(visitor, servers, report, path, commit)


def files(visitor, servers, report, path, commit):
    """What is no picture is kept in a file: nothing that somebody pushed is a page of this address."""
    for name, kind in (("drawing.svg", "attachment"), (quote('"><img src=x onerror=hacked=1>.txt'), "attachment"), ("dot.png", "inline")):
        answer = visitor.context.request.get(f"{path}/versions/{commit}/files/{name}")
        report.equal(answer.status, 200, f"the status of {name}")
        disposition = answer.headers.get("content-disposition", "inline")
        report.expect(disposition.startswith(kind), f"{name} is sent as {disposition!r}")
        report.equal(answer.headers.get("x-content-type-options"), "nosniff", f"whether browsers guess what {name} is")
    with visitor.page.expect_download() as download:
        visitor.page.evaluate("name => [...document.querySelectorAll('a')].find(link => link.textContent === name).click()", "drawing.svg")
    text = download.value.path().read_text()
    report.equal(text, servers.registry.text("acme/hostile", "drawing.svg"), "the file that was downloaded")


def namespace(browser, servers, report):
    """A token for a namespace sees its models; of others, only the names of bases that they are made from."""
    registry = servers.registry
    others = {name for name in registry.models() if not name.startswith("acme/")}
    bases = {version["base"].split("@")[0] for name in registry.models() if name.startswith("acme/") for version in registry.versions(name)
             if "base" in version}
    report.expect(others - bases, "there is nothing that could be hidden")
    with Visitor(browser, servers.main, token=servers.tokens["acme"]) as visitor:
        texts = navigation.crawl(visitor, report)
        report.expect(any("acme/sre" in text for text in texts.values()), "it does not see its own models")
        for path, text in texts.items():
            for name in others - bases:
                report.expect(name not in text and name.replace("/", "%2F") not in text, f"{path} names {name}")
            for name in bases:
                report.expect(f"/console/models/{name}" not in text and f"={name}@" not in text, f"{path} leads to {name}")
        everything = ("/console/bases", "/console/tasks", "/console/packs", "/console/garbage")
        for path in everything:
            report.expect(path not in texts, f"{path} is linked to")
        for path in (*everything, *(f"/console/packs/{registry.show(name)['pack']}" for name in ("acme/sre", "minilm"))):
            report.equal(visitor.context.request.get(path).status, 403, f"the status of {path}")
        for name in sorted(others):
            # One that is there is answered as one that is not.
            for path in (f"/console/models/{name}", f"/console/models/{name}/versions/v1", f"/console/compare?left=acme/sre&right={name}",
                         f"/console/models/{name}/versions/v1/files/config.json"):
                found, unknown = visitor.context.request.get(path), visitor.context.request.get(path.replace(name, "no/such"))
                report.equal(found.status, unknown.status, f"the status of {path}")
                report.equal(found.text().replace(name, "no/such"), unknown.text(), f"the answer to {path}")
        found = visitor.context.request.get("/console/models?search=minilm").text()
        report.expect("There are none." in found, "a search finds what is of others")
        found = visitor.context.request.get("/console/models?base=lonely/near").text()
        report.expect("There are none." in found, "a filter by a base of others finds something")
