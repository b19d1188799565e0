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

/** Writes somebody's name where it was not known yet; what else is open stays so. */
export function name() {
  for (const it of $("shown").querySelectorAll("[data-person]")) it.textContent = page.nameOf(it.dataset.person);
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
    const label = pictureName(it.n);
    const here = it.n === place ? "page" : null;
    return h("button", { type: "button", "aria-label": label, "aria-current": here, onclick: () => go(shown.job, it.n) }, String(it.n + 1));
  }
}

const pictureName = (n) => page.words.picture.replace("{n}", n + 1).replace("{count}", shown.pictures.length);

function facts(one) {
  const { words } = page;
  // Of a sheet each picture has its own.
  const { prompt, flags } = { ...shown, ...one };
  const written = [prompt, flags].filter(Boolean).join(" ");
  return h(
    "div.facts",
    {},
    h("h2", { id: "words", dir: "auto" }, shown.did && `${shown.did}: `, h("bdi", {}, prompt)),
    flags && h("p.flags", {}, flags),
    h("p.settings", {}, shown.settings),
    h("p.settings", {}, dates.format(shown.at * 1000)),
    !shown.own && h("p.settings", {}, `${words.by} `, h("bdi", { data: { person: shown.person } }, page.nameOf(shown.person)), " ", h("button", { type: "button", onclick: () => page.only(shown.person) }, words.only)),
    h(
      "div.acts",
      {},
      h("button.main", { type: "button", onclick: (event) => copy(written, event.target, words.copied) }, words.copy),
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

/** Says what came of something, unless another picture is shown by now. */
function tell(drawing, text, refused = false) {
  if (shown !== drawing) return;
  const told = $("told");
  told.classList.toggle("refused", refused);
  told.textContent = text;
}

async function copy(text, button, said) {
  const drawing = shown;
  document.querySelector(".by-hand")?.remove();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not allowed, or no address of HTTPS.
    if (!copyOf(text, button)) return;
  }
  tell(drawing, said);
  button.focus();
}

/** The old way to copy; where it does not work either, the text stays there, chosen. */
function copyOf(text, button) {
  const field = h("textarea.by-hand", { value: text, readOnly: true, "aria-label": button.textContent });
  button.parentElement.append(field);
  field.select();
  const copied = document.execCommand("copy");
  if (copied) field.remove();
  return copied;
}

function star(one) {
  const button = h("button", { type: "button", "aria-pressed": String(one.marked) }, `★ ${page.words.mark}`);
  const drawing = shown;
  const { job } = drawing;
  button.addEventListener("click", async () => {
    const answer = await ask("mark", { job, n: one.n, on: !one.marked });
    if (!answer.ok) return tell(drawing, answer.said, true);
    one.marked = !one.marked;
    button.setAttribute("aria-pressed", String(one.marked));
    for (const listed of page.list().filter((it) => it.job === job)) {
      const same = listed.pictures.find((it) => it.n === one.n);
      if (!same) continue;
      same.marked = one.marked;
      page.changed(listed);
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
      return tell(drawing, answer.said, true);
    }
    drawing.private = box.checked;
  });
  return h("label.check", {}, box, page.words.private);
}

async function remove() {
  if (!confirm(page.words.sure)) return;
  const drawing = shown;
  const { job } = drawing;
  const answer = await ask("delete", { jobs: [job] });
  if (!answer.ok) return tell(drawing, answer.said, true);
  if (shown === drawing) close();
  page.gone(job);
  say(page.words.deleted.replace("{count}", answer.deleted));
}

// Links

function sharing(one) {
  const { words } = page;
  const drawing = shown;
  const days = h("select", {}, page.lives.map((life) => h("option", { value: life, selected: life === 7 }, String(life))));
  const tells = h("input", { type: "checkbox", checked: true });
  const made = h("div.made", { hidden: true });
  const make = h("button", { type: "button" }, words.make_link);
  const known = h("ul.links", { role: "list" }, drawing.links.map(link));
  make.addEventListener("click", async () => {
    const answer = await ask("share", { job: drawing.job, n: one.n, days: Number(days.value), recipe: tells.checked });
    if (!answer.ok) return tell(drawing, answer.said, true);
    const field = h("input", { readOnly: true, value: answer.url, "aria-label": words.link });
    const take = (event) => copy(answer.url, event.target, words.link_copied);
    made.replaceChildren(h("p", {}, words.link), field, h("button", { type: "button", onclick: take }, words.copy_link));
    made.hidden = false;
    field.select();
    const again = await ask(`pictures/${drawing.job}`);
    if (again.ok) known.replaceChildren(...(drawing.links = again.links).map(link));
  });
  return h(
    "details",
    {},
    h("summary", {}, words.share),
    h("div.share", {}, h("label.check", {}, words.days, days), h("label.check", {}, tells, words.tell), make, made, known),
  );

  function link(it) {
    const end = words.until.replace("{date}", dates.format(it.until * 1000));
    const item = h("li", {}, `${pictureName(it.n)} · ${end}`, h("button", { type: "button", onclick: revoke }, words.revoke));
    return item;

    async function revoke() {
      const answer = await ask("revoke", { id: it.id });
      if (!answer.ok) return tell(drawing, answer.said, true);
      drawing.links = drawing.links.filter((other) => other.id !== it.id);
      item.remove();
      tell(drawing, words.revoked);
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
        h("a", { href: `#${node.job}/0`, "aria-current": node.job === shown.job ? "page" : null }, h("img", { src: `small/${node.sha256}`, alt: "", loading: "lazy" }), h("bdi", {}, node.said)),
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
