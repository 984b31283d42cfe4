"""What the forms of the console change, as a browser sends them, and what they do not."""
import sqlite3
import time
from urllib.parse import urlencode

from browser import SCRIPTLESS, SETTINGS, Visitor
from navigation import Links
from snapshot import Snapshot

COOKIE = "deltaic_session"
SRE = "/console/models/acme/sre"
DAY = 86400


def check(browser, servers, report):
    for part in (signing_in, scopes, asking, tagging, keys, removing, tasks, importing, collecting, signing_out, revoking, notices):
        with report.at(part.__name__.replace("_", " ")):
            part(browser, servers, report)
        servers.registry.forget()
    for part in (asking, tagging):
        with report.at(part.__name__, "without scripts"):
            part(browser, servers, report, SCRIPTLESS)


def cookies(visitor):
    return {cookie["name"]: cookie["value"] for cookie in visitor.context.cookies()}


def send(visitor, action, **fields):
    """Fills in the form that goes there, as its fields are, and sends it. Returns what comes after it."""
    form = visitor.page.locator(f"form[action='{action}']")
    if not form.locator("button").is_visible():
        visitor.page.locator("details", has=form).locator("summary").click()
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    visitor.forget()
    with visitor.page.expect_navigation() as navigation:
        form.locator("button").click()
    return Snapshot(visitor.page), navigation.value.status


def expect_notice(visitor, report, found, text):
    report.equal(found[0].notices, [text], "the notice")
    for complaint in visitor.complaints():
        report.expect(False, complaint)


def tags(servers, model="acme/sre"):
    servers.registry.forget()
    return {tag: version["number"] for version in servers.registry.versions(model) for tag in version["tags"]}


def signing_in(browser, servers, report):
    with Visitor(browser, servers.main) as visitor:
        page = visitor.page
        visitor.visit(SRE)
        report.equal(page.url, f"{servers.main}/console/sign-in?next=%2Fconsole%2Fmodels%2Facme%2Fsre", "where one is sent")
        found, status = send(visitor, "/console/sign-in", token="hf_" + "x" * 40)
        report.equal((status, found.warnings), (403, ["The token is not known: it was mistyped, revoked, or has expired."]), "a wrong token")
        report.expect(COOKIE not in cookies(visitor), "a wrong token began a session")
        for path in ("/", SRE, "/console/packs"):
            visitor.visit(path)
            report.expect("/console/sign-in" in page.url, f"{path} is shown without a token")
        visitor.visit("/console/sign-in?next=%2Fconsole%2Fmodels%2Facme%2Fsre")
        send(visitor, "/console/sign-in", token=servers.tokens["read"])
        report.equal(page.url, servers.main + SRE, "where one is after signing in")
        session = next(cookie for cookie in visitor.context.cookies() if cookie["name"] == COOKIE)
        report.equal((session["httpOnly"], session["sameSite"]), (True, "Lax"), "how the cookie is kept")
        report.expect(servers.tokens["read"] not in session["value"], "the cookie has the token in it")
        # Wherever an address wants one to be sent, it is a page of the console.
        for place in ("//evil.example/", "https://evil.example/", "/\\evil.example", "/api/models", "/console/../api/models"):
            with report.at("signing in", f"with next={place}"):
                visitor.visit(f"/console/sign-in?{urlencode({'next': place})}")
                found, _ = send(visitor, "/console/sign-in", token=servers.tokens["read"])
                report.equal((page.url, found.title), (servers.main + "/", "Overview - Deltaic"), "where one is then")


def actions_of(visitor):
    """Where the forms of the pages go that have some, but for the one that signs out."""
    paths = ("/", "/console/models", "/console/models/bulk/m001", SRE, f"{SRE}/versions/v1", "/console/compare", "/console/bases",
             "/console/tasks", "/console/packs", "/console/garbage", "/console/jobs")
    texts = [visitor.context.request.get(path).text() for path in paths]
    return {action for text in texts for action in Links(text).actions} - {"/console/sign-out"}


def scopes(browser, servers, report):
    """Forms are there for those who may send them, and for nobody else."""
    model = {f"{SRE}/tag", f"{SRE}/untag", f"{SRE}/remove"}
    everything = {"/console/tasks/set", "/console/jobs/import"}
    for token, expected, others in (("read", set(), model | everything | {"/console/garbage/collect"}),
                                    ("acme", set(), model | everything | {"/console/garbage/collect"}),
                                    ("write", model | everything, {"/console/garbage/collect"}),
                                    ("admin", model | everything | {"/console/garbage/collect"}, set())):
        with Visitor(browser, servers.main, token=servers.tokens[token]) as visitor:
            found = actions_of(visitor)
            report.expect(expected <= found, f"a token for {token} lacks the forms {sorted(expected - found)}")
            report.expect(not found & others, f"a token for {token} has the forms {sorted(found & others)}")
    with Visitor(browser, servers.main, token=servers.tokens["write"]) as visitor:
        visitor.visit("/console/garbage")
        report.expect("takes a token of scope admin" in Snapshot(visitor.page).main, "it is not told who may collect garbage")
    with Visitor(browser, servers.many) as visitor:
        report.equal(actions_of(visitor), set(), "forms for those who did not sign in")


