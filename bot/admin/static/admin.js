// The admin's view: what is used, what waits, how workers are, what holds, who changed what.

import { ask, h, say } from "../site/site.js";

const EVERY = 15_000; // milliseconds between looks, while the page is looked at
const AT_ONCE = 50; // names that are asked for at once

const { servers, words } = JSON.parse(document.body.dataset.given);
const language = document.documentElement.lang;
const numbers = new Intl.NumberFormat(language);
const days = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const sizes = new Intl.NumberFormat(language, { style: "unit", unit: "gigabyte", maximumFractionDigits: 1 });
const moments = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const ages = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const main = document.getElementById("main");
const chooser = document.getElementById("server");
const sections = document.getElementById("sections");
const host = servers[0]?.id === "";
const names = new Map(); // of people, by server and id

let skipped = 0; // changes that are newer than those shown
let latest = 0; // of several answers the one to the last question counts

/** How long ago something was, such as "3 min. ago". */
function tellAge(seconds) {
  const steps = [[60, "second"], [3600, "minute"], [86400, "hour"], [Infinity, "day"]];
  const at = steps.findIndex(([most]) => seconds < most);
  const unit = at ? steps[at - 1][0] : 1;
  return ages.format(-Math.round(seconds / unit), steps[at][1]);
}

/** A name to be filled in once it is known; those who left have their number. */
function name(person, server = chooser.value) {
  if (!person) return words.somebody;
  return h("bdi", { data: { person, of: server } }, names.get(`${server} ${person}`) || person);
}

/** A table; one of many columns is a list of cards on a phone. */
function table(label, heads, rows) {
  const named = (tag, kind) => (kind ? `${tag}.${kind}` : tag);
  const cells = (row) => row.map((cell, at) => {
    const [title, kind] = heads[at];
    return h(named("td", kind), { role: "cell", data: { title } }, cell);
  });
  const columns = heads.map(([title, kind]) => h(named("th", kind), { role: "columnheader", scope: "col" }, title));
  // What each part is has to be said: browsers forget it of tables that are laid out as cards.
  return h(heads.length > 4 ? "table.cards" : "table", { role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns)),
    h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row" }, cells(row)))));
}

function section(title, ...content) {
  return h("section", {}, h("h2", {}, title), ...content);
}

function bar(share) {
  const inner = h("span");
  inner.style.setProperty("--share", `${Math.round(100 * share)}%`);
  return h("span.bar", { "aria-hidden": "true" }, inner);
}

function showUsage(told) {
  const most = Math.max(1, ...told.days.map((one) => one.minutes));
  const counts = (one) => [one.minutes, one.jobs, one.pictures].map((count) => numbers.format(count));
  const heads = [[words.minutes, "number"], [words.jobs, "number"], [words.pictures, "number"]];
  const byDay = told.days.map((one) => {
    const [minutes, ...others] = counts(one);
    return [days.format(new Date(one.day)), [bar(one.minutes / most), minutes], ...others];
  });
  const byPerson = told.people.map((one) => [name(one.person), ...counts(one)]);
  return [
    section(words.by_day, table(words.by_day, [[words.day], ...heads], byDay)),
    section(words.by_person, byPerson.length
      ? table(words.by_person, [[words.person], ...heads], byPerson)
      : h("p.empty", {}, words.nothing_used)),
  ];
}

function showQueue({ count, jobs }) {
  if (!jobs.length) return section(words.queue, h("p.empty", {}, words.nothing_waits));
  const heads = [[words.person], [words.where], [words.state], [words.model], [words.pictures, "number"], [words.asked], [words.cancel, "act"]];
  const rows = jobs.map((one) => [
    name(one.person, one.server),
    one.where,
    one.worker ? `${one.state} · ${one.worker}` : one.state,
    one.model,
    numbers.format(one.pictures),
    tellAge(Date.now() / 1000 - one.at),
    h("button.bad", { type: "button", data: { key: one.job }, onclick: () => cancel(one.job) }, words.cancel),
  ]);
  const rest = count - jobs.length;
  return section(`${words.queue} (${numbers.format(count)})`,
    table(words.queue, heads, rows),
    rest > 0 && h("p.soft", {}, `… +${numbers.format(rest)}`));
}

function showWorkers(workers) {
  if (!workers) return [];
  if (!workers.length) return [section(words.workers, h("p.empty", {}, words.no_workers))];
  const heads = [[words.worker], [words.state], [words.model], [words.device], [words.memory], [words.beat]];
  const rows = workers.map((one) => [
    one.name,
    h(one.alive ? "span.state" : "span.state.bad", {}, one.state),
    one.model,
    one.device,
    one.memory ? one.memory.map((bytes) => sizes.format(bytes / 2 ** 30)).join(" / ") : "–",
    tellAge(one.age),
  ]);
  return [section(words.workers, table(words.workers, heads, rows))];
}

