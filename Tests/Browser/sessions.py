"""Signing in to the console and out, and what a session allows."""
from urllib.parse import urlencode

from browser import Visitor
from forms import SRE, expect_notice, send, session_cookie, tags
from navigation import Links
from snapshot import Snapshot


def check(browser, servers, report):
    for part in (signing_in, scopes, keys, signing_out, revoking, notices):
        with report.at(part.__name__.replace("_", " ")):
            part(browser, servers, report)


def signing_in(browser, servers, report):
    with Visitor(browser, servers.main) as visitor:
        page = visitor.page
        visitor.visit(SRE)
        report.equal(page.url, f"{servers.main}/console/sign-in?next=%2Fconsole%2Fmodels%2Facme%2Fsre", "where one is sent")
        found, status = send(visitor, "/console/sign-in", token="hf_" + "x" * 40)
        report.equal(status, 403, "the status of a wrong token")
        report.equal(found.warnings, ["The token is not known: it was mistyped, revoked, or has expired."], "what is said of a wrong token")
        report.expect(session_cookie(visitor) is None, "a wrong token began a session")
        for path in ("/", SRE, "/console/packs"):
            visitor.visit(path)
            report.expect("/console/sign-in" in page.url, f"{path} is shown without a token")
        visitor.visit("/console/sign-in?next=%2Fconsole%2Fmodels%2Facme%2Fsre")
        send(visitor, "/console/sign-in", token=servers.tokens["read"])
        report.equal(page.url, servers.main + SRE, "where one is after signing in")
        session = session_cookie(visitor)
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


def signing_out(browser, servers, report):
    with Visitor(browser, servers.main, token=servers.tokens["write"]) as visitor:
        session = session_cookie(visitor)
        visitor.visit("/")
        report.expect("t-write" in Snapshot(visitor.page).session, "the page does not say who is signed in")
        found = send(visitor, "/console/sign-out")
        expect_notice(visitor, report, found, "You are signed out.")
        report.expect(session_cookie(visitor) is None, "the cookie is still there")
        # Nor is what it said of any use.
        visitor.context.add_cookies([session])
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
