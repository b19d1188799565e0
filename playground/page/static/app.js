/** The page: what comes in changes the store and the views; who one is and where one looks. */

import { $, avatar, h, icon, toast } from "./dom.js";
import { spoken } from "./commands.js";
import * as composer from "./composer.js";
import { completed } from "./fields.js";
import { menu } from "./menus.js";
import { notice, refused } from "./panels.js";
import { asks } from "./message_menu.js";
import * as messages from "./messages.js";
import { modalAnswered, modalRefused, openModal } from "./modal.js";
import { PHOTOGRAPHS, view } from "./photographs.js";
import { reacted } from "./reactions.js";
import { channel, inChannel, line, message, person, store } from "./store.js";
import * as uses from "./uses.js";

const FIRST = "mira";
const TYPING_SHOWN = 10000;
const EXAMPLES = [
  { line: "/imagine prompt:a red apple --seed 7" },
  { line: "/imagine prompt:{red, blue} heart, 3d style" },
  { line: "/img2img prompt:watercolour", photograph: PHOTOGRAPHS[0] },
];

// Who and where, in the address, so that a reload or a second window keeps it

const address = () => new URLSearchParams(location.hash.slice(1));

/** Writes it down; `left` when a person went there, so that the browser's Back comes back. */
function remember(changes, left = false) {
  const before = address();
  const now = address();
  for (const [key, value] of Object.entries(changes)) now.set(key, value);
  if (left && String(now) !== String(before)) history.pushState(null, "", `#${now}`);
  else history.replaceState(null, "", `#${now}`);
}

const nameOf = ({ name, type }) => (type === 1 ? "@" : name);
const channelNamed = (wanted) => [...store.channels.values()].find((c) => nameOf(c) === wanted);

function become(who) {
  remember({ as: who.username }, true);
  line.connect(who.id);
}

function visit(id) {
  openSidebar(false);
  remember({ in: nameOf(store.channels.get(id)) }, true);
  show(id);
  composerFocus();
}

/** Goes where the address says, after Back, Forward or a change by hand. */
function follow() {
  openSidebar(false);
  const who = address().get("as") ?? FIRST;
  const there = channelNamed(address().get("in"));
  if (who !== store.people.get(store.me)?.username) line.connect(who);
  else if (there && there.id !== store.channel) show(there.id);
}

function show(id) {
  const before = store.channel;
  store.channel = store.channels.has(id) ? id : [...store.channels.keys()][0];
  store.unread.delete(store.channel);
  const { name, type, topic } = channel();
  remember({ in: nameOf(channel()) });
  $("#channel-name").replaceChildren(icon(type === 1 ? "at" : "hash"), name);
  $("#topic").textContent = topic ?? "";
  $("#messages").setAttribute("aria-label", `Messages in ${name}`);
  document.title = `${type === 1 ? "@" : "#"}${name} · Easel playground`;
  if (before === store.channel) composer.refresh();
  else composer.changeChannel(before);
  messages.showAll(before === store.channel);
  drawSidebar();
  drawTyping();
}

// The sidebar

function drawSidebar() {
  const section = (title, all) =>
    h(
      "section",
      {},
      h("h2", {}, title),
      h(
        "ul",
        {},
        all.map((c) => h("li", {}, channelButton(c))),
      ),
    );
  const all = [...store.channels.values()];
  const [direct, rooms] = [all.filter((c) => c.type === 1), all.filter((c) => c.type !== 1)];
  const beside = store.link && h("a.channel", { href: store.link.url, target: "_blank" }, icon("external"), store.link.label);
  $("#channels").replaceChildren(section("Channels", rooms), section("Direct messages", direct), beside || "");
  $("#guild-name").textContent = store.guild.name;
  const me = person(store.me);
  $("#person").replaceChildren(
    avatar(me),
    h("span", {}, h("b", {}, me.name), h("small", {}, me.standing)),
    icon("chevron"),
  );
}

function channelButton(it) {
  const here = it.id === store.channel;
  const lead =
    it.type === 1
      ? h(
          "span.with-status",
          {},
          avatar({ ...store.bot, bot: true }),
          h("i", { data: { online: store.bot.online } }),
        )
      : icon("hash");
  const mark = store.unread.has(it.id) && h("span.dot", {}, h("span.unseen", {}, "unread"));
  return h(
    "button.channel",
    {
      type: "button",
      "aria-current": here ? "page" : null,
      data: { channel: it.name, ...(store.unread.has(it.id) && { unread: true }) },
      onclick: () => visit(it.id),
    },
    lead,
    h("span", {}, it.name),
    mark,
  );
}