function showRules(rules) {
  const told = rules.flatMap((one) => [h("div", {}, h("dt", {}, one.title), one.told.map((it) => h("dd", {}, it)))]);
  return section(words.rules, h("dl", {}, told));
}

function showChanges(changes) {
  if (!changes) return [];
  const told = changes.list.map((one) => h("li", {},
    h("strong", {}, one.what), " · ", name(one.person), " · ",
    h("time", { dateTime: new Date(1000 * one.at).toISOString() }, moments.format(1000 * one.at)),
    h("blockquote", { dir: "auto" }, one.after),
    one.before && h("blockquote.soft", {}, `${words.before} `, h("bdi", {}, one.before))));
  const turn = (label, to) => h("button", { type: "button", data: { key: label }, onclick: () => turnTo(to) }, label);
  return [section(words.changes,
    told.length ? h("ul.changes", {}, told) : h("p.empty", {}, words.no_changes),
    h("div.turns", {},
      changes.newer && turn(words.latest, 0),
      changes.older !== null && turn(words.older, changes.older)))];
}

function showCases(events) {
  const told = events.map((one) => h("li", {},
    h("strong", {}, one.what), " · ", name(one.person, one.server), " · ",
    h("time", { dateTime: new Date(1000 * one.at).toISOString() }, moments.format(1000 * one.at)),
    one.actor && h("div.soft", {}, `${words.by} `, name(one.actor, one.server)),
    one.reason && h("blockquote", { dir: "auto" }, one.reason)));
  return section(words.cases, told.length
    ? h("ul.changes", {}, told)
    : h("p.empty", {}, words.no_cases));
}

async function show() {
  const asked = ++latest;
  main.setAttribute("aria-busy", "true");
  const told = await ask(`overview?server=${chooser.value}&skipped=${skipped}`);
  if (asked !== latest) return;
  main.removeAttribute("aria-busy");
  if (!told.ok) {
    say(told.said, true);
    return;
  }
  const held = document.activeElement?.closest("#sections button")?.dataset.key;
  const [byDay, byPerson] = showUsage(told);
  sections.replaceChildren(
    showQueue(told.queue), ...showWorkers(told.workers),
    h("div.halves", {},
      h("div", {}, byDay, showRules(told.rules)),
      h("div", {}, byPerson, showCases(told.cases), ...showChanges(told.changes))));
  // What had the focus is another element now, or gone.
  if (held) {
    const again = [...sections.querySelectorAll("button")].find((it) => it.dataset.key === held);
    (again ?? document.getElementById("said")).focus();
  }
  await fillNames();
}

/** Asks for names that are not known yet, server by server. */
async function fillNames() {
  const wanted = new Map();
  for (const { person, of } of [...sections.querySelectorAll("[data-person]")].map((it) => it.dataset)) {
    if ((of || host) && !names.has(`${of} ${person}`)) wanted.set(of, (wanted.get(of) ?? new Set()).add(person));
  }
  for (const [server, people] of wanted) {
    const all = [...people];
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const some = all.slice(at, at + AT_ONCE);
      const told = await ask(`people?server=${server}&ids=${some}`);
      if (!told.ok) break;
      for (const person of some) names.set(`${server} ${person}`, told[person] ?? "");
    }
  }
  for (const it of sections.querySelectorAll("[data-person]")) {
    it.textContent = names.get(`${it.dataset.of} ${it.dataset.person}`) || it.dataset.person;
  }
}

async function cancel(job) {
  const told = await ask("cancel", { job });
  say(told.ok ? words.cancelled : told.said, !told.ok);
  await show();
}

async function turnTo(to) {
  skipped = to;
  await show();
}

chooser.append(...servers.map((one) => h("option", { value: one.id }, one.name)));
chooser.addEventListener("change", () => {
  sessionStorage.setItem("server", chooser.value);
  turnTo(0);
});
document.getElementById("again").addEventListener("click", show);
if (servers.length) {
  const before = sessionStorage.getItem("server");
  if (servers.some((one) => one.id === before)) chooser.value = before;
  await show();
  // Somebody who reads older changes is not interrupted, nor is one whose page is hidden.
  setInterval(() => {
    if (!document.hidden && !skipped) show();
  }, EVERY);
} else {
  main.removeAttribute("aria-busy");
  document.getElementById("choice").hidden = true;
  say(words.nothing_yours);
}
