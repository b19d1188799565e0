/** One message as an article: what it answers, who wrote it, what it says, what can be pressed. */

import { $$, avatar, h, icon } from "./dom.js";
import { render } from "./components.js";
import { embed } from "./embeds.js";
import { markdown, plain } from "./markdown.js";
import { attachments } from "./media.js";
import { openPerson, toolbar } from "./message_menu.js";
import { reactions } from "./reactions.js";
import { jump } from "./scrolling.js";
import { line, message, names, person, store } from "./store.js";
import { full, hour, when } from "./times.js";
import { failureOf, mark, use } from "./uses.js";

const LOADING = 128;
const CONTROLS = "a[href], button, input, select, textarea";

const rich = (text) => h("div.markdown.content", {}, markdown(text, names));

/** Draws a message. */
export function article(msg) {
  const who = person(msg.author);
  const at = new Date(msg.timestamp);
  const headed = Boolean(msg.message_reference || used(msg));
  const node = h(
    "article.message",
    {
      tabindex: -1,
      data: { messageId: msg.id, by: who.id, at: at.getTime(), ...(headed && { headed }) },
      "aria-label": `${who.name}, ${when(at)}`,
    },
    header(msg),
    h("div.gutter", {}, avatar(who), h("time", { title: full(at) }, hour(at))),
    h("div.body", {}, byline(who, at), bodyOf(msg)),
    toolbar(msg),
  );
  node.classList.toggle("private", Boolean(msg.ephemeral));
  node.classList.toggle(
    "for-me",
    Boolean(msg.mentions?.some((user) => user.id === store.me)) && who.id !== store.me,
  );
  enter(node, -1);
  return node;
}

/** Who wrote it, and when. */
export function byline(who, at) {
  const name = h(
    "button.name",
    {
      type: "button",
      style: { "--of": who.color ?? "" },
      onclick: (event) => openPerson(event.currentTarget, who),
      "aria-haspopup": "menu",
    },
    who.name,
  );
  return h(
    "h3.byline",
    {},
    name,
    who.bot && h("span.tag", {}, "BOT"),
    h("time", { datetime: at.toISOString(), title: full(at) }, when(at)),
  );
}

function bodyOf(msg) {
  const thinking = msg.flags & LOADING;
  const uses = {
    press: (component) => use("press", msg, component),
    select: (component, values) => use("select", msg, component, values),
  };
  const parts = h(
    "div.components",
    {},
    (msg.components ?? []).map((component) => render(component, uses)),
  );
  mark(parts, msg.id);
  return [
    thinking
      ? h("p.thinking", {}, dots(), `${person(msg.author).name} is thinking…`)
      : msg.content && withEdit(msg),
    attachments(ownFiles(msg)),
    (msg.embeds ?? []).map(embed),
    parts.childElementCount ? parts : null,
    reactions(msg),
    failureOf(msg.id) ? h("p.failed", { role: "alert" }, icon("warning"), failureOf(msg.id)) : null,
    msg.ephemeral ? onlyYou(() => line.send("dismiss", { message_id: msg.id })) : null,
  ];
}

/** The files of a message but those that its embeds show, which are not shown twice. */
function ownFiles({ attachments: files = [], embeds = [] }) {
  const path = (media) => media?.url.split("?")[0];
  const shown = new Set(embeds.flatMap(({ image, thumbnail }) => [path(image), path(thumbnail)]));
  return files.filter((file) => !shown.has(path(file)));
}

function withEdit(msg) {
  const content = rich(msg.content);
  const alone = /^(?:\p{Extended_Pictographic}[\uFE0F\u200D\p{Emoji_Modifier}]*\s*){1,8}$/u.test(msg.content);
  content.classList.toggle("jumbo", alone);
  if (msg.edited_timestamp)
    lastLine(content).append(h("span.edited", { title: full(new Date(msg.edited_timestamp)) }, " (edited)"));
  return content;
}

/** Where words can follow a message's last ones on the same line. */
function lastLine(content) {
  const last = content.lastElementChild;
  return last?.matches(".text, .subtext") ? last : content;
}

export const dots = () => h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i"));

/** The line under what only one person sees. */
export function onlyYou(dismiss) {
  return h(
    "p.only-you",
    {},
    icon("eye"),
    "Only you can see this · ",
    h("button.text", { type: "button", onclick: dismiss }, "Dismiss message"),
  );
}

const used = (msg) => [20, 23].includes(msg.type) && msg.interaction?.name;

/** Above the message: what it answers. */
function header(msg) {
  if (used(msg)) return usedLine(person(msg.interaction.user), msg.type === 20 ? `/${used(msg)}` : used(msg));
  if (!msg.message_reference) return null;
  const source = message(msg.message_reference.message_id) ?? msg.referenced_message;
  if (!source) {
    const gone = msg.referenced_message === null;
    const why = gone ? "The message was deleted." : "A message that only one person sees";
    return h("div.answering", {}, h("em", {}, why));
  }
  const words =
    plain(source.content ?? "", names) ||
    (source.attachments?.length ? "Press to see the picture" : "Press to see the message");
  return h(
    "button.answering",
    { type: "button", onclick: () => jump(source.id) },
    avatar(person(source.author)),
    h("b", {}, person(source.author).name),
    h("span", {}, words),
  );
}

/** The line above what a command was answered with. */
export function usedLine(who, what) {
  return h(
    "div.answering",
    {},
    avatar(who),
    h("b", {}, who.name),
    h("span", {}, "used ", h("span.mention", {}, what)),
  );
}

/** Puts a message's controls into the tab order (0) or takes them out (-1). */
export function enter(node, index) {
  node.tabIndex = index;
  for (const control of $$(CONTROLS, node)) control.tabIndex = index;
}