function composerFocus() {
  if (!matchMedia("(pointer: coarse)").matches) $("#input").focus();
}

function openSidebar(open) {
  document.body.classList.toggle("sidebar-open", open);
  $("#scrim").hidden = !open;
  $("#open-sidebar").setAttribute("aria-expanded", String(open));
  if (open) $('.channel[aria-current="page"]')?.focus();
}

/** Keeps the commands, as a client in the person's language shows them. */
function know(commands) {
  store.registered = commands;
  store.commands = commands.map((command) => spoken(command, store.locale));
}

/** The languages that the commands are translated into. */
function languages() {
  const named = store.registered.flatMap((it) =>
    Object.keys({ ...it.name_localizations, ...it.description_localizations }),
  );
  return ["en-US", ...[...new Set(named)].sort()].map((locale) => ({
    label: new Intl.DisplayNames([locale], { type: "language" }).of(locale),
    checked: locale === store.locale,
    does: () => speak(locale),
  }));
}

function speak(locale) {
  store.locale = locale;
  line.send("speak", { locale });
  know(store.registered);
  composer.refresh();
}

function choosePerson() {
  const make = (who) => ({
    label: who.name,
    lead: avatar(who),
    note: who.standing,
    checked: who.id === store.me,
    does: () => (openSidebar(false), become(who)),
  });
  const others = [...store.people.values()].filter((who) => !who.bot);
  const beside = (who) => ({
    label: `Open a window as ${who.name}`,
    icon: "external",
    does: () => open(`#as=${who.username}`, "_blank", "noopener"),
  });
  menu(
    $("#person"),
    [
      ...others.map(make),
      null,
      ...others.filter((who) => who.id !== store.me).map(beside),
      null,
      { label: "Language", icon: "globe", note: "of this person's Discord", does: chooseLanguage },
    ],
    "Switch person",
  );
}

function chooseLanguage() {
  menu($("#person"), languages(), "Language");
}

// The state of the line

function drawLine(state) {
  const words = state === "open" ? (store.bot.online ? "" : `${store.bot.name} is offline`) : "connecting…";
  $("#connection").textContent = words;
  $("#connection").classList.toggle("warn", Boolean(words));
}

// Typing

const typing = new Map();

function drawTyping() {
  const now = [...typing.values()]
    .filter((one) => one.channel === store.channel)
    .map((one) => person(one.user).name);
  const words =
    now.length > 1 ? `${now.join(" and ")} are typing…` : now.length ? `${now[0]} is typing…` : "";
  $("#typing").textContent = words;
}

function types({ channel_id: where, user_id: user }, on = true) {
  const key = `${where} ${user}`;
  clearTimeout(typing.get(key)?.timer);
  typing.delete(key);
  if (on && user !== store.me) {
    const timer = setTimeout(() => types({ channel_id: where, user_id: user }, false), TYPING_SHOWN);
    typing.set(key, { channel: where, user, timer });
  }
  drawTyping();
}

// Frames

let lineState = "connecting";

function hello(d) {
  store.me = d.me;
  store.bot = { ...d.bot, bot: true };
  store.guild = d.guild;
  store.people = new Map([...d.people, store.bot].map((who) => [who.id, who]));
  store.channels = new Map(d.channels.map((c) => [c.id, c]));
  store.locale = d.locale;
  know(d.commands);
  store.about = d.about;
  store.link = d.link;
  store.uploadLimit = d.upload_limit;
  store.messages = new Map(
    d.channels.map((c) => [c.id, new Map((d.messages[c.id] ?? []).map((m) => [m.id, m]))]),
  );
  store.earlier = new Set(d.earlier);
  uses.forgetWaiting();
  messages.forgetAsked();
  composer.forgetSent();
  notice(localStorage.getItem("notice") !== d.about);
  show(channelNamed(address().get("in"))?.id ?? d.channels[0].id);
  drawLine(lineState);
  document.body.classList.add("alive");
}

function keep(msg) {
  const all = store.messages.get(msg.channel_id) ?? new Map();
  const known = all.has(msg.id);
  all.set(msg.id, msg);
  store.messages.set(msg.channel_id, all);
  if (msg.channel_id === store.channel) messages.put(msg);
  else if (!known && msg.author.id !== store.me) (store.unread.add(msg.channel_id), drawSidebar());
  types({ channel_id: msg.channel_id, user_id: msg.author.id }, false);
}

