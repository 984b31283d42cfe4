"""What a page shows, as it was read from the page."""
from dataclasses import dataclass, field
from pathlib import Path

from report import Missing

READER = (Path(__file__).parent / "snapshot.js").read_text()


@dataclass
class Value:
    """A cell of a table, a tile, a fact."""

    text: str
    titles: list
    links: list
    note: str = ""

    @property
    def exact(self):
        """The exact number of bytes that is told beside a rounded one."""
        numbers = [title.removesuffix(" bytes").replace(",", "") for title in self.titles if title.endswith(" bytes")]
        return int(numbers[0]) if numbers else None


@dataclass
class Table:
    label: str
    head: list
    rows: list = field(repr=False)

    def __post_init__(self):
        self.rows = [[Value(**cell) for cell in row] for row in self.rows]

    def by_name(self):
        """The rows by what names them: the text of their first cell."""
        return {row[0].text: row for row in self.rows}

    def column(self, title):
        """What the rows have in the column with this title."""
        if title not in self.head:
            raise Missing(f"there is no column {title!r} in {self.head}")
        return [row[self.head.index(title)] for row in self.rows]


@dataclass
class Picture:
    label: str
    shapes: dict
    texts: list
    points: list
    groups: list

    def count(self, *shapes):
        return sum(self.shapes.get(shape, 0) for shape in shapes)

    def cells(self):
        """The texts of a field of cells, by what they are of: `layer 0, attention.self.query`."""
        groups = [group for group in self.groups if group["style"].startswith("heat")]
        return {group["title"].split(":")[0]: group["texts"][0] for group in groups}

    def boxes(self, style=None):
        return [group for group in self.groups if group["style"].split()[0] == "box" and style in (None, group["style"])]


class Snapshot:
    def __init__(self, page):
        found = page.evaluate(READER)
        self.__dict__.update(found)
        self.tiles = {name: Value(**tile) for name, tile in found["tiles"].items()}
        self.facts = {name: Value(**fact) for name, fact in found["facts"].items()}
        self.tables = [Table(**table) for table in found["tables"]]
        self.pictures = [Picture(**picture) for picture in found["pictures"]]

    def tile(self, name):
        return self._named(self.tiles, name, "tile")

    def fact(self, name):
        return self._named(self.facts, name, "fact")

    def table(self, label):
        return self._only([table for table in self.tables if table.label == label], f"table {label!r}")

    def picture(self, start):
        """The picture whose label starts so."""
        return self._only([picture for picture in self.pictures if picture.label.startswith(start)], f"picture {start!r}")

    def has_table(self, label):
        return any(table.label == label for table in self.tables)

    @staticmethod
    def _named(values, name, what):
        if name not in values:
            raise Missing(f"there is no {what} {name!r}, only {sorted(values)}")
        return values[name]

    @staticmethod
    def _only(found, what):
        if len(found) != 1:
            raise Missing(f"there are {len(found)} of {what}, not one")
        return found[0]
