/** The messages of the shown channel: one article each, replaced alone when its message changes. */

import { article, enter } from "./article.js";
import { $, $$, announce, h, icon } from "./dom.js";
import { plain } from "./markdown.js";
import { carryOver } from "./media.js";
import { openMenu } from "./message_menu.js";
import { atBottom, byId, growAbove, jump, offerBottom, place, toBottom, toPlace } from "./scrolling.js";
import { channel, inChannel, line, names, older, person, store } from "./store.js";
import { day } from "./times.js";

const SAME_SPEAKER = 7 * 60000;
const list = $("#messages");

/** What an empty channel shows; the app fills it in. */
export const empty = { invitation: () => null };

// The list

/** Draws the whole list of the shown channel, from its end, or from where it was. */
export function showAll(again = false) {
  const before = again ? place() : null;
  const all = [...inChannel().values()];
  list.replaceChildren(
    ...(all.length ? [beginning(), ...all.map(article)] : [empty.invitation()].filter(Boolean)),
  );
  for (const each of $$("article", list)) arrange(each);
  makeCurrent($$("article", list).at(-1));
  toPlace(before);
}

/** Draws a message that is new, or anew one that changed. */
export function put(msg) {
  const before = byId(msg.id);
  const low = atBottom();
  if (before) replace(before, msg);
  else insert(msg);
  if (low) toBottom();
  else if (!before) offerBottom();
}

// What a press does to a message shows on it at once, before the bot has said anything.
store.on.USED = (id) => inChannel().has(id) && put(inChannel().get(id));

/** Takes a message off the list. */
export function remove(id) {
  const gone = byId(id);
  const next = gone?.nextElementSibling;
  gone?.remove();
  if (next) arrange(next);
  if (!inChannel().size) showAll();
}

function insert(msg) {
  begin();
  const made = article(msg);
  const after = $$("article[data-message-id]", list).findLast((each) =>
    older(each.dataset.messageId, msg.id),
  );
  (after ?? $(".beginning", list)).after(made);
  arrange(made);
  if (made.nextElementSibling) arrange(made.nextElementSibling);
  if (!$('article[tabindex="0"]', list)) makeCurrent(made);
}

/** Puts the channel's beginning where the invitation of an empty one was. */
export function begin() {
  $(":scope > .empty", list)?.remove();
  if (!$(".beginning", list)) list.prepend(beginning());
}

let saying = null;

function replace(before, msg) {
  const held = before.contains(document.activeElement) ? document.activeElement.dataset.customId : undefined;
  const made = article(msg);
  made.tabIndex = before.tabIndex;
  carryOver(before, made);
  // Progress edits come twice a second: only where they come to rest are they read out.
  made.ariaLive = "off";
  clearTimeout(saying);
  saying = setTimeout(() => announce(`${person(msg.author).name}: ${plain(msg.content, names)}`), 1500);
  const focused = document.activeElement === before;
  before.replaceWith(made);
  arrange(made);
  if (made.tabIndex === 0) makeCurrent(made);
  if (focused) made.focus({ preventScroll: true });
  else if (held) $(`[data-custom-id="${CSS.escape(held)}"]`, made)?.focus({ preventScroll: true });
}

// What was written before: asked for at the top, or when somebody wants a message from there.

let asking = null;
let wanted = null;

function askEarlier() {
  const [first] = inChannel().keys();
  if (asking === store.channel || !first || !store.earlier.has(store.channel)) return;
  if (line.send("history", { channel_id: store.channel, before: first }) !== null) asking = store.channel;
}

store.on.TOP = askEarlier;
store.on.WANTED = (id) => {
  wanted = id;
  askEarlier();
};
store.on.HISTORY = ({ channel_id: where, messages, earlier }) => {
  asking = null;
  if (!earlier) store.earlier.delete(where);
  store.messages.set(where, new Map([...messages.map((m) => [m.id, m]), ...inChannel(where)]));
  if (where !== store.channel) return;
  growAbove(() => {
    $(".beginning", list)?.remove();
    list.prepend(beginning(), ...messages.map(article));
    for (const each of $$("article", list).slice(0, messages.length + 1)) arrange(each);
  });
  const aim = wanted;
  wanted = null;
  if (aim && (byId(aim) || earlier)) jump(aim);
};

/** Nothing that was asked for will come any more. */
export function forgetAsked() {
  asking = wanted = null;
}

/** What stands above the first message: the beginning of the channel, or a way to it. */
function beginning() {
  if (store.earlier.has(store.channel))
    return h("button.beginning.earlier", { type: "button", onclick: askEarlier }, "Show earlier messages");
  const { name, type, topic } = channel() ?? { name: "" };
  const title = type === 1 ? name : `Welcome to #${name}`;
  const words =
    type === 1
      ? `This is the beginning of your direct messages with ${name}.`
      : topic || `This is the start of #${name}.`;
  return h(
    "header.beginning",
    {},
    h("span.badge", {}, icon(type === 1 ? "at" : "hash")),
    h("h2", {}, title),
    h("p", {}, words),
  );
}

/** Sets what depends on the message before: grouping and the line between days. */
function arrange(node) {
  const before = node.previousElementSibling?.closest("article");
  const [at, last] = [new Date(Number(node.dataset.at)), before && new Date(Number(before.dataset.at))];
  const sameDay = last?.toDateString() === at.toDateString();
  const same =
    sameDay && before.dataset.by === node.dataset.by && !node.dataset.headed && at - last < SAME_SPEAKER;
  node.classList.toggle("grouped", Boolean(same));
  node.classList.toggle("new-day", !sameDay);
  node.dataset.day = day(at);
}

// The keyboard: one message is current; only its controls are in the tab order.

function makeCurrent(node) {
  for (const each of $$('article[tabindex="0"]', list)) if (each !== node) enter(each, -1);
  if (node) enter(node, 0);
}

list.addEventListener(
  "focusin",
  ({ target }) => target.closest("article") && makeCurrent(target.closest("article")),
);
list.addEventListener("keydown", (event) => {
  const node = event.target.closest("article");
  if (!node) return;
  if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10"))
    return (event.preventDefault(), openMenu(node));
  if (event.key === "Escape") return (event.target === node ? $("#input") : node).focus();
  if (event.target !== node) return;
  const others = $$("article", list);
  const step = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity }[event.key];
  if (!step) return;
  event.preventDefault();
  const aim = Math.max(0, Math.min(others.length - 1, others.indexOf(node) + step));
  others[aim].focus();
  others[aim].scrollIntoView({ block: "nearest" });
});
