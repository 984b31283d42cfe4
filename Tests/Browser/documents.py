"""Pages and pictures that the program writes as files."""
import contextlib
import io
from xml.etree import ElementTree

from PIL import Image

import accessibility
import layers
from browser import SETTINGS, Visitor
from content import field, histograms
from content_models import storage, tensor_table
from snapshot import Snapshot

# All of them are alike, and long: each is looked at in another setting.
REPORTS = dict(zip(("acme/small@v1", "acme/sre@v1", "minilm@v1", "acme/hostile@v2"), SETTINGS))
PICTURES = {"diff.svg": ("diff", "minilm", "acme/sre"), "lossy.svg": ("diff", "acme/small@v1", "acme/small@v2"),
            "savings.svg": ("savings",)}
SVG = "{http://www.w3.org/2000/svg}"


def check(browser, servers, report, folder):
    folder.mkdir()
    registry = servers.registry
    for reference, setting in REPORTS.items():
        path = folder / f"{reference.replace('/', '-')}.html"
        registry.run("report", reference, "--output", str(path))
        with report.at(f"the report of {reference}", setting), Visitor(browser, "file://", setting) as visitor:
            page_of(visitor, registry, report, reference, path)
    for name, arguments in PICTURES.items():
        path = folder / name
        registry.run(*arguments, "--plot", str(path))
        with report.at(f"the picture of {' '.join(arguments)}"):
            picture_is_whole(registry, report, path, arguments)
        for setting in SETTINGS[:2]:
            with report.at(f"the picture of {' '.join(arguments)}", setting), Visitor(browser, "file://", setting) as visitor:
                picture_is_seen(visitor, report, path)


def page_of(visitor, registry, report, reference, path):
    visitor.visit(path.as_uri())
    found = Snapshot(visitor.page)
    shown = registry.show(reference)
    base = shown["version"].get("base")
    compared = registry.difference(base, reference) if base else None
    report.expect(found.title == f"{reference} - Deltaic", f"the title is {found.title!r}")
    if compared:
        field(found, report, "Relative change", layers.texts(compared["tensors"], layers.change))
        histograms(found, report, compared["histograms"])
    field(found, report, "Bytes stored", layers.texts(shown["tensors"], layers.stored))
    tensor_table(found, report, reference, shown["tensors"], compared)
    storage(found, report, shown["tensors"], base, registry.pack(reference))
    report.equal([link for link in found.links if not link.startswith(("https://", "http://", "mailto:"))], [], "links to other pages")
    report.equal(found.images, [], "images")
    report.equal(visitor.page.evaluate("typeof hacked"), "undefined", "what a hostile card set")
    accessibility.check(visitor, report, found, holds_markup="hostile" in reference)
    complain(visitor, report, path)
    report.saw_page()


def complain(visitor, report, path):
    """It asks for itself and nothing else."""
    for complaint in visitor.complaints():
        report.expect(False, complaint)
    report.equal(set(visitor.requests()), {path.as_uri()}, "what is asked for")


def picture_is_whole(registry, report, path, arguments):
    tree = ElementTree.parse(path)
    report.equal(tree.getroot().tag, f"{SVG}svg", "the root of the document")
    text = path.read_text()
    report.expect("href" not in text and "@import" not in text and "url(" not in text, "it refers to something else")
    cells = [group for group in tree.iter(f"{SVG}g") if group.get("class", "").startswith("heat")]
    bars = [bar for bar in tree.iter(f"{SVG}rect") if bar.get("class") in ("bar registered", "bar kept") and bar.get("height") == "9"]
    if arguments[0] == "diff":
        compared = registry.difference(*arguments[1:])
        expected = sum(len(layers.texts(compared["tensors"], figure)) for figure in (layers.change, layers.stored))
        report.equal((len(cells), len(bars)), (expected, 0), "cells and bars")
    else:
        groups = sum(len(registry.groups(grouping)) for grouping in ("base", "task", "codec", "model"))
        report.equal((len(cells), len(bars)), (0, 2 * groups), "cells and bars")


def picture_is_seen(visitor, report, path):
    page = visitor.page
    # By itself; a browser takes no picture of a bare one, so that it is put into a page too.
    visitor.visit(path.as_uri())
    report.expect(accessibility.pictures(page, report)["texts"] > 10, "it has hardly any text")
    complain(visitor, report, path)
    wrapper = path.with_suffix(".html")
    wrapper.write_text(f'<!DOCTYPE html><html lang="en"><title>x</title><img src="{path.name}" alt="x">')
    visitor.visit(wrapper.as_uri())
    report.expect(page.evaluate("document.images[0].naturalWidth") > 300, "it is not shown as an image")
    with contextlib.closing(Image.open(io.BytesIO(page.screenshot()))) as shot:
        colors = shot.convert("RGB").getcolors(1 << 24)
    report.expect(len(colors) > 20, f"as an image it has {len(colors)} colours")
    report.saw_page()
