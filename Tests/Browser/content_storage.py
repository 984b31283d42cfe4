"""Pages about all models together, and about how they are stored."""
import re

from content import bars, grouped, same_bytes, same_row, sums
from content_models import streams
from registry import bytes_text, count_text, ratio_text

BRIEF = 8
PAGE = 100


def overview(page, registry, report, origin):
    savings, models = registry.savings("base"), registry.models()
    raw, stored = savings["rawBytes"], savings["storedBytes"]
    same_bytes(report, page.tile("Registered"), raw, "registered")
    report.equal(page.tile("Registered").note, count_text(savings["versions"], "version"), "versions")
    same_bytes(report, page.tile("Kept"), stored, "kept")
    report.equal(page.tile("Ratio").text, ratio_text(raw, stored), "ratio")
    same_bytes(report, page.tile("Saved"), raw - stored, "saved")
    report.equal("Garbage" in page.tiles, savings["garbageBytes"] + savings["retainedBytes"] > 0, "whether garbage is told of")
    if savings["garbageBytes"]:
        report.equal(page.tile("Garbage").text, bytes_text(savings["garbageBytes"]), "garbage")
    for title in ("base", "task", "codec"):
        grouped(page, report, title, registry.groups(title))
    growth(page, registry, report)
    for label, key in (("The largest models", lambda model: model["storedBytes"]), ("The newest models", None)):
        table = page.table(label)
        report.equal(len(table.rows), min(BRIEF, len(models)), f"rows of {label!r}")
        for row in table.rows:
            model = models[row[0].text]
            same_row(report, row, row[0].text, model["storedBytes"], ratio_text(model["rawBytes"], model["storedBytes"]), None)
        if key:
            greatest = sorted(map(key, models.values()), reverse=True)[:BRIEF]
            report.equal([key(models[row[0].text]) for row in table.rows], greatest, f"the order of {label!r}")
    possible(page, registry, report)


