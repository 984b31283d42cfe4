// What the Tab key is to reach in the main part of a page, in this order, and what has the focus now.
() => {
  const told = node => node.outerHTML.slice(0, 120);
  const reachable = [..."a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']".split(", ")]
    .map(kind => `main ${kind}`).join(", ");
  const active = document.activeElement;
  const box = active.getBoundingClientRect();
  return {
    expected: [...document.querySelectorAll(reachable)].filter(node => node.checkVisibility()).map(told),
    active: told(active),
    style: active.className,
    isMain: active.tagName === "MAIN",
    isInMain: active.closest("main") !== null,
    isOnScreen: box.left >= 0 && box.top >= 0 && box.width > 20,
    isSeen: active.matches(":focus-visible") && getComputedStyle(active).outlineStyle !== "none",
  };
}
