"""What takes long to find out is waited for on a page that says so, and that asks again by itself."""
import itertools
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import accessibility
from browser import Visitor
from pages import of_main
from snapshot import Snapshot

# How long a page waits before it is shown without what it waits for, and how much longer there is to be something to do.
PATIENCE, MORE = 1.5, 4


def check(browser, servers, report):
    """Has so many versions compared that one more has to wait; they are compared one after the other."""
    names = [name for name, model in servers.registry.models().items() if model["latest"]["tensorCount"] > 100]
    paths = [f"/console/compare?{urlencode({'left': left, 'right': right})}" for left, right in itertools.permutations(names, 2)]
    fetch = lambda path: urllib.request.urlopen(urllib.request.Request(
        servers.main + path, headers={"Authorization": f"Bearer {servers.tokens['read']}"})).read()
    begun = time.monotonic()
    fetch(paths[0])
    count = min(len(paths) - 2, int((PATIENCE + MORE) / (time.monotonic() - begun)) + 1)
    with Visitor(browser, servers.main, token=servers.tokens["read"]) as visitor, ThreadPoolExecutor(count) as pool:
        list(pool.map(fetch, paths[1:count + 1]))
        page = visitor.page
        with report.at("a page that waits for a comparison"):
            visitor.forget()
            page.goto(paths[-1])
            found = Snapshot(page)
            report.equal(found.warnings, ["They are being compared: both are decoded for it. This page asks again by itself."], "what it says")
            accessibility.axe(page, report)
            other = visitor.context.new_page()
            other.goto("/console/jobs")
            with report.at("/console/jobs while there is something to do"):
                report.expect("comparing " in Snapshot(other).main, "it does not say what is being compared")
                accessibility.axe(other, report)
            other.close()
            page.wait_for_selector(".tiles", timeout=60_000)
            report.expect("Shared bytes" in Snapshot(page).tiles, "the comparison did not come by itself")



def warm_up(visitor, servers):
    """Has everything measured that pages wait for, so that they all show what they are to show."""
    for page in of_main(servers.registry):
        if page.status == 200:
            visitor.visit(page.path)
    while "are being compared with each other" in visitor.page.content() or visitor.page.url != servers.main + "/":
        visitor.visit("/")