def growth(page, registry, report):
    """The days on which something was registered, with what was."""
    days = {}
    for model in registry.models():
        for version in registry.versions(model):
            day = days.setdefault(version["createdAt"] // 86400, [0, 0, 0])
            for index, value in enumerate((1, version["rawBytes"], version["storedBytes"])):
                day[index] += value
    rows = page.table("Growth").rows
    report.equal([[int(row[1].text), row[2].exact, row[3].exact] for row in rows], [days[day] for day in sorted(days)], "growth by day")
    picture = page.picture("Bytes registered and bytes kept")
    for name in ("registered", "kept"):
        report.equal(picture.count(f"circle dot {name}"), len(days), f"days in the picture of what is {name}")
    versions, raw, stored = (sum(day[index] for day in days.values()) for index in range(3))
    for text in (f"{bytes_text(raw)} registered, {count_text(versions, 'version')}", f"{bytes_text(stored)} kept"):
        report.expect(any(text in point for point in picture.points), f"no point of the picture says {text!r}")


def possible(page, registry, report):
    """The model that was stored in full although an older one is near is found, and no other."""
    table = page.table("Models that could be deltas")
    found = [(model.text, base.text) for model, base in zip(table.column("Stored in full"), table.column("Nearest base"))]
    report.equal(found, [("lonely/near@v1", "minilm-bf16@v1")], "what could be a delta")
    kept = registry.models()["lonely/near"]["storedBytes"]
    same_bytes(report, table.column("Kept")[0], kept, "what lonely/near takes")
    saved, unit, share = re.fullmatch(r"([\d.]+) (MB) \((\d+) %\)", table.column("About to save")[0].text).groups()
    report.expect(abs(float(saved) * 1e6 - kept * int(share) / 100) < kept / 100, f"{saved} {unit} is not {share} % of {kept}")
    report.expect(50 < int(share) < 100, f"{share} % to save is not what a near relative is good for")
    report.expect(("Put it back", "deltaic register again --name lonely/near --base minilm-bf16@v1") in map(tuple, page.commands),
                  "how to register it again is not told")


def bases(page, registry, report, origin):
    groups = registry.groups("base")
    known = {name: model for name, model in registry.models().items() if model["latest"]["isBase"]}
    rows = page.table("Bases").by_name()
    report.equal(list(rows), list(known), "the bases")
    for name, model in known.items():
        group = groups[name]
        same_row(report, rows[name], name, model["storedBytes"], count_text(group["versions"] - model["versionCount"]),
                 *sums(group["rawBytes"], group["storedBytes"]), None)
    bars(page, report, "base", groups)


def tasks(page, registry, report, origin):
    groups = registry.groups("task")
    known = registry.ask("task", "list")
    rows = page.table("Tasks").by_name()
    report.equal(set(rows), {task["name"] for task in known}, "the tasks")
    for task in known:
        group = groups.get(task["name"], {"versions": 0, "rawBytes": 0, "storedBytes": 0})
        same_row(report, rows[task["name"]], task["name"], task.get("description", ""), count_text(task["modelCount"]),
                 count_text(group["versions"]), *sums(group["rawBytes"], group["storedBytes"]))
    bars(page, report, "task", groups)


def packs(page, registry, report, origin):
    """The page has the files that are on the disk, to the byte, but for garbage, which has a page of its own."""
    savings, files = registry.savings("base"), registry.packs()
    same_bytes(report, page.fact("All packs"), savings["storedBytes"], "all packs")
    same_bytes(report, page.fact("Retained for others"), savings["retainedBytes"], "retained")
    report.equal(page.fact("Garbage").text, bytes_text(savings["garbageBytes"]), "garbage")
    rows = page.table("Packs").rows
    of = {row[0].links[0].rsplit("/", 1)[1]: row[3].text for row in rows}
    report.equal({of.get(pack) for pack in registry.retained()}, {"no version; others may need it"}, "what retained packs are of")
    found = {row[0].links[0].rsplit("/", 1)[1]: row[1].exact for row in rows}
    for pack, size in found.items():
        report.equal(size, files.get(pack), f"the size of the pack {pack[:12]}")
    report.equal(sum(found.values()), savings["storedBytes"] - savings["garbageBytes"], "the bytes of the packs that are listed")
    report.equal(sum(files.values()), savings["storedBytes"], "the bytes of the packs on the disk")
    sizes = [row[1].exact for row in rows]
    report.equal(sizes, sorted(sizes, reverse=True), "the order of the packs")


def pack(identity):
    def check(page, registry, report, origin):
        known = registry.ask("inspect", identity)
        report.equal(page.fact("Id").text, identity, "the id")
        written = known["version"]
        owner = f"none; it was written for {written}" if identity in registry.retained() else written
        report.equal(page.fact("Version").text, owner, "whose it is")
        same_bytes(report, page.fact("Size"), known["byteCount"], "the size")
        same_bytes(report, page.fact("Raw"), known["rawBytes"], "raw bytes")
        same_bytes(report, page.fact("Payload"), known["payloadBytes"], "the payload")
        streams(page, report, known)
        rows = page.table("Objects of the pack").rows
        report.equal([(row[4].exact, row[5].exact) for row in rows],
                     [(entry["rawBytes"], entry["storedBytes"]) for entry in known["objects"]], "the objects")
    return check


def garbage(page, registry, report, origin):
    savings, waiting = registry.savings("base"), registry.ask("gc", "--dry-run")["waiting"]
    same_bytes(report, page.tile("To be deleted"), savings["garbageBytes"], "to be deleted")
    report.equal(page.tile("To be deleted").note, count_text(len(waiting), "pack"), "packs to be deleted")
    same_bytes(report, page.tile("Retained"), savings["retainedBytes"], "retained")
    rows = page.table("Garbage").by_name()
    report.equal(set(rows), {pack["id"][:12] for pack in waiting}, "the packs that are garbage")
    for pack in waiting:
        same_row(report, rows[pack["id"][:12]], None, registry.packs()[pack["id"]], "its version was removed", None, None)


def jobs(page, registry, report, origin):
    report.expect("Nothing is running." in page.main, "something is running, or that nothing is is not told")
    report.expect("All that was pushed is compressed." in page.main, "something is pending, or that nothing is is not told")


def empty(*words):
    """A page of a registry that has nothing yet."""
    def check(page, registry, report, origin):
        for word in words:
            report.expect(word in page.main, f"it does not say {word!r}")
        report.expect(not page.pictures, "it has pictures of nothing")
    return check


def one_of_many(label, count, following):
    """A page of a list that is longer than a page."""
    def check(page, registry, report, origin):
        rows = page.table(label).rows
        report.equal(len(rows), count, f"rows of {label!r}")
        nexts = [link for link in page.links if "cursor=" in link or "offset=" in link]
        report.equal(len(nexts), int(following), "links to the next page")
    return check
