/** Building elements: the only way in which text gets onto the page is as text. */

/**
 * Builds an element.
 * @param {string} tag tag name, with classes after dots ("p.hint.small")
 * @param {object} attributes functions named on… listen; `style` takes CSS variables; `data` a data set
 * @param {...(Node|string|null|false|Array)} children text is put in as text
 */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  element.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return element;
}

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "data") Object.assign(element.dataset, value);
  else if (key === "style") for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
  else element.setAttribute(key, value === true ? "" : value);
}

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const STROKES = {
  at: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0v1.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-4 7.5",
  bolt: "M13 3 5 13.5h6L10 21l8-10.5h-6z",
  code: "m8 7-5 5 5 5M16 7l5 5-5 5",
  check: "m5 12.5 4.5 4.5L19 7",
  chevron: "m6 9.5 6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  dots: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  down: "M12 4v14m-6-6 6 6 6-6",
  download: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  globe: "M12 3a9 9 0 100 18 9 9 0 000-18M3 12h18M12 3c3.5 4 3.5 14 0 18M12 3c-3.5 4-3.5 14 0 18",
  external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM14.5 12a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  file: "M14 3H6v18h12V7zM14 3v4h4",
  hash: "M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16",
  help: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM9.5 9.5a2.5 2.5 0 1 1 3.7 2.2c-.8.4-1.2 1-1.2 1.8M12 16.8h.01",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
  left: "m15 5-7 7 7 7",
  menu: "M4 6.5h16M4 12h16M4 17.5h16",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
  plus: "M12 5v14M5 12h14",
  reply: "M9 6 4 11l5 5M4 11h10a6 6 0 0 1 6 6v1",
  right: "m9 5 7 7-7 7",
  send: "M4 12 3.5 4.5 21 12 3.5 19.5zM4 12h8",
  smile: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
  sun: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10.5 11v5M13.5 11v5",
  warning: "M12 4 2.5 20h19zM12 10v4.5M12 17.3h.01",
};

/** One of the page's own line icons. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", STROKES[name]);
  svg.append(path);
  return svg;
}

/** A person's round picture: the first letter on their colour; the bot has its easel. */
export function avatar(user) {
  if (user.bot) return h("img.avatar", { src: "/page/icon.svg", alt: "" });
  const letter = [...user.name][0]?.toUpperCase() ?? "?";
  return h("span.avatar", { style: { "--of": user.color }, "aria-hidden": "true" }, letter);
}

/** A file's address on this page's own origin, by whatever name the page was opened. */
export function local(url) {
  const parsed = new URL(url, location.href);
  return /^\/attachments\/\d+\/\d+\//.test(parsed.pathname) ? parsed.pathname + parsed.search : parsed.href;
}

export function bytes(count) {
  const units = ["bytes", "KB", "MB", "GB"];
  const step = count < 1 ? 0 : Math.min(3, Math.floor(Math.log2(count) / 10));
  return `${(count / 1024 ** step).toFixed(step ? 2 : 0)} ${units[step]}`;
}

/** Shows a sentence for a few seconds. */
export function toast(text) {
  const note = h("p", {}, icon("warning"), text);
  $("#toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

/** Tells people who listen to the page rather than look at it. */
export function announce(text) {
  $("#announcer").textContent = text;
}

export const touch = () => matchMedia("(pointer: coarse)").matches;
