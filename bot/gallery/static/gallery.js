// The gallery: pictures by days, found by words and flags, more of them as one scrolls.

import { ask, h, say } from "../site/site.js";
import * as picture from "./picture.js";
import * as selection from "./selection.js";

const $ = (id) => document.getElementById(id);
const given = JSON.parse(document.body.dataset.given);
const words = given.words;
const PAUSE = 300; // milliseconds of quiet after which what is typed is searched for

const FIELDS = ["q", "model", "since", "until"];
const state = { scope: "mine", person: "", of: "", next: null, asked: 0, names: new Map(), drawings: [] };

/** The address of what is wanted, in the page's own address, too, so that Back comes back. */
function wanted() {
  const all = { scope: state.scope, person: state.person, of: state.of };
  for (const field of FIELDS) all[field] = $(field).value.trim();
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value));
}

/** What else is wanted than what the fields say; a press takes it back. */
function drawChips() {
  $("person").hidden = !state.person;
  $("person").textContent = `${words.only}: ${nameOf(state.person)} ✕`;
  $("of").hidden = !state.of;
  $("of").textContent = `${words.lineage} ✕`;
}

function query(before) {
  const asked = wanted();
  // A day is a day where one is.
  if (asked.has("since")) asked.set("since", new Date(`${asked.get("since")}T00:00`) / 1000);
  if (asked.has("until")) {
    const end = new Date(`${asked.get("until")}T00:00`);
    end.setDate(end.getDate() + 1);
    asked.set("until", end / 1000);
  }
  if (before) asked.set("before", before);
  return asked;
}

/** What is wanted, from the first page on. */
async function begin() {
  history.replaceState(null, "", `?${wanted()}${location.hash}`);
  for (const button of $("scopes").children) {
    const here = button.dataset.scope === state.scope;
    if (here) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  drawChips();
  selection.clear();
  state.drawings = [];
  state.next = null;
  $("main").setAttribute("aria-busy", "true");
  await load(true);
  $("main").removeAttribute("aria-busy");
}

/** One page more. */
async function load(first = false) {
  const turn = first ? ++state.asked : state.asked;
  const before = state.next;
  state.next = null;
  $("more").disabled = true;
  const answer = await ask(`pictures?${query(before)}`);
  // Something else is wanted by now.
  if (turn !== state.asked) return;
  $("more").disabled = false;
  if (!answer.ok) {
    state.next = before;
    $("more").hidden = false;
    return say(answer.said, true);
  }
  if (first) $("days").replaceChildren();
  state.next = answer.next;
  for (const drawing of answer.drawings) {
    drawing.count = drawing.pictures.length;
    // Favourites are pictures: those beside them were not marked.
    if (state.scope === "marked" && !state.of) drawing.pictures = drawing.pictures.filter((one) => one.marked);
    state.drawings.push(drawing);
    add(drawing);
  }
  const searched = FIELDS.some((field) => $(field).value);
  const empty = !state.drawings.length && !answer.next;
  say(empty ? (searched ? words.nothing_found : words.none) : "");
  $("more").hidden = !state.next;
  name(answer.drawings);
  // A tall window shows the end of a short page, which no scrolling reaches.
  if (state.next && near()) load();
}

const near = () => $("more").getBoundingClientRect().top < innerHeight + 600;

// Days

const dayNames = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full" });

function nameDay(date) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  return days === 0 ? words.today : days === 1 ? words.yesterday : dayNames.format(date);
}

function rowOf(at) {
  const date = new Date(at * 1000);
  const day = date.toLocaleDateString("sv");
  const last = $("days").lastElementChild;
  if (last?.dataset.day === day) return last.querySelector("ul");
  const row = h("ul.row", { role: "list" });
  $("days").append(h("section.day", { data: { day }, "aria-labelledby": `day-${day}` }, h("h2", { id: `day-${day}` }, nameDay(date)), row));
  return row;
}

function add(drawing) {
  const row = rowOf(drawing.at);
  for (const one of drawing.pictures) row.append(cell(drawing, one));
}