def asking(browser, servers, report, setting=SETTINGS[0]):
    """Forms that change nothing, which lead to what was asked for."""
    with Visitor(browser, servers.main, setting, servers.tokens["read"]) as visitor:
        visitor.visit("/console/models")
        found, _ = send(visitor, "/console/models", search="sre", base="minilm", task="retrieval", sort="stored")
        report.equal(list(found.table("Models").by_name()), ["acme/sre"], "what a search with all fields finds")
        kept = {name: visitor.page.locator(f"[name={name}]").input_value() for name in ("search", "base", "task", "sort")}
        report.equal(kept, {"search": "sre", "base": "minilm", "task": "retrieval", "sort": "stored"}, "what the form says then")
        visitor.visit(SRE)
        found, _ = send(visitor, "/console/compare", left="acme/sre@v2", right="acme/sre@v1")
        report.equal(found.headings[0][1], "acme/sre@v2 and acme/sre@v1", "what the versions that were chosen lead to")


def tagging(browser, servers, report, setting=SETTINGS[0]):
    with Visitor(browser, servers.main, setting, servers.tokens["write"]) as visitor:
        before = tags(servers)
        shown = lambda found: {row[0].text: row[1].text for row in found.table("Versions of acme/sre").rows}
        for version in ("v1", "v2"):
            visitor.visit(SRE)
            found = send(visitor, f"{SRE}/tag", tag="canary", version=version)
            expect_notice(visitor, report, found, "The tag is set.")
            report.equal(tags(servers), {**before, "canary": int(version[1])}, f"the tags after one was set to {version}")
            report.equal([name for name, names in shown(found[0]).items() if "canary" in names.split()], [version], "what the page shows tagged")
        found, status = send(visitor, f"{SRE}/tag", tag="<b>x</b>", version="v1")
        report.equal((status, found.headings[0][1]), (400, "Not understood"), "a tag that is no name")
        visitor.visit(SRE)
        found = send(visitor, f"{SRE}/untag", tag="canary")
        expect_notice(visitor, report, found, "The tag is gone; the version stays.")
        report.equal(tags(servers), before, "the tags in the end")


def keys(browser, servers, report):
    """A form that another session was given changes nothing."""
    with Visitor(browser, servers.main, token=servers.tokens["write"]) as visitor:
        visitor.visit(SRE)
        old = visitor.context.new_page()
        old.goto(SRE)
        visitor.sign_in(servers.tokens["write"])
        with old.expect_navigation() as navigation:
            form = old.locator(f"form[action='{SRE}/tag']")
            form.locator("[name=tag]").fill("stale")
            form.locator("button").click()
        report.equal(navigation.value.status, 403, "the status of a form of another session")
        report.expect("stale" not in tags(servers), "a form of another session set a tag")


def removing(browser, servers, report):
    path = "/console/models/acme/doomed"
    numbers = lambda: [version["number"] for version in servers.registry.ask("log", "acme/doomed")]
    with Visitor(browser, servers.main, token=servers.tokens["write"]) as visitor:
        for reference in ("acme/sre@v1", "acme/doomed@v9", "acme/doomed:prod", "acme/doomed@latest", "doomed"):
            visitor.visit(path)
            found, status = send(visitor, f"{path}/remove", reference=reference)
            report.expect(400 <= status < 500, f"removing {reference} was answered with {status}")
            servers.registry.forget()
            report.equal(numbers(), [2, 1], f"versions after {reference} was to be removed")
        report.equal([version["number"] for version in servers.registry.versions("acme/sre")], [2, 1], "versions of another model")
        visitor.visit(path)
        found = send(visitor, f"{path}/remove", reference="acme/doomed@v1")
        text = "Removed. What nothing else needs is garbage now, and is deleted after a day."
        expect_notice(visitor, report, found, text)
        servers.registry.forget()
        report.equal(numbers(), [2], "versions after the first was removed")
        report.equal([row[0].text for row in found[0].table("Versions of acme/doomed").rows], ["v2"], "versions that are shown then")
        found = send(visitor, f"{path}/remove", reference="acme/doomed")
        expect_notice(visitor, report, found, text)
        report.equal(visitor.page.url.split("?")[0], f"{servers.main}/console/models", "where one is then")
        servers.registry.forget()
        report.expect("acme/doomed" not in servers.registry.models(), "the model is still there")
        report.equal(visitor.visit(path).status, 404, "the page of a model that was removed")


def tasks(browser, servers, report):
    with Visitor(browser, servers.main, token=servers.tokens["write"]) as visitor:
        for description in ("adding up", "adding up, & more"):
            visitor.visit("/console/tasks")
            found = send(visitor, "/console/tasks/set", task="sums", description=description)
            expect_notice(visitor, report, found, "The task is set.")
            report.equal(found[0].table("Tasks").by_name()["sums"][1].text, description, "the description that is shown")
            servers.registry.forget()
            known = {task["name"]: task.get("description") for task in servers.registry.ask("task", "list")}
            report.equal(known["sums"], description, "the description that is kept")


