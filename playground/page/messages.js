/** The messages of the shown channel: one article each, replaced alone when its message changes. */

import { $, $$, announce, avatar, h, icon, touch } from "./dom.js";
import { render } from "./components.js";
import { embed } from "./embeds.js";
import { markdown, plain } from "./markdown.js";
import { attachments, carryOver } from "./media.js";
import { menu, pickEmoji } from "./menus.js";
import { channel, inChannel, line, message, names, older, person, store } from "./store.js";
import { day, full, hour, when } from "./times.js";

const LOADING = 128;
const NEAR_BOTTOM = 60;
const SAME_SPEAKER = 7 * 60000;
const list = $("#messages");
const scroller = $("#scroller");

/** What can be asked of the rest of the page; the app fills it in. */
export const asks = { reply() {}, mention() {}, examples: () => null };

/** nonce → {message, id} of presses and choices that the bot has not answered yet */
const waiting = new Map();
/** message id → what to say under it */
const failures = new Map();

// The list

/** Draws the whole list of the shown channel, from its end, or from where it was. */
export function showAll(again = false) {
  const place = again && !pinned ? scroller.scrollTop : null;
  const all = [...inChannel().values()];
  list.replaceChildren(...(all.length ? [beginning(), ...all.map(article)] : [asks.examples()].filter(Boolean)));
  for (const each of $$("article", list)) arrange(each);
  makeCurrent($$("article", list).at(-1));
  if (place === null) toBottom();
  else scroller.scrollTop = place;
}

/** Draws a message that is new, or anew one that changed. */
export function put(msg) {
  const before = byId(msg.id);
  const low = atBottom();
  if (before) replace(before, msg);
  else insert(msg);
  if (low) toBottom();
  else if (!before) $("#to-present").hidden = false;
}

/** Takes a message off the list. */
export function remove(id) {
  const gone = byId(id);
  const next = gone?.nextElementSibling;
  gone?.remove();
  if (next) arrange(next);
  if (!inChannel().size) showAll();
}

export const byId = (id) => $(`[data-message-id="${CSS.escape(id)}"]`, list);

function insert(msg) {
  begin();
  const made = article(msg);
  const after = $$("article[data-message-id]", list).findLast((each) => older(each.dataset.messageId, msg.id));
  (after ?? $(".beginning", list)).after(made);
  arrange(made);
  if (made.nextElementSibling) arrange(made.nextElementSibling);
  if (!$('article[tabindex="0"]', list)) makeCurrent(made);
}

