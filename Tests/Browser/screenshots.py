"""Small pictures of pages, for the documentation."""
import io
import sqlite3

from PIL import Image, ImageChops, ImageStat

from browser import SETTINGS, Visitor

LONGEST = 60_000
WIDTH = 960
MARGIN = 16
WIDE_LIGHT, WIDE_DARK, _, NARROW_DARK = SETTINGS
# What a picture is of: its name, the page, how that is looked at, and what of it: from the top down so far, or from a title to pictures.
SHOTS = [
    ("overview", "/", WIDE_LIGHT, 1190),
    ("version", "/console/models/acme/small/versions/v1", WIDE_LIGHT,
     ("#layers", ".pictures figure:nth-child(1) svg", ".pictures figure:nth-child(2) svg")),
    ("compare", "/console/compare?left=minilm@v1&right=acme/sre@v1", WIDE_DARK, 1100),
    ("model-phone", "/console/models/acme/sre", NARROW_DARK, 700),
]
# How long before the next one a version seems to have been registered.
APART = 12 * 86400
# Days are counted from a fixed one, so that pictures are the same on every day; so are commits.
SAME = """() => {
    const shift = Date.UTC(2026, 7, 31) - Math.floor(Date.now() / 86400000) * 86400000;
    const day = text => new Date(Date.parse(text) + shift).toISOString().slice(0, 10);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        walker.currentNode.data = walker.currentNode.data
            .replace(/(\\d{4}-\\d\\d-\\d\\d)( \\d\\d:\\d\\d)?/g, (_, date, time) => day(date) + (time ? " 12:00" : ""))
            .replace(/\\b[0-9a-f]{40}\\b/g, "0123456789abcdef0123456789abcdef01234567");
    }
}"""


def take(browser, origin, registry, folder):
    """`registry`: its folder; its versions are made to look as if they had been registered one after the other."""
    with sqlite3.connect(registry / "catalog.sqlite", timeout=20) as catalog:
        catalog.execute("UPDATE versions SET created_at = created_at - ? * ((SELECT max(id) FROM versions) - id)", (APART,))
        catalog.execute("UPDATE models SET newest_at = (SELECT max(created_at) FROM versions WHERE model_id = models.id)")
    catalog.close()
    folder.mkdir(parents=True, exist_ok=True)
    for name, path, setting, part in SHOTS:
        with Visitor(browser, origin, setting) as visitor:
            visitor.visit(path)
            visitor.page.evaluate(SAME)
            keep(shot(visitor.page, part), folder / f"{name}.png")


def shot(page, part):
    """The picture, no wider than pages of documentation."""
    width = page.viewport_size["width"]
    if isinstance(part, int):
        clip = {"x": 0, "y": 0, "width": width, "height": part}
    else:
        title, *pictures = [page.locator(selector).bounding_box() for selector in part]
        left, right = title["x"] - MARGIN, max(box["x"] + box["width"] for box in pictures) + MARGIN
        top, bottom = title["y"] - MARGIN, max(box["y"] + box["height"] for box in pictures) + MARGIN // 4
        clip = {"x": max(0, left), "y": top, "width": min(width, right) - max(0, left), "height": bottom - top}
    image = Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip))).convert("RGB")
    if image.width > WIDTH:
        image = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
    return image


def keep(image, path):
    """Writes it in as many colours as there is room for; one that looks as before stays as it is."""
    if path.exists() and looks_same(image, Image.open(path).convert("RGB")):
        return
    for colors in (128, 64, 32, 16):
        data = io.BytesIO()
        image.quantize(colors, dither=Image.Dither.NONE).save(data, "PNG", optimize=True)
        if len(data.getvalue()) <= LONGEST:
            break
    path.write_bytes(data.getvalue())


def looks_same(one, other):
    return one.size == other.size and max(ImageStat.Stat(ImageChops.difference(one, other)).rms) < 8
