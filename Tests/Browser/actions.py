"""What the forms of the console change, and what they do not."""
import sqlite3
import time

from browser import SCRIPTLESS, SETTINGS, Visitor
from forms import SRE, expect_notice, send, tags
from registry import bytes_text
from snapshot import Snapshot

DAY = 86400


def check(browser, servers, report):
    for part in (asking, tagging, removing, tasks, importing, collecting):
        with report.at(part.__name__):
            part(browser, servers, report)
        servers.registry.forget()
    for part in (asking, tagging):
        with report.at(part.__name__, "without scripts"):
            part(browser, servers, report, SCRIPTLESS)


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
            tagged = [name for name, names in shown(found[0]).items() if "canary" in names.split()]
            report.equal(tagged, [version], "what the page shows tagged")
        found, status = send(visitor, f"{SRE}/tag", tag="<b>x</b>", version="v1")
        report.equal((status, found.headings[0][1]), (400, "Not understood"), "a tag that is no name")
        visitor.visit(SRE)
        found = send(visitor, f"{SRE}/untag", tag="canary")
        expect_notice(visitor, report, found, "The tag is gone; the version stays.")
        report.equal(tags(servers), before, "the tags in the end")


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
            row_of = lambda: Snapshot(visitor.page).table("Imports").by_name()[model.replace("bulk", "imported")]
            end = time.monotonic() + 30
            while (row := row_of())[2].text not in ("done", "failed") and time.monotonic() < end:
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
        waiting = registry.savings("base")["garbageBytes"]
        report.expect(waiting > 0, "there is no garbage to be collected")
        text = "{} deleted; {} wait until their day is over, or until nobody reads them."
        visitor.visit("/console/garbage")
        found = send(visitor, "/console/garbage/collect")
        expect_notice(visitor, report, found, text.format(bytes_text(0), bytes_text(waiting)))
        report.equal(found[0].tile("To be deleted").exact, waiting, "garbage that waits")
        before = registry.packs()
        with sqlite3.connect(registry.folder / "catalog.sqlite", timeout=20) as catalog:
            catalog.execute("UPDATE packs SET garbage_since = garbage_since - ? WHERE garbage_since IS NOT NULL", (2 * DAY,))
        catalog.close()
        visitor.visit("/console/garbage")
        found = send(visitor, "/console/garbage/collect")
        expect_notice(visitor, report, found, text.format(bytes_text(waiting), bytes_text(0)))
        report.expect("There is none." in found[0].main, "what was collected is still shown")
        registry.forget()
        report.equal(registry.savings("base")["garbageBytes"], 0, "garbage after it was collected")
        report.equal(sum(before.values()) - sum(registry.packs().values()), waiting, "the bytes that the disk has more of")
    registry.run("verify", "--data")