def importing(browser, servers, report):
    """From the server that has many models, one that is there and one that is not."""
    with Visitor(browser, servers.main, token=servers.tokens["write"]) as visitor:
        for model, state in (("bulk/m001", "done"), ("bulk/none", "failed")):
            visitor.visit("/console/jobs")
            found = send(visitor, "/console/jobs/import", model=model, name=model.replace("bulk", "imported"))
            expect_notice(visitor, report, found, "The import has begun; Jobs says how far it is.")
            end = time.monotonic() + 30
            while (row := Snapshot(visitor.page).table("Imports").by_name()[model.replace("bulk", "imported")])[2].text not in ("done", "failed"):
                report.expect(time.monotonic() < end, f"the import of {model} does not end: {row[2].text}")
                if time.monotonic() > end:
                    break
                visitor.visit("/console/jobs")
            report.equal(row[2].text, state, f"how the import of {model} ended, with {row[3].text!r}")
            report.expect(row[3].text, f"what came of the import of {model} is not told")
        servers.registry.forget()
        source = servers.many_registry.show("bulk/m001")
        imported = servers.registry.show("imported/m001")
        digests = lambda shown: {file["path"]: file["sha256"] for file in shown["files"]}
        report.equal(digests(imported), digests(source), "the files that were imported")
        # What was pushed or imported is compressed right away; to ask for it again does no harm.
        key = visitor.page.locator("[name=key]").first.get_attribute("value")
        answer = visitor.context.request.post("/console/jobs/compress", form={"key": key})
        report.expect("What is pending is being compressed." in answer.text(), "the notice of a compression that was asked for")


def collecting(browser, servers, report):
    """What was removed goes a day later: here the catalog is told that it has been one."""
    registry = servers.registry
    with Visitor(browser, servers.main, token=servers.tokens["admin"]) as visitor:
        visitor.visit("/console/garbage")
        found = send(visitor, "/console/garbage/collect")
        expect_notice(visitor, report, found, "Garbage was collected.")
        registry.forget()
        waiting = registry.savings("base")["garbageBytes"]
        report.expect(waiting > 0, "garbage of today was collected")
        report.equal(found[0].tile("To be deleted").exact, waiting, "garbage that waits")
        before = registry.packs()
        with sqlite3.connect(registry.folder / "catalog.sqlite", timeout=20) as catalog:
            catalog.execute("UPDATE packs SET garbage_since = garbage_since - ? WHERE garbage_since IS NOT NULL", (2 * DAY,))
        catalog.close()
        visitor.visit("/console/garbage")
        found = send(visitor, "/console/garbage/collect")
        expect_notice(visitor, report, found, "Garbage was collected.")
        report.expect("There is none." in found[0].main, "what was collected is still shown")
        registry.forget()
        report.equal(registry.savings("base")["garbageBytes"], 0, "garbage after it was collected")
        report.equal(sum(before.values()) - sum(registry.packs().values()), waiting, "the bytes that the disk has more of")
    registry.run("verify", "--data")


def signing_out(browser, servers, report):
    with Visitor(browser, servers.main, token=servers.tokens["write"]) as visitor:
        session = cookies(visitor)[COOKIE]
        visitor.visit("/")
        report.expect("t-write" in Snapshot(visitor.page).session, "the page does not say who is signed in")
        found = send(visitor, "/console/sign-out")
        expect_notice(visitor, report, found, "You are signed out.")
        report.expect(COOKIE not in cookies(visitor), "the cookie is still there")
        # Nor is what it said of any use.
        visitor.context.add_cookies([{"name": COOKIE, "value": session, "url": servers.main}])
        visitor.visit(SRE)
        report.expect("/console/sign-in" in visitor.page.url, "the session goes on after signing out")


def revoking(browser, servers, report):
    with Visitor(browser, servers.main, token=servers.new_token("short-lived")) as visitor:
        report.equal(visitor.visit(SRE).url, servers.main + SRE, "the page before the token is revoked")
        servers.registry.run("token", "revoke", "short-lived")
        visitor.visit(SRE)
        report.expect("/console/sign-in" in visitor.page.url, "the session of a token that was revoked goes on")


def notices(browser, servers, report):
    """An address can ask for a notice that there is, and for nothing else."""
    with Visitor(browser, servers.main, token=servers.tokens["read"]) as visitor:
        for word in ("hacked", "%3Cscript%3Ehacked%3D1%3C%2Fscript%3E", "Tagged", ""):
            visitor.visit(f"/?done={word}")
            report.equal(Snapshot(visitor.page).notices, [], f"notices after done={word}")
        visitor.visit("/?done=tagged")
        report.equal(Snapshot(visitor.page).notices, ["The tag is set."], "the notice after done=tagged")
