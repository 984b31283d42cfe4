"""What is true of a registry, asked of the program, and how pages write it."""
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

UNITS = ["kB", "MB", "GB", "TB", "PB"]


def bytes_text(count):
    if count < 1000:
        return f"{count} B"
    value, unit = count / 1000, 0
    while value >= 999.95:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {UNITS[unit]}"


def ratio_text(raw, stored):
    return f"{raw / stored:.1f}x" if stored else "-"


def count_text(count, noun=None):
    return f"{count:,}" + (f" {noun}{'' if count == 1 else 's'}" if noun else "")


def percent_text(part, whole):
    if not whole:
        return "-"
    percent = 100 * part / whole
    return "<0.1 %" if 0 < percent < 0.05 else f"{percent:.1f} %"


def share_text(value):
    """A relative change or error in a few characters."""
    if value == 0:
        return "0"
    percent = 100 * value
    if percent >= 9.95:
        return f"{percent:.0f} %"
    if percent >= 0.095:
        return f"{percent:.{2 if percent < 0.995 else 1}f} %"
    return f"{percent:.1g} %"


class Registry:
    """The program's own answers; each question is asked once, until `forget`."""

    def __init__(self, program, folder):
        self.program, self.folder = str(Path(program).resolve()), Path(folder)
        self._known = {}

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True,
                              env={**os.environ, "DELTAIC_HOME": str(self.folder)})
        if done.returncode != 0:
            raise RuntimeError(f"deltaic {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def ask(self, *arguments):
        if arguments not in self._known:
            self._known[arguments] = json.loads(self.run(*arguments, "--json"))
        return self._known[arguments]

    def forget(self):
        self._known.clear()

    def models(self):
        """The listings of all models, by name."""
        return {model["latest"]["model"]: model for model in self.ask("list")}

    def versions(self, model):
        """The newest first."""
        return self.ask("log", model)

    def show(self, reference):
        return self.ask("show", reference)

    def difference(self, left, right):
        return self.ask("diff", left, right)

    def savings(self, grouping):
        return self.ask("savings", "--by", grouping)

    def groups(self, grouping):
        return {group["name"]: group for group in self.savings(grouping)["groups"]}

    def pack(self, reference):
        return self.ask("inspect", self.show(reference)["pack"])

    def retained(self):
        """The packs of removed versions that others still need."""
        of_versions = {self.show(f"{model}@v{version['number']}").get("pack")
                       for model in self.models() for version in self.versions(model)}
        return set(self.packs()) - of_versions - {pack["id"] for pack in self.ask("gc", "--dry-run")["waiting"]}

    def text(self, reference, path):
        """A file of a version."""
        if (reference, path) not in self._known:
            with tempfile.TemporaryDirectory() as folder:
                self.run("pull", reference, "--file", path, "--output", folder)
                self._known[reference, path] = Path(folder, path).read_text()
        return self._known[reference, path]

    def packs(self):
        """The sizes of the packs on the disk, by their ids."""
        return {path.stem: path.stat().st_size for path in self.folder.glob("packs/*/*.pack")}


@dataclass
class Servers:
    """The servers that are looked at, one with nothing and one with more models than a page shows among them, and tokens for `main`."""

    main: str
    empty: str
    many: str
    registry: Registry
    many_registry: Registry

    def __post_init__(self):
        self.tokens = {scope: self.new_token(f"t-{scope}", "--scope", scope) for scope in ("read", "write", "admin")}
        self.tokens["acme"] = self.new_token("t-acme", "--namespace", "acme")

    def new_token(self, name, *options):
        """Returns the secret."""
        return json.loads(self.registry.run("token", "add", name, *options, "--json"))["secret"]
