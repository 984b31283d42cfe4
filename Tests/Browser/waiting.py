"""What takes long to find out is waited for on a page that says so; it asks again by itself where scripts run, and at a click elsewhere."""
import itertools
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import accessibility
from browser import SCRIPTLESS, SETTINGS, Visitor
from snapshot import Snapshot

# Versions that have the same types, so that all of their weights are compared: some seconds of work for all pairs.
SHORT = ("minilm-bf16", "acme/sre-bf16", "acme/small@v1", "lonely/near")
LONG = ("minilm", "acme/sre@v1", "someone/minilm-copy", "acme/sre@v2")


def check(browser, servers, report):
    """Has so many versions compared that one more has to wait; they are compared one after the other."""
    *paths, last = [f"/console/compare?{urlencode({'left': left, 'right': right})}"
                    for names in (SHORT, LONG) for left, right in itertools.permutations(names, 2)]
    fetch = lambda path: urllib.request.urlopen(urllib.request.Request(
        servers.main + path, headers={"Authorization": f"Bearer {servers.tokens['read']}"})).read()
    with Visitor(browser, servers.main, token=servers.tokens["read"]) as visitor, \
            Visitor(browser, servers.main, SCRIPTLESS, servers.tokens["read"]) as scriptless, ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(fetch, paths))
        jobs = visitor.context.new_page()
        for each, setting in ((visitor, SETTINGS[0]), (scriptless, SCRIPTLESS)):
            with report.at("a page that waits for a comparison", setting):
                each.page.goto(last)
                found = Snapshot(each.page)
                if not found.warnings:
                    print("note: this machine is too fast for a page that waits to be seen", file=sys.stderr)
                    return
                report.equal(found.warnings, ["They are being compared: both are decoded for it. Ask again"], "what it says")
                if setting.scripts:
                    accessibility.axe(each.page, report)
                    jobs.goto("/console/jobs")
        with report.at("/console/jobs while there is something to do"):
            report.expect("comparing " in Snapshot(jobs).main, "it does not say what is being compared")
            accessibility.axe(jobs, report)
        for each, setting in ((visitor, SETTINGS[0]), (scriptless, SCRIPTLESS)):
            with report.at("a page that waits for a comparison", setting):
                if setting.scripts:
                    each.page.wait_for_selector(".tiles", timeout=60_000)
                else:
                    with each.page.expect_navigation():
                        each.page.get_by_role("link", name="Ask again").click()
                report.expect("Shared bytes" in Snapshot(each.page).tiles, "what it waited for did not come")


def for_savings(visitor):
    """Until it is known what could be saved, which is looked for when the first one looks at an overview."""
    visitor.visit("/")
    while "are being compared with each other" in visitor.page.content():
        visitor.visit("/")
