"""Pages about models: the list, one model, one version, two versions."""
import re

import layers
from content import commands, field, files, histograms, same_bytes, same_row, sums
from registry import bytes_text, count_text, percent_text, ratio_text


def model_list(holds=lambda model: True, first=None):
    """Of those models that hold; `first`: the name that comes first in this order."""
    def check(page, registry, report, origin):
        models = {name: model for name, model in registry.models().items() if holds(model["latest"])}
        if not models:
            report.expect("There are none." in page.main, "an empty list does not say so")
            return
        table = page.table("Models")
        rows = table.by_name()
        report.equal(list(rows) if first is None else set(rows), list(models) if first is None else set(models), "the models")
        if first:
            report.equal(table.rows[0][0].text, first, "the first of the list")
        for name, model in models.items():
            latest = model["latest"]
            base = "base" if latest["isBase"] else latest.get("base", "-")
            same_row(report, rows[name], name, count_text(model["versionCount"]), base, latest.get("task", "-"),
                     *sums(model["rawBytes"], model["storedBytes"]), None)
            report.equal(rows[name][0].links, [f"/console/models/{name}"], f"where {name} leads")
    return check


def codec(version):
    return version.get("lossyCodec") or ("exact" if "base" in version else "solo")


def model(name, scores=0, losses=0):
    def check(page, registry, report, origin):
        listing, versions = registry.models()[name], registry.versions(name)
        latest = listing["latest"]
        report.equal(page.tile("Versions").text, str(len(versions)), "versions")
        same_bytes(report, page.tile("Registered"), sum(v["rawBytes"] for v in versions), "registered")
        same_bytes(report, page.tile("Kept"), sum(v["storedBytes"] for v in versions), "kept")
        report.equal(page.tile("Ratio").text, ratio_text(listing["rawBytes"], listing["storedBytes"]), "ratio")
        rows = page.table(f"Versions of {name}").by_name()
        report.equal(list(rows), [f"v{version['number']}" for version in versions], "the versions")
        for version in versions:
            score = f"{version['score']:.4g}" if "score" in version else "-"
            same_row(report, rows[f"v{version['number']}"], f"v{version['number']}", " ".join(version["tags"]), None,
                     version.get("base", "-"), codec(version), *sums(version["rawBytes"], version["storedBytes"]), score,
                     version.get("message", ""))
        lineage(page, registry, report, name)
        if len(versions) > 1:
            options = {option for form in page.forms if form["action"] == "/console/compare" for option in form["options"]}
            report.equal(options, {f"{name}@v{version['number']}" for version in versions}, "what can be compared")
        if scores:
            report.equal(page.picture("Scores by version").count("circle dot kept"), scores, "points of scores")
        if losses:
            report.equal(page.picture("Relative weight error by version").count("circle dot other"), losses, "points of errors")
            table = page.table("What lossy codecs cost")
            report.equal([row[1].text for row in table.rows], [version["lossyCodec"] for version in versions], "the lossy codecs")
        shown = registry.show(f"{name}@v{latest['number']}")
        commands(page, report, latest, origin)
        files(page, report, latest, shown["files"])
        card(page, registry, report, f"{name}@v{latest['number']}")
    return check


def lineage(page, registry, report, name):
    """A box for the base, for each version, and for what else was made of the same."""
    latest, versions = registry.models()[name]["latest"], registry.versions(name)
    base = name if latest["isBase"] else latest["base"].split("@")[0]
    others = [other for other in registry.models()
              if other != name and registry.models()[other]["latest"].get("base", "").split("@")[0] == base]
    picture = page.picture(f"Lineage of {name}")
    links = [box["link"] for box in picture.boxes()]
    expected = [] if latest["isBase"] else [f"/console/models/{base}/versions/v{latest['base'].split('@v')[1]}"]
    expected += [f"/console/models/{name}/versions/v{version['number']}" for version in versions]
    expected += [f"/console/models/{other}" for other in others]
    report.equal(sorted(links), sorted(expected), "where the boxes of the lineage lead")
    report.equal(picture.count("path edge"), len(others if latest["isBase"] else versions), "lines from the base")


