/** The list above the input: commands, choices, people; the focus stays where one types. */

import { $, announce, h } from "./dom.js";

const node = $("#suggestions");
let options = [];
let at = -1;
let input = null;

/**
 * Shows suggestions for an input.
 * @param {HTMLElement} box has the focus and keeps it
 * @param {Array<{label: string, note?: string, lead?: Node, does: () => void}>} found
 * @param {string} heading
 */
export function suggest(box, found, heading) {
  if (!found.length) return hide();
  input = box;
  options = found;
  const make = (option, i) =>
    h(
      "div.option",
      {
        role: "option",
        id: `suggestion-${i}`,
        "aria-selected": "false",
        onclick: () => pick(i),
      },
      option.lead ?? null,
      h("span", {}, option.label, option.note && h("small", {}, option.note)),
    );
  node.replaceChildren(h("p", { role: "presentation" }, heading), ...options.map(make));
  node.hidden = false;
  announce(`${found.length} in the list ${heading}`);
  move(0, 0);
  return undefined;
}

// The list may be scrolled and pressed, but one goes on typing where one typed.
node.addEventListener("mousedown", (event) => event.preventDefault());

export function hide() {
  node.hidden = true;
  options = [];
  at = -1;
  input?.removeAttribute("aria-activedescendant");
}

export const shown = () => !node.hidden;

export function move(by, to = (at + by + options.length) % options.length) {
  at = to;
  for (const [i, each] of [...node.querySelectorAll(".option")].entries()) {
    each.setAttribute("aria-selected", String(i === at));
    if (i === at) each.scrollIntoView({ block: "nearest" });
  }
  input.setAttribute("aria-activedescendant", `suggestion-${at}`);
}

export function pick(index = at) {
  const chosen = options[index];
  hide();
  chosen?.does();
}

/** Lets the open list have a key; true if it took it. */
export function takes(event) {
  if (!shown() || event.isComposing) return false;
  const does = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Tab: () => pick(),
    Enter: () => pick(),
    Escape: hide,
  }[event.key];
  if (!does || event.shiftKey) return false;
  event.preventDefault();
  event.stopPropagation();
  does();
  return true;
}
