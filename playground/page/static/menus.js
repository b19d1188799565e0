/** What opens beside something: menus, lists to choose from, the emoji picker. */

import { $, $$, h, icon } from "./dom.js";

const GAP = 6;
let current = null;

/** Closes whatever is open. */
export function closePopup() {
  current?.close();
}

/**
 * Opens a node beside an element or a point; it closes on Esc, on a press elsewhere, and when the
 * focus leaves. Inside a dialog it belongs to that dialog.
 * @param {Element|{x: number, y: number, from: Element}} place
 * @returns {() => void} closes it and gives the focus back
 */
function popup(place, node, closed = () => {}) {
  closePopup();
  const from = place.from ?? place;
  const home = from.closest?.("dialog") ?? $("main");
  const opener = document.activeElement;
  node.classList.add("popup");
  home.append(node);
  position(place, node);
  const outside = (event) => {
    if (!node.contains(event.target) && !from.contains(event.target)) close(false);
  };
  const escape = (event) => {
    if (event.key !== "Escape" && event.key !== "Tab") return;
    if (event.key === "Escape") event.preventDefault();
    event.stopPropagation();
    close();
  };
  node.addEventListener("keydown", escape);
  document.addEventListener("pointerdown", outside, true);
  from.setAttribute?.("aria-expanded", "true");
  function close(refocus = true) {
    if (current?.node !== node) return;
    current = null;
    document.removeEventListener("pointerdown", outside, true);
    node.remove();
    if (from.hasAttribute?.("aria-expanded")) from.setAttribute("aria-expanded", "false");
    if (refocus && opener?.isConnected) opener.focus({ preventScroll: true });
    closed();
  }
  current = { node, close };
  return close;
}

function position(place, node) {
  const at = place.from ? new DOMRect(place.x, place.y, 0, 0) : place.getBoundingClientRect();
  const { width, height } = node.getBoundingClientRect();
  const [across, down] = [document.documentElement.clientWidth, innerHeight];
  const left = Math.max(GAP, Math.min(at.left, across - width - GAP));
  const below = at.bottom + GAP + height <= down || at.top < height + GAP;
  const top = below ? Math.min(at.bottom + GAP, down - height - GAP) : at.top - height - GAP;
  node.style.setProperty("--left", `${left}px`);
  node.style.setProperty("--top", `${Math.max(GAP, top)}px`);
}

/** Arrow keys, Home and End move the focus among `entries`. */
export function rove(node, selector, columns = 1) {
  node.addEventListener("keydown", (event) => {
    const entries = $$(selector, node);
    const at = entries.indexOf(document.activeElement);
    const steps = {
      ArrowDown: columns,
      ArrowUp: -columns,
      ...(columns > 1 && { ArrowRight: 1, ArrowLeft: -1 }),
    };
    const aim =
      { Home: 0, End: entries.length - 1 }[event.key] ?? (event.key in steps ? at + steps[event.key] : null);
    if (aim === null || !entries.length) return;
    event.preventDefault();
    entries[(aim + entries.length) % entries.length].focus();
  });
}

/**
 * Opens a menu.
 * @param {Array<null|{label: string, icon?: string, does: Function, danger?: boolean, checked?: boolean, lead?: Node, note?: string}>} items null draws a line
 */
export function menu(place, items, label) {
  const make = (item) => {
    if (!item) return h("hr");
    const choice = item.checked === undefined ? {} : { "aria-checked": String(item.checked) };
    return h(
      item.danger ? "button.danger" : "button",
      {
        type: "button",
        role: item.checked === undefined ? "menuitem" : "menuitemradio",
        ...choice,
        onclick: () => (close(), item.does()),
      },
      item.lead ?? null,
      h("span", {}, item.label, item.note && h("small", {}, item.note)),
      item.checked ? icon("check") : item.icon && icon(item.icon),
    );
  };
  const node = h("div.menu", { role: "menu", "aria-label": label }, items.map(make));
  rove(node, "button");
  const close = popup(place, node);
  node.querySelector("button")?.focus();
}

/**
 * Opens a list to choose from.
 * @param {Array<{label: string, value: string, description?: string, lead?: Node|string}>} options
 * @param {{chosen: string[], least: number, most: number, done: (values: string[]) => void}} rules
 *   with more than one allowed the choice is made when the list closes
 */
export function chooser(place, options, { chosen, least, most, done, label }) {
  const picked = new Set(chosen);
  const many = most > 1;
  const toggle = (value, entry) => {
    // What shows as chosen is sent no second time, as by Discord's client.
    if (!many) return (close(), (!picked.has(value) || !least) && done(picked.has(value) ? [] : [value]));
    if (picked.has(value)) picked.delete(value);
    else if (picked.size < most) picked.add(value);
    entry.setAttribute("aria-selected", String(picked.has(value)));
  };
  const make = (option) =>
    h(
      "button",
      {
        type: "button",
        role: "option",
        "aria-selected": String(picked.has(option.value)),
        data: { value: option.value },
        onclick: (event) => toggle(option.value, event.currentTarget),
      },
      option.lead ?? null,
      h("span", {}, option.label, option.description && h("small", {}, option.description)),
      icon("check"),
    );
  const node = h(
    "div.menu.chooser",
    { role: "listbox", "aria-label": label, "aria-multiselectable": String(many) },
    options.map(make),
  );
  rove(node, "button");
  const before = [...picked].join();
  const close = popup(place, node, () => {
    if (many && [...picked].join() !== before && picked.size >= least) done([...picked]);
  });
  (node.querySelector('[aria-selected="true"]') ?? node.querySelector("button"))?.focus();
}

const EMOJI = [
  ["👍", "thumbs up"],
  ["❤️", "heart"],
  ["😂", "laughing"],
  ["🎉", "party"],
  ["😍", "in love"],
  ["🔥", "fire"],
  ["⭐", "star"],
  ["👀", "eyes"],
  ["✉️", "envelope"],
  ["❌", "cross mark"],
  ["✅", "check mark"],
  ["🔍", "magnifying glass"],
  ["🔄", "arrows in a circle"],
  ["🗑️", "waste basket"],
  ["➕", "plus"],
  ["❓", "question mark"],
  ["🎨", "palette"],
  ["🖼️", "framed picture"],
  ["✨", "sparkles"],
  ["🌈", "rainbow"],
  ["🍎", "red apple"],
  ["🐈", "cat"],
  ["🐕", "dog"],
  ["🌸", "blossom"],
  ["😀", "grinning"],
  ["😎", "cool"],
  ["🤔", "thinking"],
  ["😮", "astonished"],
  ["😢", "crying"],
  ["😡", "angry"],
  ["👎", "thumbs down"],
  ["🙏", "thank you"],
  ["1️⃣", "one"],
  ["2️⃣", "two"],
  ["3️⃣", "three"],
  ["4️⃣", "four"],
  ["💯", "hundred"],
  ["🚀", "rocket"],
  ["💡", "idea"],
  ["👏", "clapping"],
];

/** Opens the emoji picker. */
export function pickEmoji(place, done) {
  const make = ([emoji, name]) =>
    h(
      "button",
      { type: "button", "aria-label": name, title: name, onclick: () => (close(), done(emoji)) },
      emoji,
    );
  const node = h("div.emojis", { role: "group", "aria-label": "Pick a reaction" }, EMOJI.map(make));
  rove(node, "button", 8);
  const close = popup(place, node);
  node.querySelector("button").focus();
}