function reaction(by) {
  return (d) => {
    const msg = reacted(d, by);
    if (msg?.channel_id === store.channel) messages.put(msg);
  };
}

function settle(nonce, state, reason) {
  const key = String(nonce);
  const words = state === "failed" ? "This interaction failed" : reason;
  return (
    uses.settled(key, state === "refused" ? "failed" : state, words) ||
    modalAnswered(key, state, reason) ||
    composer.answered(key, state, reason)
  );
}

Object.assign(store.on, {
  LINE: (state) => drawLine((lineState = state)),
  HELLO: hello,
  MESSAGE_CREATE: keep,
  MESSAGE_UPDATE: (msg) => inChannel(msg.channel_id).has(msg.id) && keep(msg),
  MESSAGE_DELETE: ({ id, channel_id: where }) => {
    inChannel(where).delete(id);
    if (where === store.channel) messages.remove(id);
  },
  REACTION_ADD: reaction(1),
  REACTION_REMOVE: reaction(-1),
  REACTION_CLEAR: ({ message_id: id }) => {
    const msg = message(id);
    if (msg) keep({ ...msg, reactions: [] });
  },
  TYPING: (d) => types(d),
  COMMANDS: (commands) => {
    know(commands);
    if (!inChannel().size) messages.showAll();
  },
  BOT: ({ online }) => {
    store.bot.online = online;
    store.people.get(store.bot.id).online = online;
    drawLine(lineState);
    drawSidebar();
  },
  INTERACTION: ({ nonce, state, reason }) => settle(nonce, state, reason),
  CHOICES: ({ nonce, choices }) => completed({ nonce: String(nonce), choices }),
  MODAL: openModal,
  DONE: ({ nonce }) => settle(nonce, "acknowledged"),
  REFUSED: refused,
  ERROR: ({ nonce, message: text }) =>
    modalRefused(String(nonce), text) || settle(nonce, "refused", text) || toast(text),
});

// What the messages ask of the page

asks.reply = composer.replyTo;
asks.mention = (who) => composer.add(`@${who.name}`);
asks.useMenu = (type, name, target) => composer.command({ name, type, options: [], target_id: target }, name);
messages.empty.invitation = () => {
  const { name, type } = channel();
  const make = ({ line: text, photograph }) =>
    h(
      "button.example",
      {
        type: "button",
        onclick: () => (photograph ? composer.begin(text, photograph) : composer.fill(text)),
      },
      photograph && view(photograph),
      h("span", {}, text),
      icon("right"),
    );
  const known = new Set(store.commands.map((command) => `/${command.name}`));
  const here = EXAMPLES.filter(({ line: text }) => !known.size || known.has(text.split(" ")[0]));
  return h(
    "section.empty",
    {},
    h("img", { src: "/page/icon.svg", alt: "", width: 72, height: 72 }),
    h("h2", {}, type === 1 ? `Say hello to ${name}` : "What shall we draw?"),
    h("p", {}, "Type / for everything that the bot can do, or start with one of these:"),
    here.map(make),
  );
};

// Everything that is always there

const glyphs = {
  "#open-sidebar": "menu",
  "#help": "help",
  "#open-drawer": "code",
  "#notice button": "close",
  "#drawer button": "close",
};
for (const [selector, name] of Object.entries(glyphs)) $(selector).append(icon(name));
$("#to-present").append(icon("down"));
$("#open-sidebar").addEventListener("click", () => openSidebar(true));
$("#scrim").addEventListener("click", () => openSidebar(false));
$("#sidebar").addEventListener(
  "keydown",
  ({ key }) => key === "Escape" && (openSidebar(false), $("#open-sidebar").focus()),
);
$("#person").addEventListener("click", choosePerson);
addEventListener("popstate", follow);
$(".skip").addEventListener("click", (event) => (event.preventDefault(), $("#input").focus()));
addEventListener("keydown", (event) => {
  const typed = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  const busy =
    event.target.closest?.("input, textarea, select, dialog, .popup, button, a") || $("dialog[open]");
  if (typed && !busy && event.key !== " ")
    $("#input").hidden ? $("#fields textarea")?.focus() : $("#input").focus();
});

line.connect(address().get("as") ?? FIRST);
