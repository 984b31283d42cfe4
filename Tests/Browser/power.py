"""Breaks pages on their way to the browser: each check has to find what it is there for."""
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import accessibility
from browser import Visitor
from pages import look, of_main
from report import Report

MODELS, SRE = "/console/models", "/console/models/acme/sre"
VERSION, CHANGES = f"{SRE}/versions/v1", "/console/compare?left=acme/sre@v1&right=acme/sre@v2"


@dataclass
class Breakage:
    what: str
    path: str
    # What is changed: the page, its style, or its script.
    part: str
    edit: Callable
    # What has to be found, as the problem begins or says.
    finding: str
    # Whether the page may ask for anything: what a policy forbids is not even tried.
    is_free: bool = False

    @property
    def is_of_figures(self):
        """Whether it is to be found without looking at how a page looks."""
        return self.part == "page" and self.path not in (MODELS, "/")


def swap(old, new):
    return lambda text: text.replace(old, new, 1)


def add(more):
    return lambda text: text + more


def without(start, end):
    def edit(text):
        begin = text.index(start)
        return text[:begin] + text[text.index(end, begin) + len(end):]
    return edit


IMAGE = swap("</main>", '<img src="https://example.org/a.png" alt="x"></main>')
BREAKAGES = [
    Breakage("a field without its label", MODELS, "page", swap("<label>Name has ", "<label>"), "axe: label"),
    Breakage("a page without its language", MODELS, "page", swap('lang="en"', ""), "axe: html-has-lang"),
    Breakage("pale words", MODELS, "style", add("footer p, thead th { color: #999 !important }"), "axe: color-contrast"),
    Breakage("pale words in pictures", "/", "style", add("svg.picture text.tick { fill: #bbb !important }"), "the contrast is"),
    Breakage("a cell as dark as its words", CHANGES, "style", add("svg.picture [class^=heat] rect { fill: #333 !important }"),
             "the contrast is"),
    Breakage("pale bars", "/", "style", add("svg.picture .bar { fill: #ddd !important }"), "the contrast of a rect"),
    Breakage("letters that are too large", CHANGES, "style", add("svg.picture text { font-size: 24px !important }"), "it leaves its box"),
    Breakage("words over words", "/", "style", add("svg.picture text { font-size: 24px !important }"), "it lies over"),
    Breakage("words that are cut off", "/", "page", swap('class="legend" x="', 'class="legend" x="9'), "it leaves the picture"),
    Breakage("an image from elsewhere, which the policy forbids", MODELS, "page", IMAGE, "the console has: error"),
    Breakage("an image from elsewhere", MODELS, "page", IMAGE, "something else is asked for", is_free=True),
    Breakage("a file of the page that is not there", MODELS, "page", swap("</main>", '<img src="/console/none.png" alt="x"></main>'),
             "is answered with 404"),
    Breakage("an error on the console", MODELS, "script", add("\nconsole.error('x')"), "the console has: error"),
    Breakage("a warning on the console", MODELS, "script", add("\nconsole.warn('x')"), "the console has: warning"),
    Breakage("a script that fails", MODELS, "script", add("\nnothing.at.all()"), "a script failed"),
    Breakage("a script that asks", MODELS, "script", add("\nalert('x')"), "a dialog opened"),
    Breakage("a page that is too wide", MODELS, "style", add("main { min-width: 1400px }"), "px wide on a screen"),
    Breakage("markup that was escaped twice", MODELS, "page", swap("<h1>Models", "<h1>Models &amp;lt;b"), "there is '"),
    Breakage("a focus that nobody sees", MODELS, "style", add(":focus-visible { outline: none !important }"),
             "nothing shows that it has the focus"),
    Breakage("a first heading too many", MODELS, "page", swap("</main>", "<h1>x</h1></main>"), "headings of the first level"),
    Breakage("a wrong ratio", "/", "page", swap('Ratio</p><p class="value">', 'Ratio</p><p class="value">1'), "ratio"),
    Breakage("a wrong exact size", SRE, "page", swap(' bytes"', '1 bytes"'), "registered"),
    Breakage("a model less", MODELS, "page", without("<tr><th scope=\"row\">", "</tr>"), "the models"),
    Breakage("a bar less", "/", "page", without('<rect class="bar kept" x="0"', "/>"), "bars of what is kept"),
    Breakage("a cell less", VERSION, "page", without('<g class="heat', "</g>"), "cells of"),
    Breakage("a cell with another figure", VERSION, "page", swap(' %</text></g>', '1 %</text></g>'), "the figures of"),
    Breakage("a command for another version", SRE, "page", swap("--revision ", "--revision 0"), "the Hub's command"),
    Breakage("a file with another digest", SRE, "page", swap('class="mono" title="', 'class="mono" title="0'), "the SHA-256 of"),
    Breakage("a box less", SRE, "page", without(f'<a href="{SRE}/versions/v1"><g', "</a>"), "where the boxes of the lineage lead"),
    Breakage("a heading of the card less", SRE, "page", without('<h3>SentenceTransformer', "</h3>"), "headings of the card"),
    Breakage("a changed line less", CHANGES, "page", without('<span class="added">', "</span>"), "is longer by"),
]


def check(browser, servers, report):
    pages = {page.path: page for page in of_main(servers.registry)}
    with Visitor(browser, servers.main, token=servers.tokens["admin"]) as visitor:
        for breakage in BREAKAGES:
            with report.at("the power of the check"), broken(visitor, breakage):
                found = Report()
                look(visitor, pages[breakage.path], servers.registry, found, is_accessible=not breakage.is_of_figures)
                expect_found(report, found, breakage.what, breakage.finding)
        no_way = Breakage("no way past the head", MODELS, "page", without('<a class="skip"', "</a>"), "what the first Tab reaches")
        with report.at("the power of the check"), broken(visitor, no_way):
            found = Report()
            with found.at(MODELS):
                visitor.visit(MODELS)
                accessibility.keyboard(visitor, found)
            expect_found(report, found, no_way.what, no_way.finding)


@contextmanager
def broken(visitor, breakage):
    """Changes what the server answers, on its way."""
    names = {"page": urlsplit(breakage.path).path, "style": "/console/assets/console.css", "script": "/console/assets/console.js"}

    def change(route):
        answer = route.fetch()
        before = answer.text()
        after = breakage.edit(before)
        assert after != before, "there is nothing to break"
        headers = {name: value for name, value in answer.headers.items() if not (breakage.is_free and name == "content-security-policy")}
        route.fulfill(response=answer, body=after, headers=headers)

    visitor.context.route(lambda url: urlsplit(url).path == names[breakage.part], change)
    try:
        yield
    finally:
        visitor.context.unroute_all()


def expect_found(report, found, what, finding):
    problems = [problem for _, _, problem in found.problems]
    report.expect(any(finding in problem for problem in problems), f"{what} is not found; instead: {problems}")
