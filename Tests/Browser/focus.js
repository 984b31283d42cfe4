// What can have the keyboard's focus, and whether one sees when it has it: an outline of at least 2 px with a contrast of 3 to the page.
// Fields and buttons have to be seen without it too.
() => {
  const parts = color => color.match(/[\d.]+/g).map(Number);
  const luminance = color => parts(color).slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const background = node => {
    for (let at = node; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (parts(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const problems = {};
  const nodes = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
    .filter(node => node.checkVisibility());
  for (const node of nodes) {
    node.focus({ focusVisible: true, preventScroll: true });
    const say = what => (problems[what] ??= []).push(node.outerHTML.slice(0, 120));
    if (document.activeElement !== node) { say("it cannot be focused"); continue; }
    const style = getComputedStyle(node);
    const width = parseFloat(style.outlineWidth);
    if (style.outlineStyle === "none" || !(width >= 2)) { say("nothing shows that it has the focus"); continue; }
    const found = contrast(style.outlineColor, background(node.parentElement));
    if (found < 3) say(`the contrast of its outline is ${found.toFixed(2)}`);
    if (node.matches("input, select, button")) {
      const edge = Math.max(...[style.borderTopColor, style.backgroundColor].map(color => contrast(color, background(node.parentElement))));
      if (edge < 3) say(`what bounds it has a contrast of ${edge.toFixed(2)}`);
    }
    // What is scrolled sideways cuts off what stands out of it.
    const box = node.getBoundingClientRect(), out = width + parseFloat(style.outlineOffset);
    const scroller = node.parentElement.closest(".scroll, pre");
    if (scroller) {
      const frame = scroller.getBoundingClientRect();
      const cut = [frame.left - (box.left - out), frame.top - (box.top - out), box.bottom + out - frame.bottom].map(by => by > 0.5);
      if (cut.filter(Boolean).length > 0) {
        say(`its outline is cut off ${["on the left", "above", "below"].filter((_, index) => cut[index]).join(", ")}`);
      }
    }
  }
  document.activeElement?.blur();
  return { problems, count: nodes.length };
}
