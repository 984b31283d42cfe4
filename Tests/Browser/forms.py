"""Forms as a browser sends them."""
from snapshot import Snapshot

SRE = "/console/models/acme/sre"


def session_cookie(visitor):
    """None for those who are not signed in."""
    found = [cookie for cookie in visitor.context.cookies() if cookie["name"].startswith("deltaic_session")]
    return found[0] if found else None


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
