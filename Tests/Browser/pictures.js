// What is wrong with the pictures of a page, or with a picture that is a document: accessibility checkers look at no SVG.
// Every text has to have a contrast of 4.5 to what lies behind each of its letters, every bar, line and dot one of 3; no text
// leaves the picture, the box or the cell that it is in, and none lies over another.
() => {
  const TEXT = 4.5, SHAPE = 3;
  const parse = color => {
    const parts = color.match(/[\d.]+/g)?.map(Number) ?? [];
    return color === "none" || color === "transparent" || parts[3] === 0 ? null : parts.slice(0, 3);
  };
  const luminance = rgb => rgb.map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const paint = (node, name) => parse(getComputedStyle(node)[name]);
  const background = node => {
    for (let at = node; at instanceof Element; at = at.parentElement) {
      const color = paint(at, "backgroundColor");
      if (color) return color;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const holds = (box, x, y, margin = 0) =>
    x >= box.left - margin && x <= box.right + margin && y >= box.top - margin && y <= box.bottom + margin;
  const problems = [];
  let texts = 0, shapes = 0;
  const pictures = document.documentElement.matches("svg") ? [document.documentElement] : [...document.querySelectorAll("svg.picture")];
  for (const picture of pictures) {
    if (picture.getBoundingClientRect().width === 0) continue;
    const name = picture.getAttribute("aria-label") ?? picture.querySelector("title")?.textContent;
    const say = (node, what) => problems.push(`"${node.textContent.trim().slice(0, 60)}" in the picture "${name}": ${what}`);
    const frame = picture.getBoundingClientRect();
    const page = background(picture);
    const nodes = [...picture.querySelectorAll("rect, circle, path, line, text")];
    const boxes = new Map(nodes.map(node => [node, node.getBoundingClientRect()]));
    const filled = nodes.filter(node => node.tagName === "rect" || node.tagName === "circle").map(node => [node, paint(node, "fill")]);
    const behind = (node, x, y) => {
      let color = page;
      for (const [shape, fill] of filled) {
        if (fill && holds(boxes.get(shape), x, y) && shape.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING) color = fill;
      }
      return color;
    };
    const straight = [];
    for (const node of nodes) {
      if (node.tagName !== "text") {
        const kind = node.getAttribute("class") ?? "";
        if (!/\b(bar|line|dot|edge)\b/.test(kind)) continue;
        shapes += 1;
        const color = paint(node, /\b(line|edge)\b/.test(kind) ? "stroke" : "fill");
        const found = color ? contrast(color, page) : 1;
        if (found < SHAPE) say(node, `the contrast of a ${node.tagName} of the class "${kind}" is ${found.toFixed(2)}, less than ${SHAPE}`);
        continue;
      }
      if (!node.textContent.trim()) continue;
      texts += 1;
      const color = paint(node, "fill");
      if (!color || Number(getComputedStyle(node).opacity) < 1) { say(node, "it has no colour, or is seen through"); continue; }
      const toScreen = node.getScreenCTM();
      const letters = [...Array(node.getNumberOfChars()).keys()].map(index => node.getExtentOfChar(index))
        .filter(letter => letter.width > 0);
      const place = (x, y) => new DOMPoint(x, y).matrixTransform(toScreen);
      const middles = letters.map(letter => place(letter.x + letter.width / 2, letter.y + letter.height / 2));
      const least = Math.min(...middles.map(at => contrast(color, behind(node, at.x, at.y))));
      if (least < TEXT) say(node, `the contrast is ${least.toFixed(2)}, less than ${TEXT}`);
      // Ascenders and descenders need no more than the middle of a letter's box.
      const corners = letters.flatMap(({ x, y, width, height }) => [place(x, y + height * 0.2), place(x + width, y + height * 0.8)]);
      if (!corners.every(at => holds(frame, at.x, at.y, 0.5))) say(node, "it leaves the picture, which cuts it off");
      const group = node.parentElement;
      const around = group.matches(".box, [class^=heat]") ? boxes.get(group.querySelector("rect")) : null;
      if (around && !corners.every(at => holds(around, at.x, at.y, 0))) say(node, "it leaves its box");
      if (!node.hasAttribute("transform")) straight.push([node, boxes.get(node)]);
    }
    straight.forEach(([one, box], index) => {
      for (const [other, others] of straight.slice(index + 1)) {
        const wide = Math.min(box.right, others.right) - Math.max(box.left, others.left);
        const high = Math.min(box.bottom, others.bottom) - Math.max(box.top, others.top);
        if (wide > 1 && high > Math.min(box.height, others.height) * 0.35) say(one, `it lies over "${other.textContent.trim()}"`);
      }
    });
  }
  return { problems, texts, shapes };
}
