"""Through the console by its links alone."""
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import accessibility
from browser import Visitor
from pages import name_of, of_main

MOST = 500


class Links(HTMLParser):
    """The links of a page, and where its forms that change something go."""

    def __init__(self, text):
        super().__init__()
        self.found, self.actions = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a" and "href" in attributes:
            self.found.append(attributes["href"])
        if tag == "form" and attributes.get("method") == "post":
            self.actions.append(attributes["action"])


def crawl(visitor, report, has_files=False):
    """Follows every link from the overview on. Returns the text of each page by its address; files are asked for at most, not fetched."""
    texts, waiting = {}, ["/"]
    while waiting:
        path = waiting.pop()
        if path in texts:
            continue
        is_file = "/files/" in path
        if is_file and not has_files:
            continue
        response = visitor.context.request.head(path) if is_file else visitor.context.request.get(path)
        with report.at(path):
            report.expect(response.status < 400, f"a link leads to it, and it is answered with {response.status}")
        texts[path] = "" if is_file else response.text()
        if len(texts) > MOST:
            report.expect(False, f"there are more than {MOST} pages")
            break
        for link in Links(texts[path]).found:
            target = urlsplit(urljoin(visitor.origin + path, link))
            if f"{target.scheme}://{target.netloc}" == visitor.origin:
                waiting.append(target.path + (f"?{target.query}" if target.query else ""))
    return texts


def check(browser, servers, report):
    """Every page can be reached, and none of the links on the way leads nowhere."""
    with Visitor(browser, servers.main, token=servers.tokens["admin"]) as visitor, report.at("following all links"):
        texts = crawl(visitor, report, has_files=True)
        reached = {path.split("?")[0] for path in texts}
        for page in of_main(servers.registry):
            if page.status == 200 and page.path != "/console/sign-in":
                report.expect(page.path.split("?")[0] in reached, f"no link leads to {page.path}")
    with Visitor(browser, servers.main, token=servers.tokens["admin"]) as visitor:
        for page in of_main(servers.registry):
            if not page.is_another:
                with report.at(name_of(page), "with the Tab key"):
                    visitor.visit(page.path)
                    accessibility.keyboard(visitor, report)