def card(page, registry, report, reference):
    """Headings, code and tables of the Markdown are on the page, and no more of them."""
    text = re.sub(r"(?s)<!--.*?-->", "", registry.text(reference, "README.md"))
    lines, headings, fences, tables = text.splitlines(), 0, 0, 0
    if lines and lines[0] == "---":
        lines = lines[lines.index("---", 1) + 1:]
    for line in lines:
        fences += line.lstrip().startswith("```")
        if fences % 2 == 0:
            headings += bool(re.match(r"#{1,6} ", line))
            tables += bool(re.fullmatch(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*", line))
    tags = page.cardTags
    report.equal(sum(tags.get(f"h{level}", 0) for level in range(1, 7)), headings, "headings of the card")
    report.equal(tags.get("pre", 0), fences // 2, "pieces of code of the card")
    report.equal(tags.get("table", 0), tables, "tables of the card")


def version(reference):
    def check(page, registry, report, origin):
        shown = registry.show(reference)
        about, sizes, tensors = shown["version"], shown["sizes"], shown["tensors"]
        base = about.get("base")
        same_bytes(report, page.tile("Registered"), about["rawBytes"], "registered")
        report.equal(page.tile("Registered").note, count_text(len(shown["files"]), "file"), "files")
        same_bytes(report, page.tile("Kept"), about["storedBytes"], "kept")
        report.equal(page.tile("Ratio").text, ratio_text(about["rawBytes"], about["storedBytes"]), "ratio")
        if sizes["linearRawBytes"]:
            tile = page.tile("Linear layers alone")
            report.equal(tile.text, ratio_text(sizes["linearRawBytes"], sizes["linearStoredBytes"]), "ratio of linear layers")
            report.equal(tile.note, f"{bytes_text(sizes['linearStoredBytes'])} for {bytes_text(sizes['linearRawBytes'])}, as papers count",
                         "bytes of linear layers")
        report.equal(page.fact("Commit").text, about["commit"], "the commit")
        report.equal(page.fact("Base").text, base or "none", "the base")
        report.equal(page.fact("Codec").text, codec(about), "the codec")
        report.equal(page.fact("Task").text, about.get("task", "none"), "the task")
        report.equal(page.fact("Tags").text, ", ".join(about["tags"]) or "none", "the tags")
        report.equal(page.fact("Message").text, about.get("message", "none"), "the message")
        report.equal(page.fact("Pack").links, [f"/console/packs/{shown['pack']}"], "where the pack leads")
        compared = registry.difference(base, reference) if base else None
        if compared:
            report.equal(page.fact("Differences").links,
                         [f"/console/compare?left={quoted(base)}&right={quoted(reference)}"], "where the differences are")
            field(page, report, "Relative change", layers.texts(compared["tensors"], layers.change))
            histograms(page, report, compared["histograms"])
        field(page, report, "Bytes stored", layers.texts(tensors, layers.stored))
        field(page, report, "Bits stored for each weight", layers.texts(tensors, layers.density))
        if any(tensor.get("quality") for tensor in tensors):
            field(page, report, "Relative error", layers.texts(tensors, layers.error))
        report.equal([row[0].text for row in page.table("Tensors outside of layers").rows], layers.outside(tensors), "outside of layers")
        tensor_table(page, report, reference, tensors, compared)
        storage(page, report, tensors, base, registry.pack(reference))
        commands(page, report, about, origin)
        files(page, report, about, shown["files"])
    return check


def quoted(reference):
    return reference.replace("/", "%2F").replace("@", "%40")


def tensor_table(page, report, reference, tensors, compared):
    rows = page.table(f"Tensors of {reference}").by_name()
    report.equal(set(rows), {tensor["name"] for tensor in tensors}, "the tensors")
    changes = {tensor["name"]: layers.change([tensor]) for tensor in compared["tensors"]} if compared else {}
    for tensor in tensors:
        row = rows[tensor["name"]]
        same_bytes(report, row[5], tensor["size"], f"the size of {tensor['name']}")
        same_bytes(report, row[6], tensor["storedBytes"], f"what is stored of {tensor['name']}")
        report.equal((row[1].text, row[3].text, row[4].text), (tensor["type"], tensor["tensorClass"], tensor["content"]["codec"]),
                     f"{tensor['name']}")
        report.equal(row[7].text, changes.get(tensor["name"]) or "-", f"the change of {tensor['name']}")


def storage(page, report, tensors, base, pack):
    codecs = {}
    for tensor in tensors:
        name = "nothing: it is the base's, or there before" if base and not tensor["storedBytes"] else tensor["content"]["codec"]
        codecs.setdefault(name, []).append(tensor)
    rows = page.table("Tensors by codec").by_name()
    report.equal(set(rows), set(codecs), "the codecs")
    for name, group in codecs.items():
        raw, kept = sum(tensor["size"] for tensor in group), sum(tensor["storedBytes"] for tensor in group)
        same_row(report, rows[name], name, count_text(len(group)), *sums(raw, kept))
    streams(page, report, pack)


def streams(page, report, pack):
    """What the streams and everything else of a pack take is all that it takes."""
    rows = page.table("Streams").rows
    expected = [(stream["codec"], stream["name"], stream["rawBytes"], stream["storedBytes"]) for stream in pack["streams"]]
    report.equal([(row[0].text, row[1].text, row[2].exact, row[3].exact) for row in rows[:-1]], expected, "the streams")
    report.equal(sum(row[3].exact for row in rows), pack["byteCount"], "the bytes of all streams and the rest")
    report.equal([row[4].text for row in rows], [percent_text(row[3].exact, pack["byteCount"]) for row in rows], "the shares of the pack")


def comparison(left, right):
    def check(page, registry, report, origin):
        known = registry.difference(left, right)
        tensors, shared = known["tensors"], known["shared"]
        changed, compared = (sum(tensor.get(name, 0) for tensor in tensors) for name in ("changed", "compared"))
        kinds = [tensor["kind"] for tensor in tensors]
        tile = page.tile("Weights that differ")
        report.equal(tile.text, percent_text(changed, compared), "the share of weights that differ")
        report.equal(tile.note, f"{count_text(changed)} of {count_text(compared)}", "weights that differ")
        tile = page.tile("Tensors that differ")
        report.equal(tile.text, f"{kinds.count('changed')} of {len(tensors)}", "tensors that differ")
        report.equal(tile.note, f"{kinds.count('onlyLeft')} only left, {kinds.count('onlyRight')} only right, "
                                f"{kinds.count('incomparable')} not comparable", "tensors of one side")
        tile = page.tile("Shared bytes")
        same_bytes(report, tile, shared["rawBytes"], "shared bytes")
        report.expect(bytes_text(shared["storedBytes"]) in tile.note, f"of shared bytes, {tile.note!r} are stored")
        report.equal(page.tile("Stored for one only").text,
                     f"{bytes_text(shared['onlyLeftStoredBytes'])} / {bytes_text(shared['onlyRightStoredBytes'])}", "stored for one")
        field(page, report, "Relative change", layers.texts(tensors, layers.change))
        field(page, report, "Bytes stored", layers.texts(tensors, layers.stored))
        shown = [histogram for histogram in known["histograms"] if histogram["bins"]]
        histograms(page, report, shown)
        report.equal("No weight that both have differs." in page.main, not shown, "whether it says that no weight differs")
        changed_files(page, registry, report, left, right, known["files"])
    return check


WORDS = {"changed": "changed", "onlyLeft": "only left", "onlyRight": "only right"}
SHOWN_TEXT = 64 << 10


def changed_files(page, registry, report, left, right, known):
    differing = [file for file in known if file["kind"] != "same"]
    if differing:
        rows = page.table("Files that differ").by_name()
        report.equal(set(rows), {file["path"] for file in differing}, "the files that differ")
        for file in differing:
            same_row(report, rows[file["path"]], file["path"], WORDS[file["kind"]], file.get("leftSize", "-"), file.get("rightSize", "-"))
        report.expect(f"{len(known) - len(differing)} more are the same in both." in page.main, "how many files are the same")
    for change in page.changes:
        path = change["label"].removeprefix("Changes of ")
        old, new = (registry.text(reference, path).split("\n") for reference in (left, right))
        taken, added = ([line[2:].removesuffix("\n") for style, line in change["lines"] if style == name] for name in ("taken", "added"))
        report.expect(taken or added, f"no line of {path} differs")
        report.expect(set(taken) <= set(old), f"lines are taken from {path} that were not there: {sorted(set(taken) - set(old))[:2]}")
        report.expect(set(added) <= set(new), f"lines are added to {path} that are not there: {sorted(set(added) - set(new))[:2]}")
        report.equal(len(added) - len(taken), len(new) - len(old), f"lines that {path} is longer by")
    texts = {file["path"] for file in differing if file["kind"] == "changed" and max(file["leftSize"], file["rightSize"]) <= SHOWN_TEXT}
    texts = {path for path in texts if not path.endswith(".safetensors")}
    report.equal({change["label"].removeprefix("Changes of ") for change in page.changes}, texts, "the texts whose changes are shown")
