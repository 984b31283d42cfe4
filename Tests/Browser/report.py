"""What was checked, and what was wrong."""
import traceback
from contextlib import contextmanager
from pathlib import Path


class Missing(Exception):
    """Something that a page should have and has not."""


def _difference(found, expected):
    """Of long values, what they do not have in common."""
    if isinstance(found, dict) and isinstance(expected, dict):
        found, expected = ({key: value for key, value in one.items() if other.get(key) != value}
                           for one, other in ((found, expected), (expected, found)))
    elif isinstance(found, set) and isinstance(expected, set):
        found, expected = found - expected, expected - found
    elif isinstance(found, list) and isinstance(expected, list) and len(found) + len(expected) > 8:
        place = next((index for index, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), min(len(found), len(expected)))
        return f"{len(found)} instead of {len(expected)}; at {place}: {found[place:place + 2]} instead of {expected[place:place + 2]}"
    return f"{str(found)[:300]!r} instead of {str(expected)[:300]!r}" if found != expected else ""


class Report:
    """Counts what was looked at and keeps what was not as it should be, with the page and the setting that it was found in."""

    def __init__(self):
        self.checks = 0
        self.pages = set()
        self.settings = set()
        self._texts = {}
        self.problems = []
        self._page, self._setting = "", ""

    @contextmanager
    def at(self, page, setting=""):
        """What is found inside is found there; what a page lacks ends only what is looked at there."""
        before = self._page, self._setting
        self._page, self._setting = page, str(setting)
        try:
            yield self
        except Exception as problem:
            place = traceback.extract_tb(problem.__traceback__)[-1]
            self.expect(False, f"{type(problem).__name__}: {' '.join(str(problem).split())} ({Path(place.filename).name}:{place.lineno})")
        finally:
            self._page, self._setting = before

    def saw_page(self, text=None):
        """`text`: what the page says, the same however one looks at it."""
        self.pages.add(self._page)
        self.settings.add(self._setting)
        if text is not None:
            self._texts.setdefault(self._page, {})[self._setting] = text

    def expect(self, holds, problem):
        self.checks += 1
        if not holds:
            self.problems.append((self._page, self._setting, problem))

    def equal(self, found, expected, what):
        self.expect(found == expected, f"{what}: {_difference(found, expected)}")

    def add(self, other):
        self.checks += other.checks
        self.pages |= other.pages
        self.settings |= other.settings
        self.problems += other.problems
        for page, texts in other._texts.items():
            self._texts.setdefault(page, {}).update(texts)

    def compare_texts(self):
        """Every page says the same in every setting."""
        for page, texts in self._texts.items():
            first, *others = texts
            for setting in others:
                with self.at(page, setting):
                    self.equal(texts[setting].split(" "), texts[first].split(" "), f"the words, which are others than in {first}")

    def lines(self):
        """The problems, each once with the settings that have it."""
        settings = {}
        for page, setting, problem in self.problems:
            settings.setdefault((page, problem), []).append(setting)
        for (page, problem), found in settings.items():
            place = ", ".join(sorted(set(filter(None, found))))
            yield f"{page}{f' [{place}]' if place else ''}: {problem}"
