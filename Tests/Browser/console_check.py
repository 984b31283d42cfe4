#!/usr/bin/env python3
"""Looks at every page of the web console in headless Chromium, wide and narrow, light and dark, with scripts and without.

    console_check.py --program PROGRAM --work FOLDER --main URL --empty URL --many URL [--shots FOLDER]

The registries of the servers are FOLDER/main, FOLDER/empty and FOLDER/many; scripts/console_check.sh fills them and starts the servers.
Prints what is wrong and fails, or says how much was looked at.
"""
import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import actions
import copying
import documents
import hostility
import navigation
import power
import screenshots
import waiting
from browser import SCRIPTLESS, SETTINGS, Visitor, chromium
from pages import look, of_empty, of_main, of_many
from registry import Registry, Servers
from report import Report

WORKERS = 2


def read_main(browser, servers, report, setting):
    """The pages of the server with the real models, as somebody sees them who may do everything."""
    with Visitor(browser, servers.main, setting, servers.tokens["admin"]) as visitor:
        for page in of_main(servers.registry):
            look(visitor, page, servers.registry, report, is_accessible=setting.scripts)


def read_others(browser, servers, report, setting):
    """The pages of the other servers, which anybody may read."""
    with Visitor(browser, servers.empty, setting) as visitor:
        for page in of_empty():
            look(visitor, page, None, report, is_accessible=setting.scripts)
    with Visitor(browser, servers.many, setting) as visitor:
        visitor.visit("/console/models")
        following = visitor.page.get_by_role("link", name="Next").get_attribute("href")
        for page in of_many(following):
            look(visitor, page, servers.many_registry, report, is_accessible=setting.scripts)


def work(part, servers, *arguments):
    """Does a part in a process with a browser of its own. Returns what it found."""
    report = Report()
    begun = time.monotonic()
    with chromium() as browser, report.at(part.__module__):
        part(browser, servers, report, *arguments)
    print(f"{time.monotonic() - begun:5.1f} s: {part.__module__}.{part.__name__} {' '.join(map(str, arguments))}", file=sys.stderr)
    return report


def parts(folder):
    """What changes nothing, and can be done at the same time; what takes longest comes first."""
    yield from ((read_main, setting) for setting in SETTINGS)
    yield power.check,
    yield documents.check, folder / "documents"
    yield read_main, SCRIPTLESS
    yield navigation.check,
    yield from ((read_others, setting) for setting in (*SETTINGS[::3], SCRIPTLESS))
    yield hostility.check,
    yield copying.check,


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", required=True, type=Path)
    for name in ("main", "empty", "many"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--shots", type=Path)
    options = parser.parse_args()
    servers = Servers(options.main, options.empty, options.many, Registry(options.program, options.work / "main"),
                      Registry(options.program, options.work / "many"), {})
    for scope in ("read", "write", "admin"):
        servers.tokens[scope] = servers.new_token(f"t-{scope}", "--scope", scope)
    servers.tokens["acme"] = servers.new_token("t-acme", "--namespace", "acme")

    report = Report()
    report.add(work(waiting.check, servers))
    with chromium() as browser, Visitor(browser, servers.main, token=servers.tokens["admin"]) as visitor:
        waiting.warm_up(visitor, servers)
    with ProcessPoolExecutor(WORKERS) as pool:
        for found in [pool.submit(work, part, servers, *arguments) for part, *arguments in parts(options.work)]:
            report.add(found.result())
    report.compare_texts()
    if options.shots:
        with chromium() as browser:
            screenshots.take(browser, servers, options.shots)
    report.add(work(actions.check, servers))

    for line in report.lines():
        print(f"error: {line}", file=sys.stderr)
    problems = len(list(report.lines()))
    print(f"{len(report.pages)} pages in {len(report.settings)} settings, {report.checks} checks: "
          f"{f'{problems} problems' if problems else 'all is as it should be'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
