// One picture by itself: how it was made, what belongs to it, and what can be done with it.

import { ask, h, say } from "../site/site.js";

const $ = (id) => document.getElementById(id);
const dialog = $("picture");
const dates = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
let page = { words: {}, list: () => [] };
let shown = null;
let place = 0;
let latest = 0; // of several answers the one to the last question counts
let from = null;
const title = document.title;

export const set = (given) => (page = given);

/** Shows what the page's address names behind its #, or nothing. */
export async function follow() {
  const asked = ++latest;
  const [, job, n] = location.hash.match(/^#([0-9a-f]{32})\/(\d+)$/) ?? [];
  if (!job) {
    if (dialog.open) dialog.close();
    return;
  }
  if (shown?.job === job) {
    place = Number(n);
    return draw();
  }
  from ??= document.activeElement;
  const answer = await ask(`pictures/${job}`);
  if (asked !== latest) return;
  if (!answer.ok) {
    say(answer.said, true);
    return leave();
  }
  shown = answer;
  place = Number(n);
  draw();
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

function leave() {
  latest += 1;
  history.replaceState(null, "", location.pathname + location.search);
  shown = null;
}

export function close() {
  if (dialog.open) dialog.close();
}

/** Draws what is shown once more, as somebody's name is known now. */
export function again() {
  if (dialog.open && shown) draw();
}

export function gone(job) {
  page.gone(job);
}

// What stands there

function draw() {
  const { words } = page;
  const one = shown.pictures.find((it) => it.n === place) ?? shown.pictures[0];
  place = one.n;
  const image = h("img.large", { src: `large/${one.sha256}`, alt: shown.alt, width: one.width, height: one.height });
  const numbers = shown.pictures.length > 1 && h("div.numbers", {}, shown.pictures.map(number));
  $("shown").replaceChildren(h("div", {}, image, numbers), facts(one));
  $("newer").disabled = !beside(-1);
  $("older").disabled = !beside(1);
  document.title = `${shown.prompt.slice(0, 60)} · Easel`;

  function number(it) {
    const label = words.picture.replace("{n}", it.n + 1).replace("{count}", shown.pictures.length);
    const here = it.n === place ? "page" : null;
    return h("button", { type: "button", "aria-label": label, "aria-current": here, onclick: () => go(shown.job, it.n) }, String(it.n + 1));
  }
}

function facts(one) {
  const { words } = page;
  const written = [shown.prompt, shown.flags].filter(Boolean).join(" ");
  return h(
    "div.facts",
    {},
    h("h2", { id: "words" }, shown.did ? `${shown.did}: ${shown.prompt}` : shown.prompt),
    shown.flags && h("p.flags", {}, shown.flags),
    h("p.settings", {}, shown.settings),
    h("p.settings", {}, dates.format(shown.at * 1000)),
    !shown.own && h("p.settings", {}, `${words.by} ${page.nameOf(shown.person)} `, h("button", { type: "button", onclick: () => page.only(shown.person) }, words.only)),
    h(
      "div.acts",
      {},
      h("button.main", { type: "button", onclick: (event) => copy(written, event.target) }, words.copy),
      star(one),
      h("a", { href: `keep/${shown.job}/${one.n}`, download: "" }, words.keep),
      shown.own && h("button.bad", { type: "button", onclick: remove }, words.delete),
    ),
    shown.own && shown.server && hiding(),
    shown.own && sharing(one),
    shown.lineage.length > 0 && h("details", { open: true }, h("summary", {}, words.lineage), tree(), h("button", { type: "button", onclick: () => page.together(shown.job) }, words.together)),
    h("p.said", { id: "told", role: "status" }),
  );
}

function tell(text, refused = false) {
  const told = $("told");
  told.classList.toggle("refused", refused);
  told.textContent = text;
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    tell(page.words.copied);
  } catch {
    // Not allowed here: then it is chosen, to be copied by hand.
    getSelection().selectAllChildren($("words"));
  }
  button.focus();
}

function star(one) {
  const button = h("button", { type: "button", "aria-pressed": String(one.marked) }, `★ ${page.words.mark}`);
  const { job } = shown;
  button.addEventListener("click", async () => {
    const answer = await ask("mark", { job, n: one.n, on: !one.marked });
    if (!answer.ok) return tell(answer.said, true);
    one.marked = !one.marked;
    button.setAttribute("aria-pressed", String(one.marked));
    for (const drawing of page.list().filter((it) => it.job === job)) {
      drawing.pictures.find((it) => it.n === one.n).marked = one.marked;
      page.changed(drawing);
    }
  });
  return button;
}

function hiding() {
  const drawing = shown;
  const box = h("input", { type: "checkbox", checked: drawing.private });
  box.addEventListener("change", async () => {
    const answer = await ask("private", { job: drawing.job, on: box.checked });
    if (!answer.ok) {
      box.checked = !box.checked;
      return tell(answer.said, true);
    }
    drawing.private = box.checked;
  });
  return h("label.check", {}, box, page.words.private);
}

async function remove() {
  if (!confirm(page.words.sure)) return;
  const { job } = shown;
  const answer = await ask("delete", { jobs: [job] });
  if (!answer.ok) return tell(answer.said, true);
  close();
  page.gone(job);
  say(page.words.deleted.replace("{count}", answer.deleted));
}

// Links

function sharing(one) {
  const { words } = page;
  const days = h("select", {}, page.lives.map((life) => h("option", { value: life, selected: life === 7 }, String(life))));
  const tells = h("input", { type: "checkbox", checked: true });
  const made = h("div", { hidden: true });
  const make = h("button", { type: "button" }, words.make_link);
  const known = h("ul.links", { role: "list" }, shown.links.map(link));
  make.addEventListener("click", async () => {
    const answer = await ask("share", { job: shown.job, n: one.n, days: Number(days.value), recipe: tells.checked });
    if (!answer.ok) return tell(answer.said, true);
    const field = h("input", { readOnly: true, value: answer.url, "aria-label": words.link });
    made.replaceChildren(h("p", {}, words.link), field);
    made.hidden = false;
    field.select();
    const again = await ask(`pictures/${shown.job}`);
    if (again.ok) known.replaceChildren(...(shown.links = again.links).map(link));
  });
  return h(
    "details",
    {},
    h("summary", {}, words.share),
    h("div.share", {}, h("label.check", {}, words.days, days), h("label.check", {}, tells, words.tell), make, made, known),
  );

  function link(it) {
    const end = words.until.replace("{date}", dates.format(it.until * 1000));
    const item = h("li", {}, `${it.n + 1} · ${end}`, h("button", { type: "button", onclick: revoke }, words.revoke));
    return item;

    async function revoke() {
      const answer = await ask("revoke", { id: it.id });
      if (!answer.ok) return tell(answer.said, true);
      shown.links = shown.links.filter((other) => other.id !== it.id);
      item.remove();
      tell(words.revoked);
    }
  }
}

// What it was made of, and what was made of it

function tree() {
  const nodes = shown.lineage;
  const branch = (parent) =>
    nodes.flatMap((node, at) => {
      if (node.parent !== parent) return [];
      const below = branch(at);
      return h(
        "li",
        {},
        h("a", { href: `#${node.job}/0`, "aria-current": node.job === shown.job ? "page" : null }, h("img", { src: `small/${node.sha256}`, alt: "", loading: "lazy" }), node.said),
        below.length > 0 && h("ul", {}, below),
      );
    });
  return h("ul.tree", {}, branch(null));
}

// Going on

/** The picture before or after this one in the list; null at its ends. */
function beside(step) {
  const all = page.list().flatMap((drawing) => drawing.pictures.map((one) => [drawing.job, one.n]));
  const here = all.findIndex(([job, n]) => job === shown.job && n === place);
  if (here > all.length - 5) page.more();
  return here < 0 ? null : (all[here + step] ?? null);
}

function go(job, n) {
  // One entry of the browser's history for the dialog, however far one goes in it.
  history.replaceState(null, "", `#${job}/${n}`);
  follow();
}

function step(by) {
  const next = shown && beside(by);
  if (next) go(...next);
}

$("newer").addEventListener("click", () => step(-1));
$("older").addEventListener("click", () => step(1));
$("close").addEventListener("click", close);
dialog.addEventListener("click", (event) => event.target === dialog && close());
dialog.addEventListener("close", () => {
  // Where one looked last; it may have been drawn anew meanwhile.
  const cell = shown && document.querySelector(`.cell[data-job="${shown.job}"][data-n="${place}"] a`);
  if (location.hash) leave();
  document.title = title;
  (cell ?? from)?.focus?.();
  shown = from = null;
});
dialog.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea") || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});
addEventListener("hashchange", follow);
