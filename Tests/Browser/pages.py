"""Every page of the console, and what it has to show."""
from collections.abc import Callable
from dataclasses import dataclass

import accessibility
import content_models as models
import content_storage as storage
from snapshot import Snapshot


@dataclass
class Page:
    path: str
    # Compares what is shown with what is true: given the snapshot, the registry, the report, and the server's address.
    content: Callable
    # Which server has it: `main`, `empty`, or `many` with more models than a page shows.
    server: str = "main"
    status: int = 200
    # Whether what it shows was called like markup by somebody.
    holds_markup: bool = False
    # Where in the console it is: the link that is marked in the head.
    place: str = "Models"
    # Whether another page looks the same but for its figures, so that these are all that is looked at.
    is_another: bool = False
    # Whether it says something that changes by itself, so that two looks at it need not be the same.
    is_changing: bool = False


def says(*words):
    def check(page, registry, report, origin):
        for word in words:
            report.expect(word in page.main, f"it does not say {word!r}")
    return check


def nothing_found(page, registry, report, origin):
    report.expect("There are none." in page.main, "an empty list does not say so")
    report.equal(len(page.tables), 0, "tables")


def compare(left, right):
    return f"/console/compare?left={left}&right={right}"


def of_main(registry):
    on_minilm = lambda version: version.get("base", "").startswith("minilm@")
    most = max(registry.models().values(), key=lambda model: model["storedBytes"])["latest"]["model"]
    model, version = "/console/models/", "/versions/"
    yield Page("/", storage.overview, place="Overview")
    yield Page("/console/models", models.model_list())
    yield Page("/console/models?sort=stored", models.model_list(first=most), is_another=True)
    yield Page("/console/models?search=sre", models.model_list(lambda version: "sre" in version["model"]), is_another=True)
    yield Page("/console/models?base=minilm&task=retrieval",
               models.model_list(lambda version: on_minilm(version) and version.get("task") == "retrieval"), is_another=True)
    yield Page("/console/models?search=no-such-model", nothing_found)
    yield Page("/console/models?base=no-such-base", nothing_found, is_another=True)
    yield Page(model + "acme/sre", models.model("acme/sre"))
    yield Page(model + "acme/small", models.model("acme/small", scores=2, losses=2))
    yield Page(model + "minilm", models.model("minilm"))
    yield Page(model + "acme/hostile", models.model("acme/hostile", scores=1), holds_markup=True)
    for name in ("acme/sre", "acme/small"):
        for number in (1, 2):
            yield Page(f"{model}{name}{version}v{number}", models.version(f"{name}@v{number}"), is_another=number == 2)
    yield Page(f"{model}minilm{version}v1", models.version("minilm@v1"))
    yield Page(f"{model}acme/hostile{version}v2", models.version("acme/hostile@v2"), holds_markup=True)
    yield Page(compare("minilm@v1", "acme/sre@v2"), models.comparison("minilm@v1", "acme/sre@v2"))
    yield Page(compare("acme/sre@v1", "acme/sre@v2"), models.comparison("acme/sre@v1", "acme/sre@v2"))
    yield Page(compare("acme/small@v1", "acme/small@v2"), models.comparison("acme/small@v1", "acme/small@v2"), is_another=True)
    yield Page(compare("acme/hostile@v1", "acme/hostile@v2"), models.comparison("acme/hostile@v1", "acme/hostile@v2"), holds_markup=True)
    yield Page("/console/compare", says("Compare two versions"))
    yield Page("/console/bases", storage.bases, place="Bases")
    yield Page("/console/tasks", storage.tasks, place="Tasks", holds_markup=True)
    yield Page("/console/packs", storage.packs, place="Packs", is_changing=True)
    for pack in (registry.show("acme/small@v1")["pack"], *registry.retained()):
        yield Page(f"/console/packs/{pack}", storage.pack(pack), place="Packs", is_another=pack in registry.retained())
    yield Page("/console/garbage", storage.garbage, place="Garbage")
    yield Page("/console/jobs", storage.jobs, place="Jobs")
    yield Page("/console/sign-in", says("This registry is read with an access token."), place=None)
    yield Page(model + "no/such-model", says("Not found", "no/such-model"), status=404, place=None)
    yield Page(model + "acme/sre/versions/v9", says("Not found"), status=404, place=None, is_another=True)
    yield Page(compare("acme/sre@v1", "no/such-model"), says("Not found"), status=404, place=None, is_another=True)
    yield Page("/console/packs/123456", says("Not found"), status=404, place=None, is_another=True)
    yield Page("/console/models?cursor=nonsense", says("Not understood"), status=400, place=None)


