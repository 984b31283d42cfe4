#!/usr/bin/env python3
"""Looks at every page of the web console in headless Chromium, wide and narrow, light and dark, with scripts and without.

    console_check.py --program PROGRAM --work FOLDER --main URL --changing URL --empty URL --many URL [--shown URL --shots FOLDER]

The registries of the servers are FOLDER/main and so on; scripts/console_check.sh fills them and starts the servers.
Prints what is wrong and fails, or says how much was looked at.
"""
import argparse
import multiprocessing.util
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import actions
import copying
import documents
import hostility
import navigation
import power
import screenshots
import sessions
import waiting
from browser import SCRIPTLESS, SETTINGS, Visitor, chromium
from pages import look, of_empty, of_main, of_many, of_namespace, of_stranger
from registry import Registry, Servers
from report import Report

WORKERS = 2


def read_main(browser, servers, report, setting):
    """The pages of the server with the real models, as somebody sees them who may do everything."""
    with Visitor(browser, servers.main, setting, servers.tokens["admin"]) as visitor:
        waiting.for_savings(visitor)
        for page in of_main(servers.registry):
            look(visitor, page, servers.registry, report, is_accessible=setting.scripts)


def read_restricted(browser, servers, report, setting):
    """What those see who may not see everything."""
    for pages, token in ((of_stranger(), None), (of_namespace(), servers.tokens["acme"])):
        with Visitor(browser, servers.main, setting, token) as visitor:
            for page in pages:
                look(visitor, page, None, report, is_accessible=setting.scripts)


def read_others(browser, servers, report, setting):
    """The pages of the other servers, which anybody may read."""
    with Visitor(browser, servers.empty, setting) as visitor:
        waiting.for_savings(visitor)
        for page in of_empty():
            look(visitor, page, None, report, is_accessible=setting.scripts)
    with Visitor(browser, servers.many, setting) as visitor:
        visitor.visit("/console/models")
        following = visitor.page.get_by_role("link", name="Next").get_attribute("href")
        for page in of_many(following):
            look(visitor, page, servers.many_registry, report, is_accessible=setting.scripts)


def open_browser():
    """One for each process that works; it is closed when the process ends."""
    global browser
    opened = chromium()
    browser = opened.__enter__()
    multiprocessing.util.Finalize(None, opened.__exit__, (None, None, None), exitpriority=1)


def work(part, servers, *arguments):
    """Does a part. Returns what it found."""
    report = Report()
    with report.at(part.__module__):
        part(browser, servers, report, *arguments)
    return report


def parts_of_others():
    """What does not look at the server with the real models."""
    return [(actions.check,), (sessions.check,), *((read_others, setting) for setting in (*SETTINGS[::3], SCRIPTLESS))]


def parts_of_main(folder):
    """What takes longest comes first."""
    return [*((read_main, setting) for setting in SETTINGS), (documents.check, folder / "documents"), (power.check,), (navigation.check,),
            (hostility.check,), *((read_restricted, setting) for setting in SETTINGS[::3]), (copying.check,)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", required=True, type=Path)
    for name in ("main", "changing", "empty", "many"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--shown")
    parser.add_argument("--shots", type=Path)
    options = parser.parse_args()
    of = lambda name: Registry(options.program, options.work / name)
    servers = Servers(options.main, options.empty, options.many, of("main"), of("many"))
    # The same models, to be changed while others look at them.
    changing = Servers(options.changing, options.empty, options.many, of("changing"), of("many"))
    report = Report()
    with ProcessPoolExecutor(WORKERS, initializer=open_browser) as pool:
        begin = lambda servers, parts: [pool.submit(work, part, servers, *arguments) for part, *arguments in parts]
        begun = begin(changing, parts_of_others())
        open_browser()
        report.add(work(waiting.check, servers))
        # In this process: it asks the program for what is true, and the server for all that it has to measure, for the others too.
        report.add(work(read_main, servers, SCRIPTLESS))
        begun += begin(servers, parts_of_main(options.work))
        for found in begun:
            report.add(found.result())
    report.compare_texts()
    if options.shots:
        screenshots.take(browser, options.shown, options.work / "shown", options.shots)

    for line in report.lines():
        print(f"error: {line}", file=sys.stderr)
    problems = len(list(report.lines()))
    print(f"{len(report.pages)} pages in {len(report.settings)} settings, {report.checks} checks: "
          f"{f'{problems} problems' if problems else 'all is as it should be'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
