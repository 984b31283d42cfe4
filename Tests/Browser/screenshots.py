"""Small pictures of pages, for the documentation."""
import io

from PIL import Image, ImageChops, ImageStat

from browser import SETTINGS, Visitor

LONGEST = 60_000
WIDTH = 960
WIDE_LIGHT, WIDE_DARK, _, NARROW_DARK = SETTINGS
# What a picture is of: a name, a page, how it is looked at, and what of it: from the top, so high.
SHOTS = [
    ("overview", "/", WIDE_LIGHT, None, 1180),
    ("layers", "/console/models/acme/small/versions/v1", WIDE_LIGHT, "section[aria-labelledby=layers]", 860),
    ("comparison", "/console/compare?left=minilm@v1&right=acme/sre@v1", WIDE_DARK, None, 1100),
    ("phone", "/console/models/acme/sre", NARROW_DARK, None, 1000),
]
# What is another every time is the same in pictures.
SAME = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        walker.currentNode.data = walker.currentNode.data.replace(/\\d{4}-\\d\\d-\\d\\d( \\d\\d:\\d\\d)?/g, (_, time) => "2026-08-01" + (time ? " 12:00" : ""))
            .replace(/\\b[0-9a-f]{40}\\b/g, "0123456789abcdef0123456789abcdef01234567");
    }
}"""


def take(browser, servers, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, path, setting, part, height in SHOTS:
        with Visitor(browser, servers.main, setting, servers.tokens["read"]) as visitor:
            visitor.visit(path)
            visitor.page.evaluate(SAME)
            keep(shot(visitor.page, part, height), folder / f"{name}.png")


def shot(page, part, height):
    """The picture, no wider than pages of documentation."""
    box = page.locator(part).bounding_box() if part else {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height}
    clip = {**box, "height": min(height, box["height"])}
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