/** Puts the channel's beginning where the invitation of an empty one was. */
function begin() {
  $(".empty", list)?.remove();
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

function beginning() {
  const { name, type, topic } = channel() ?? { name: "" };
  const title = type === 1 ? name : `Welcome to #${name}`;
  const words = type === 1 ? `This is the beginning of your direct messages with ${name}.` : topic || `This is the start of #${name}.`;
  return h("header.beginning", {}, h("span.badge", {}, icon(type === 1 ? "at" : "hash")), h("h2", {}, title), h("p", {}, words));
}

/** Sets what depends on the message before: grouping and the line between days. */
function arrange(node) {
  const before = node.previousElementSibling?.closest("article");
  const [at, last] = [new Date(Number(node.dataset.at)), before && new Date(Number(before.dataset.at))];
  const sameDay = last?.toDateString() === at.toDateString();
  const same = sameDay && before.dataset.by === node.dataset.by && !node.dataset.headed && at - last < SAME_SPEAKER;
  node.classList.toggle("grouped", Boolean(same));
  node.classList.toggle("new-day", !sameDay);
  node.dataset.day = day(at);
}

// Scrolling: who is at the bottom stays there, whatever grows.

const atBottom = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM;
let pinned = true;

export function toBottom() {
  pinned = true;
  scroller.scrollTop = scroller.scrollHeight;
  $("#to-present").hidden = true;
}

scroller.addEventListener("scroll", () => {
  pinned = atBottom();
  if (pinned) $("#to-present").hidden = true;
});
const grown = new ResizeObserver(() => pinned && toBottom());
grown.observe(list);
grown.observe(scroller);
$("#to-present").addEventListener("click", toBottom);

// The keyboard: one message is current; only its controls are in the tab order.

const CONTROLS = "a[href], button, input, select, textarea";

function makeCurrent(node) {
  for (const each of $$('article[tabindex="0"]', list)) if (each !== node) enter(each, -1);
  if (node) enter(node, 0);
}

function enter(node, index) {
  node.tabIndex = index;
  for (const control of $$(CONTROLS, node)) control.tabIndex = index;
}

list.addEventListener("focusin", ({ target }) => target.closest("article") && makeCurrent(target.closest("article")));
list.addEventListener("keydown", (event) => {
  const node = event.target.closest("article");
  if (!node) return;
  if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) return event.preventDefault(), openMenu(node);
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

// One message

const rich = (text) => h("div.markdown.content", {}, markdown(text, names));

function article(msg) {
  const who = person(msg.author);
  const at = new Date(msg.timestamp);
  const headed = Boolean(msg.message_reference || used(msg));
  const node = h(
    "article.message",
    { tabindex: -1, data: { messageId: msg.id, by: who.id, at: at.getTime(), ...(headed && { headed }) }, "aria-label": `${who.name}, ${when(at)}` },
    header(msg),
    h("div.gutter", {}, avatar(who), h("time", { title: full(at) }, hour(at))),
    h("div.body", {}, byline(who, at), bodyOf(msg)),
    toolbar(msg),
  );
  node.classList.toggle("private", Boolean(msg.ephemeral));
  node.classList.toggle("for-me", Boolean(msg.mentions?.some((user) => user.id === store.me)) && who.id !== store.me);
  enter(node, -1);
  return node;
}

function byline(who, at) {
  const name = h("button.name", { type: "button", style: { "--of": who.color ?? "" }, onclick: (event) => openPerson(event.currentTarget, who), "aria-haspopup": "menu" }, who.name);
  return h("h3.byline", {}, name, who.bot && h("span.tag", {}, "BOT"), h("time", { datetime: at.toISOString(), title: full(at) }, when(at)));
}

function bodyOf(msg) {
  const thinking = msg.flags & LOADING;
  const uses = { press: (component) => use("press", msg, component), select: (component, values) => use("select", msg, component, values) };
  const parts = h("div.components", {}, (msg.components ?? []).map((component) => render(component, uses)));
  mark(parts, msg.id);
  return [
    thinking ? h("p.thinking", {}, dots(), `${person(msg.author).name} is thinking…`) : msg.content && withEdit(msg),
    attachments(msg.attachments ?? []),
    (msg.embeds ?? []).map(embed),
    parts.childElementCount ? parts : null,
    reactions(msg),
    failures.has(msg.id) ? h("p.failed", { role: "alert" }, icon("warning"), failures.get(msg.id)) : null,
    msg.ephemeral ? onlyYou(() => line.send("dismiss", { message_id: msg.id })) : null,
  ];
}

function withEdit(msg) {
  const content = rich(msg.content);
  const alone = /^(?:\p{Extended_Pictographic}[\uFE0F\u200D\p{Emoji_Modifier}]*\s*){1,8}$/u.test(msg.content);
  content.classList.toggle("jumbo", alone);
  if (msg.edited_timestamp) lastLine(content).append(h("span.edited", { title: full(new Date(msg.edited_timestamp)) }, " (edited)"));
  return content;
}

/** Where words can follow a message's last ones on the same line. */
function lastLine(content) {
  const last = content.lastElementChild;
  return last?.matches(".text, .subtext") ? last : content;
}

const dots = () => h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i"));

function onlyYou(dismiss) {
  return h("p.only-you", {}, icon("eye"), "Only you can see this · ", h("button.text", { type: "button", onclick: dismiss }, "Dismiss message"));
}

const used = (msg) => [20, 23].includes(msg.type) && msg.interaction?.name;

/** Above the message: what it answers. */
function header(msg) {
  if (used(msg)) return usedLine(person(msg.interaction.user), msg.type === 20 ? `/${used(msg)}` : used(msg));
  if (!msg.message_reference) return null;
  const source = message(msg.message_reference.message_id) ?? msg.referenced_message;
  if (!source) return h("div.answering", {}, h("em", {}, "The message was deleted."));
  const words = plain(source.content ?? "", names) || (source.attachments?.length ? "Press to see the picture" : "Press to see the message");
  return h("button.answering", { type: "button", onclick: () => jump(source.id) }, avatar(person(source.author)), h("b", {}, person(source.author).name), h("span", {}, words));
}

function usedLine(who, what) {
  return h("div.answering", {}, avatar(who), h("b", {}, who.name), h("span", {}, "used ", h("span.mention", {}, what)));
}

function jump(id) {
  const node = byId(id);
  node?.scrollIntoView({ block: "center" });
  node?.focus({ preventScroll: true });
  node?.classList.add("found");
  setTimeout(() => byId(id)?.classList.remove("found"), 1600);
}

// Reactions

const emojiText = (emoji) => (emoji.id ? `:${emoji.name}:` : emoji.name);
const emojiKey = (emoji) => (emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name);

function reactions(msg) {
  if (!msg.reactions?.length) return null;
  const make = ({ emoji, count, me }) =>
    h("button.reaction", { type: "button", "aria-pressed": String(me), "aria-label": `${emojiText(emoji)}, ${count}`, data: { customId: `reaction ${emojiKey(emoji)}` }, onclick: () => react(msg.id, emojiKey(emoji)) }, h("span.emoji", {}, emojiText(emoji)), h("b", {}, String(count)));
  const more = h("button.reaction.more", { type: "button", "aria-label": "Add reaction", onclick: (event) => addReaction(event.currentTarget, msg.id) }, icon("smile"));
  return h("div.reactions", {}, msg.reactions.map(make), more);
}

function react(id, emoji) {
  const mine = message(id)?.reactions?.find((each) => emojiKey(each.emoji) === emoji)?.me;
  line.send(mine ? "unreact" : "react", { message_id: id, emoji });
}

const addReaction = (place, id) => pickEmoji(place, (emoji) => react(id, emoji));

/** Counts a reaction that came or went. */
export function reacted({ message_id: id, user_id: by, emoji }, by_how_many) {
  const msg = message(id);
  if (!msg) return null;
  const all = (msg.reactions ??= []);
  let one = all.find((each) => emojiKey(each.emoji) === emojiKey(emoji));
  if (!one) all.push((one = { emoji, count: 0, me: false }));
  one.count += by_how_many;
  if (by === store.me) one.me = by_how_many > 0;
  msg.reactions = all.filter((each) => each.count > 0);
  return msg;
}

// Using components

function use(op, msg, component, values) {
  failures.delete(msg.id);
  const nonce = line.send(op, { message_id: msg.id, custom_id: component.custom_id, ...(values && { values }) });
  if (nonce === null) return failed(msg.id, "Not connected. Try again in a moment.");
  waiting.set(nonce, { message: msg.id, id: component.custom_id });
  refresh(msg.id);
}

/** Marks the controls whose use is not answered yet. */
function mark(node, id) {
  for (const use of waiting.values()) {
    if (use.message === id) $(`[data-custom-id="${CSS.escape(use.id)}"]`, node)?.classList.add("waiting");
  }
}

/** Tells how a press or choice went; false if the nonce is no such. */
export function settled(nonce, state, reason) {
  const used = waiting.get(nonce);
  if (!used || state === "sent") return Boolean(used);
  waiting.delete(nonce);
  if (state === "failed") failed(used.message, reason);
  else refresh(used.message);
  return true;
}

function failed(id, reason) {
  failures.set(id, reason);
  refresh(id);
}

function refresh(id) {
  const msg = inChannel().get(id);
  if (msg) put(msg);
}

/** Nothing that was waited for will be answered any more. */
export function forgetWaiting() {
  waiting.clear();
}

// Commands on their way, as Discord shows them until the bot's answer takes their place

/** Shows a command as being sent; returns what to call when it is settled. */
export function sending(name) {
  let node = null;
  const show = (...body) => {
    const low = atBottom();
    const made = h("article.message.private.headed", { tabindex: -1, data: { by: "", at: Date.now(), headed: true } }, usedLine(person(store.me), name), h("div.gutter", {}, avatar(person(store.bot.id))), h("div.body", {}, byline(person(store.bot.id), new Date()), body));
    begin();
    if (node) node.replaceWith(made);
    else list.append(made);
    node = made;
    if (low) toBottom();
  };
  const late = setTimeout(() => show(h("p.thinking", {}, dots(), "Sending command…")), 250);
  return (reason) => {
    clearTimeout(late);
    if (reason) show(h("p.failed", { role: "alert" }, icon("warning"), reason), onlyYou(() => node.remove()));
    else node?.remove();
  };
}

// Menus

function toolbar(msg) {
  const tool = (name, text, does) => h("button.tool", { type: "button", "aria-label": text, title: text, onclick: does }, icon(name));
  return h(
    "div.toolbar",
    { role: "group", "aria-label": "Message actions" },
    !msg.ephemeral && tool("smile", "Add reaction", (event) => addReaction(event.currentTarget, msg.id)),
    !msg.ephemeral && tool("reply", "Reply", () => asks.reply(msg)),
    tool("dots", "More", (event) => openMenu(event.currentTarget.closest("article"), event.currentTarget)),
  );
}

const offered = (type) => store.commands.filter((command) => command.type === type && command.channels.includes(store.channel));

function openMenu(node, place = null) {
  const msg = inChannel().get(node.dataset.messageId);
  if (!msg) return;
  const at = place ?? middle(node);
  const mine = msg.author.id === store.me;
  const items = [
    !msg.ephemeral && { label: "Add reaction", icon: "smile", does: () => addReaction(byId(msg.id) ?? node, msg.id) },
    !msg.ephemeral && { label: "Reply", icon: "reply", does: () => asks.reply(msg) },
    msg.content && { label: "Copy text", icon: "copy", does: () => navigator.clipboard?.writeText(msg.content) },
    ...apps(3, msg.id),
    (mine || channel().can_manage) && !msg.ephemeral && null,
    (mine || channel().can_manage) && !msg.ephemeral && { label: "Delete message", icon: "trash", danger: true, does: () => line.send("delete", { message_id: msg.id }) },
    msg.ephemeral && { label: "Dismiss message", icon: "close", does: () => line.send("dismiss", { message_id: msg.id }) },
  ];
  menu(at, items.filter((item) => item !== false && item !== "" && item !== undefined), "Message actions");
}

/** The bot's menu commands, as entries of a menu. */
function apps(type, target) {
  const entries = offered(type).map(({ name }) => ({ label: name, icon: "bolt", note: store.bot.name, does: () => asks.useMenu(type, name, target) }));
  return entries.length ? [null, ...entries] : [];
}

function openPerson(place, who) {
  const mention = { label: `Mention @${who.name}`, icon: "at", does: () => asks.mention(who) };
  menu(place, [mention, ...apps(2, who.id)], who.name);
}

function middle(node) {
  const box = node.getBoundingClientRect();
  return { x: box.left + Math.min(80, box.width / 2), y: Math.max(60, Math.min(box.top + 30, innerHeight - 80)), from: node };
}

list.addEventListener("contextmenu", (event) => {
  const node = event.target.closest("article[data-message-id]");
  if (!node || event.target.closest("a, textarea, input") || String(getSelection())) return;
  event.preventDefault();
  openMenu(node, { x: event.clientX, y: event.clientY, from: node });
});

let press = null;
let held = false;
list.addEventListener("pointerdown", (event) => {
  const node = event.target.closest("article[data-message-id]");
  if (event.pointerType !== "touch" || !node || !touch()) return;
  held = false;
  press = setTimeout(() => {
    held = true;
    openMenu(node, { x: event.clientX, y: event.clientY, from: node });
  }, 550);
});
for (const end of ["pointerup", "pointercancel", "pointermove"]) list.addEventListener(end, () => clearTimeout(press));
// Lifting the finger after that must not press what lies under it.
list.addEventListener("click", (event) => held && (event.preventDefault(), event.stopPropagation(), (held = false)), { capture: true });