function cell(drawing, one) {
  const said = [drawing.alt, drawing.count > 1 && words.picture.replace("{n}", one.n + 1).replace("{count}", drawing.count)];
  const image = h("img", { src: `small/${one.sha256}`, alt: said.filter(Boolean).join(" "), loading: "lazy", decoding: "async" });
  const item = h(
    "li.cell",
    { data: { job: drawing.job, n: one.n } },
    h("a", { href: `#${drawing.job}/${one.n}` }, image),
    one.marked && h("span.star", { "aria-hidden": "true" }, "★"),
    drawing.own && selection.box(drawing, image.alt),
  );
  item.style.setProperty("--ratio", one.width / one.height);
  return item;
}

// People

const nameOf = (person) => (person === given.me ? $("who").textContent : state.names.get(person) || words.somebody);

/** Asks what those are called whose pictures are new here. */
async function name(drawings) {
  const unknown = new Set(drawings.map((one) => one.person).filter((it) => it !== given.me && !state.names.has(it)));
  if (!unknown.size || !/^\d+$/.test(state.scope)) return;
  const answer = await ask(`people?server=${state.scope}&ids=${[...unknown]}`);
  if (!answer.ok) return;
  for (const person of unknown) state.names.set(person, answer[person] ?? "");
  drawChips();
  picture.name();
}

// What one does

function choose(scope) {
  state.scope = scope;
  state.person = state.of = "";
  begin();
}

for (const server of given.servers) $("scopes").append(h("button", { type: "button", data: { scope: server.id } }, server.name));
for (const model of given.models) $("model").append(h("option", { value: model }, model));
$("scopes").addEventListener("click", ({ target }) => target.dataset.scope && choose(target.dataset.scope));
$("more").addEventListener("click", () => load());
$("person").addEventListener("click", () => ((state.person = ""), begin()));
$("of").addEventListener("click", () => ((state.of = ""), begin()));
$("finder").addEventListener("submit", (event) => (event.preventDefault(), begin()));
/** On a phone what is seldom narrowed down is there once it is asked for, or holds. */
function openFilters(open) {
  $("finder").classList.toggle("narrowed", open);
  $("narrow").setAttribute("aria-expanded", String(open));
}
$("narrow").addEventListener("click", () => openFilters(!$("finder").classList.contains("narrowed")));
let quiet;
$("finder").addEventListener("input", () => {
  clearTimeout(quiet);
  quiet = setTimeout(begin, PAUSE);
});
new IntersectionObserver((entries) => entries[0].isIntersecting && state.next && load(), { rootMargin: "600px" }).observe($("more"));

picture.set({
  words,
  lives: given.lives,
  nameOf,
  list: () => state.drawings,
  more: () => state.next && load(),
  only: (person) => ((state.person = person), picture.close(), begin()),
  together: (job) => ((state.of = job), picture.close(), begin()),
  changed: (drawing) => {
    for (const item of document.querySelectorAll(`.cell[data-job="${drawing.job}"]`)) {
      const one = drawing.pictures.find((it) => it.n === Number(item.dataset.n));
      item.replaceWith(cell(drawing, one));
    }
  },
  gone: (job) => {
    state.drawings = state.drawings.filter((it) => it.job !== job);
    for (const item of document.querySelectorAll(`.cell[data-job="${job}"]`)) item.remove();
    for (const day of [...$("days").children]) if (!day.querySelector("li")) day.remove();
  },
});
selection.set({ words, most: given.most, gone: (job) => picture.gone(job) });

const asked = new URLSearchParams(location.search);
const known = [...$("scopes").children].map((button) => button.dataset.scope);
if (known.includes(asked.get("scope"))) state.scope = asked.get("scope");
state.person = /^\d+$/.test(asked.get("person") ?? "") ? asked.get("person") : "";
state.of = /^[0-9a-f]{32}$/.test(asked.get("of") ?? "") ? asked.get("of") : "";
for (const field of FIELDS) if (asked.has(field)) $(field).value = asked.get(field);
openFilters(["model", "since", "until"].some((field) => $(field).value));
begin().then(picture.follow);
