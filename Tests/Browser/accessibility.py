"""What makes a page hard to use for somebody, as far as a program can tell."""
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

HERE = Path(__file__).parent
PICTURES = (HERE / "pictures.js").read_text()
FOCUS = (HERE / "focus.js").read_text()
KEYBOARD = (HERE / "keyboard.js").read_text()
AXE = Axe()
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
         "resultTypes": ["violations"]}
SMALLEST = 320
# What a value that was escaped twice, or formatted wrongly, looks like.
UNWANTED = re.compile(r"&(lt|gt|amp|quot|#\d+);|</?(a|b|br|code|dd|div|dt|em|g|h[1-6]|img|li|p|pre|rect|script|span|svg|t[dhr]|text)\b[ >/]"
                      r"|\bnil\b|\bnan\b|Optional\(|\bundefined\b|\bNaN\b|\\\(")


def check(visitor, report, snapshot, holds_markup=False):
    """`holds_markup`: whether somebody wrote markup as the text of what the page is about."""
    page = visitor.page
    if not holds_markup:
        found = UNWANTED.search(snapshot.own)
        report.expect(not found, f"there is {snapshot.own[max(0, found.start() - 30):found.end() + 30]!r}" if found else "")
    fits(page, report)
    if visitor.setting.name == "narrow":
        axe(page, report)
    # What is folded is looked at too; by axe, whose rules take long on long tables, where there is room for it.
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    fits(page, report)
    if visitor.setting.name != "narrow":
        axe(page, report)
    pictures(page, report)
    focus(page, report)


def fits(page, report):
    """Tables and pictures scroll in themselves, the page does not; on the smallest screens that are to be served neither."""
    width = page.viewport_size["width"]
    sizes = [width] if width > 600 else [width, SMALLEST]
    for size in sizes:
        page.set_viewport_size({"width": size, "height": 900})
        found = page.evaluate("document.documentElement.scrollWidth")
        report.expect(found <= size, f"the page is {found} px wide on a screen of {size} px")
    if len(sizes) > 1:
        page.set_viewport_size({"width": width, "height": 900})


def axe(page, report):
    results = AXE.run(page, options=RULES).response
    report.expect(len(results["passes"]) > 10, f"only {len(results['passes'])} of axe's rules found something to look at")
    report.checks += len(results["passes"])
    for violation in results["violations"]:
        for node in violation["nodes"]:
            reasons = "; ".join(check["message"] for check in node["any"] + node["all"] + node["none"])
            report.expect(False, f"axe: {violation['id']}: {' '.join(node['html'].split())[:140]}: {reasons}")


def pictures(page, report):
    found = page.evaluate(PICTURES)
    report.checks += found["texts"] + found["shapes"]
    for problem in sorted(set(found["problems"])):
        report.expect(False, problem)
    return found


def focus(page, report):
    """What is wrong with many is told once, with the first of them."""
    found = page.evaluate(FOCUS)
    report.checks += found["count"]
    for problem, nodes in found["problems"].items():
        report.expect(False, f"{problem}: {nodes[0]}{f' and {len(nodes) - 1} others' if len(nodes) > 1 else ''}")


def keyboard(visitor, report):
    """Through a page with the Tab key alone: the way past the head comes first, nothing is left out, nothing holds the focus."""
    page = visitor.page
    page.keyboard.press("Tab")
    now = page.evaluate(KEYBOARD)
    report.equal(now["style"], "skip", "what the first Tab reaches")
    report.expect(now["isOnScreen"], "the link past the head is not seen when it has the focus")
    page.keyboard.press("Enter")
    report.expect(page.evaluate(KEYBOARD)["isMain"], "the link past the head does not lead past it")
    expected, reached = now["expected"], []
    # Behind the last one comes the browser's own, then the page begins again.
    while len(reached) <= len(expected):
        page.keyboard.press("Tab")
        now = page.evaluate(KEYBOARD)
        if not now["isInMain"]:
            break
        reached.append(now["active"])
        report.expect(now["isSeen"], f"one does not see that it has the focus: {now['active']}")
    report.equal(reached, expected, "what the Tab key reaches, in this order")
