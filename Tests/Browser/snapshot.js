// What a page shows, as plain data: what is compared with what is known does not depend on how it is laid out.
() => {
  const text = node => node ? node.textContent.replace(/\s+/g, " ").trim() : "";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const value = node => ({
    text: text(node),
    titles: all("[title]", node).map(part => part.getAttribute("title")),
    links: all("a[href]", node).map(link => link.getAttribute("href")),
  });
  const countBy = nodes => nodes.reduce((counts, name) => ({ ...counts, [name]: (counts[name] ?? 0) + 1 }), {});
  const ownTitle = node => text([...node.children].find(child => child.tagName === "title"));
  // The texts whose elements are these.
  const words = (root, elements) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      if (walker.currentNode.parentElement.matches(elements)) found.push(walker.currentNode.data.trim());
    }
    return found.filter(part => part).join(" ").replace(/\s+/g, " ");
  };
  return {
    title: document.title,
    headings: all("h1, h2, h3, h4, h5, h6").map(node => [Number(node.tagName[1]), text(node)]),
    notices: all(".notice").map(text),
    warnings: all(".warning").map(text),
    // Without the buttons that a script adds.
    main: words(document.body, "main :not(button)"),
    // Without what somebody else wrote, which may well look like markup.
    own: words(document.body, ":not(pre, pre *, .card *)"),
    places: all("header nav a").map(link => [text(link), link.getAttribute("href"), link.getAttribute("aria-current")]),
    session: text(document.querySelector(".session")),
    tiles: Object.fromEntries(all(".tile").map(tile => [text(tile.querySelector(".name")),
      { ...value(tile.querySelector(".value")), note: text(tile.querySelector(".note")) }])),
    facts: Object.fromEntries(all(".facts > div").map(fact => [text(fact.querySelector("dt")), value(fact.querySelector("dd"))])),
    tables: all("table").map(table => ({
      label: table.closest("[aria-label]")?.getAttribute("aria-label") ?? "",
      head: all("thead th", table).map(text),
      rows: [...table.tBodies].flatMap(body => [...body.rows]).map(row => [...row.cells].map(value)),
    })),
    pictures: all("svg.picture").map(picture => ({
      label: picture.getAttribute("aria-label"),
      shapes: countBy(all("rect, circle, path", picture).map(shape => `${shape.tagName} ${shape.getAttribute("class") ?? ""}`.trim())),
      texts: all("text", picture).map(text),
      points: all("circle", picture).map(ownTitle),
      groups: all("g[class]", picture).map(group => ({
        style: group.getAttribute("class"), title: ownTitle(group), texts: all("text", group).map(text),
        link: group.closest("a")?.getAttribute("href") ?? null,
      })),
    })),
    captions: all("figcaption").map(text),
    commands: all(".command").map(command => [text(command.querySelector(".name")), command.querySelector("code").textContent]),
    changes: all("pre.diff").map(change => ({
      label: change.getAttribute("aria-label"),
      lines: all("span", change).map(line => [line.className, line.textContent]),
    })),
    forms: all("form").map(form => ({
      action: form.getAttribute("action"), method: form.getAttribute("method"), fields: all("[name]", form).map(field => field.name),
      options: all("option", form).map(text),
    })),
    links: all("a[href]").map(link => link.getAttribute("href")),
    images: all("img").map(image => [image.getAttribute("src"), image.naturalWidth]),
    card: document.querySelector(".card")?.innerHTML ?? null,
    cardTags: countBy(all(".card *").map(node => node.tagName.toLowerCase())),
  };
}