def of_stranger():
    """What is there for those who did not sign in to the server with the real models."""
    yield Page("/console/sign-in", says("This registry is read with an access token."), "main without a token", place=None)


def of_namespace():
    """What somebody sees whose token is for the models of acme only."""
    server, base = "main with a token for acme", "minilm@v1"
    yield Page("/", says("What is kept", "acme/sre", "acme/small"), server, place="Overview")
    yield Page("/console/models", says("acme/sre", "acme/small"), server)
    yield Page("/console/models/acme/sre", says("acme/sre", base, "v2"), server)
    yield Page("/console/models/acme/sre/versions/v1", says("acme/sre@v1", base), server)
    yield Page("/console/jobs", says("Nothing is running."), server, place="Jobs")
    yield Page("/console/packs", says("Not allowed"), server, status=403, place=None)
    yield Page("/console/models/minilm", says("Not found"), server, status=404, place=None)


def of_empty():
    """A registry in which nothing is registered yet."""
    words = {"/": ("Nothing is registered yet.", "deltaic base add"), "/console/models": ("There are none.",),
             "/console/bases": ("There are none:",), "/console/tasks": ("There are none:",), "/console/packs": ("All packs",),
             "/console/garbage": ("There is none.",), "/console/jobs": ("Nothing is running.",)}
    for path, expected in words.items():
        yield Page(path, storage.empty(*expected), "empty", place=path.rsplit("/", 1)[1].capitalize() or "Overview",
                   is_changing=path == "/console/packs")


def of_many(next_models):
    """Lists that are longer than a page. `next_models`: where the second page of the models is."""
    yield Page("/console/models", storage.one_of_many("Models", 100, True), "many")
    yield Page(next_models, storage.one_of_many("Models", 1, False), "many")
    yield Page("/console/bases", storage.one_of_many("Bases", 100, True), "many", place="Bases")
    yield Page("/console/packs", storage.one_of_many("Packs", 100, True), "many", place="Packs", is_another=True, is_changing=True)
    yield Page("/console/packs?offset=100", storage.one_of_many("Packs", 1, False), "many", place="Packs", is_changing=True)


def look(visitor, page, registry, report, is_accessible=True):
    """Opens a page and checks all of it. `is_accessible`: whether to look at that too, or only at what it says."""
    with report.at(name_of(page), visitor.setting):
        response = visitor.visit(page.path)
        report.equal(response.status, page.status, "the status")
        found = Snapshot(visitor.page)
        whole(found, page, report)
        page.content(found, registry, report, visitor.origin)
        if is_accessible and not page.is_another:
            accessibility.check(visitor, report, found, page.holds_markup)
        for complaint in visitor.complaints(page.status):
            report.expect(False, complaint)
        report.equal(visitor.page.evaluate("typeof hacked"), "undefined", "what a hostile card set")
        report.saw_page(None if page.is_changing else found.main)


def name_of(page):
    return page.path if page.server == "main" else f"{page.path} of the server {page.server}"


def whole(found, page, report):
    """What every page has: a title, one first heading, the way to the others."""
    report.expect(found.title.endswith(" - Deltaic") and len(found.title) > 10, f"the title is {found.title!r}")
    report.equal([level for level, _ in found.headings].count(1), 1, "headings of the first level")
    report.equal([text for text, _, current in found.places if current == "page"], [page.place] if page.place else [], "the marked place")
