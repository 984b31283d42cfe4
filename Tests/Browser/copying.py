"""The buttons that copy commands, and whether what they copy works."""
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from browser import Visitor


def check(browser, servers, report):
    registry = servers.registry
    with Visitor(browser, servers.main, token=servers.tokens["read"], permissions=["clipboard-read", "clipboard-write"]) as visitor:
        page = visitor.page
        with report.at("/console/models/acme/small", "copying"):
            visitor.visit("/console/models/acme/small")
            copied = {}
            for command in page.locator(".command").all():
                button = command.get_by_role("button", name="Copy the command")
                button.click()
                copied[command.locator(".name").text_content()] = page.evaluate("navigator.clipboard.readText()")
                shown = command.locator("code").text_content()
                report.equal(page.evaluate("navigator.clipboard.readText()"), shown, "what the button copied")
                report.equal(button.text_content(), "Copied", "what the button says then")
            report.equal(len(copied), 4, "buttons")
            run(copied, registry, servers, report)
            for complaint in visitor.complaints():
                report.expect(False, complaint)


def run(copied, registry, servers, report):
    """What was copied gets the files of the version, byte for byte."""
    known = {file["path"]: file["sha256"] for file in registry.show("acme/small")["files"]}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DELTAIC_HOME": str(registry.folder), "HF_TOKEN": servers.tokens["read"],
                       "deltaic": registry.program}
        # The program has its name on a user's path; here it may have another.
        local = copied["Command line"].replace("deltaic", '"$deltaic"', 1)
        for name, command in (("Command line", local), ("curl", copied["curl"])):
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)
            report.equal(done.returncode, 0, f"the exit status of {command!r}, which said {done.stderr[-200:]!r}")
        pulled = Path(folder, "small")
        found = {str(file.relative_to(pulled)): hashlib.sha256(file.read_bytes()).hexdigest()
                 for file in pulled.rglob("*") if file.is_file()}
        report.equal(found, known, "the files that the command pulled")
        report.equal(hashlib.sha256(Path(folder, "config.json").read_bytes()).hexdigest(), known["config.json"], "the file that curl got")
