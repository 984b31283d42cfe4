"""Parts of pages that many pages have, compared with what is true."""
from registry import bytes_text, count_text, ratio_text


def same_bytes(report, value, count, what):
    """A size is rounded for people, and told exactly beside that."""
    report.equal((value.text, value.exact), (bytes_text(count), count), what)


def same_row(report, row, *expected):
    """Compares the cells of a row: a number is a size, None is not looked at."""
    for value, known in zip(row, expected, strict=True):
        if isinstance(known, int):
            same_bytes(report, value, known, f"the row of {row[0].text}")
        elif known is not None:
            report.equal(value.text, known, f"the row of {row[0].text}")


def sums(raw, stored):
    """The three columns that tables of savings end with."""
    return raw, stored, ratio_text(raw, stored)


def bars(page, report, title, groups):
    """A picture of groups, and the same in figures if there is a table."""
    picture = page.picture(f"Registered and kept by {title}")
    report.equal(picture.count("rect bar registered"), len(groups), f"bars of what was registered, by {title}")
    report.equal(picture.count("rect bar kept"), len(groups), f"bars of what is kept, by {title}")
    for name, group in groups.items():
        kept = f"{bytes_text(group['storedBytes'])}, {ratio_text(group['rawBytes'], group['storedBytes'])}"
        report.expect({name, bytes_text(group["rawBytes"]), kept} <= set(picture.texts), f"the picture by {title} lacks {name}: {kept}")


def grouped(page, report, title, groups):
    bars(page, report, title, groups)
    rows = page.table(f"Savings by {title}").by_name()
    report.equal(set(rows), set(groups), f"the groups by {title}")
    for name, group in groups.items():
        same_row(report, rows[name], name, count_text(group["versions"]), *sums(group["rawBytes"], group["storedBytes"]))


def field(page, report, start, expected):
    """A picture of layers: one cell for each layer and projection, each with its figure, and the same in a table."""
    picture = page.picture(start)
    found = picture.cells()
    report.equal(sum(picture.count(shape) for shape in picture.shapes if shape.startswith("rect")), len(expected), f"cells of {start!r}")
    report.equal(found, expected, f"the figures of {start!r}")
    table = page.table(f"{picture.label}, in figures")
    in_table = {f"layer {row[0].text}, {title}": value.text
                for row in table.rows for title, value in zip(table.head[1:], row[1:], strict=True) if value.text}
    report.equal(in_table, expected, f"the table of {start!r}")


def histograms(page, report, known):
    """One picture for each class of tensors with a change, whose label says how many weights changed."""
    for histogram in known:
        changed = sum(bin["count"] for bin in histogram["bins"])
        weights = changed + histogram["unchanged"] + histogram["notFinite"]
        label = f"{histogram['tensorClass']}: {count_text(changed)} of {count_text(weights, 'weight')} changed"
        picture = page.picture(label)
        report.expect(label in page.captions, f"no caption says {label!r}")
        for side, name in ((-1, "falls"), (1, "rises")):
            has_some = any(bin["count"] and (bin["lower"] + bin["upper"]) * side > 0 for bin in histogram["bins"])
            report.equal(picture.count(f"rect bar {name}") > 0, has_some, f"{label}: bars of what {name}")


def commands(page, report, version, origin):
    """Each names the version so that it gets this one and no later one."""
    model, commit = version["model"], version["commit"]
    found = dict(page.commands)
    report.equal(found["Command line"], f"deltaic pull {model}@v{version['number']} --output {model.split('/')[-1]}", "the command")
    report.equal(found["Hub client"], f"HF_ENDPOINT={origin} hf download {model} --revision {commit}", "the Hub's command")
    report.expect(f'snapshot_download("{model}", revision="{commit}")' in found["Python"], f"Python is told {found['Python']!r}")
    report.expect(found["curl"].endswith(f" {origin}/{model}/resolve/{commit}/config.json"), f"curl is told {found['curl']!r}")


def files(page, report, version, known):
    rows = page.table(f"Files of {version['model']}@v{version['number']}").by_name()
    report.equal(set(rows), {file["path"] for file in known}, "the files")
    for file in known:
        name, size, digest = rows[file["path"]]
        same_bytes(report, size, file["size"], file["path"])
        report.equal(digest.titles, [file["sha256"]], f"the SHA-256 of {file['path']}")
        report.expect(file["sha256"].startswith(digest.text) and len(digest.text) >= 8, f"the short SHA-256 of {file['path']}")
        report.expect(f"/versions/{version['commit']}/files/" in name.links[0], f"{file['path']} leads to {name.links}")
