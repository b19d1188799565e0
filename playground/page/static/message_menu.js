/** What can be done with a message: by its tools, a right click, a long press or Shift+F10. */

import { $, h, icon, touch } from "./dom.js";
import { menu } from "./menus.js";
import { addReaction } from "./reactions.js";
import { byId } from "./scrolling.js";
import { channel, inChannel, line, store } from "./store.js";

/** What the input does with a message or a person; the app fills it in. */
export const asks = { reply() {}, mention() {}, useMenu() {} };

/** The tools that show on the message one points at. */
export function toolbar(msg) {
  const tool = (name, text, does) =>
    h("button.tool", { type: "button", "aria-label": text, title: text, onclick: does }, icon(name));
  return h(
    "div.toolbar",
    { role: "group", "aria-label": "Message actions" },
    !msg.ephemeral && tool("smile", "Add reaction", (event) => addReaction(event.currentTarget, msg.id)),
    !msg.ephemeral && tool("reply", "Reply", () => asks.reply(msg)),
    tool("dots", "More", (event) => openMenu(event.currentTarget.closest("article"), event.currentTarget)),
  );
}

const offered = (type) =>
  store.commands.filter((command) => command.type === type && command.channels.includes(store.channel));

/** Opens a message's menu. */
export function openMenu(node, place = null) {
  const msg = inChannel().get(node.dataset.messageId);
  if (!msg) return;
  const at = place ?? middle(node);
  const mine = msg.author.id === store.me;
  const items = [
    !msg.ephemeral && {
      label: "Add reaction",
      icon: "smile",
      does: () => addReaction(byId(msg.id) ?? node, msg.id),
    },
    !msg.ephemeral && { label: "Reply", icon: "reply", does: () => asks.reply(msg) },
    msg.content && {
      label: "Copy text",
      icon: "copy",
      does: () => navigator.clipboard?.writeText(msg.content),
    },
    ...apps(3, msg.id),
    (mine || channel().can_manage) && !msg.ephemeral && null,
    (mine || channel().can_manage) &&
      !msg.ephemeral && {
        label: "Delete message",
        icon: "trash",
        danger: true,
        does: () => line.send("delete", { message_id: msg.id }),
      },
    msg.ephemeral && {
      label: "Dismiss message",
      icon: "close",
      does: () => line.send("dismiss", { message_id: msg.id }),
    },
  ];
  menu(
    at,
    items.filter((item) => item !== false && item !== "" && item !== undefined),
    "Message actions",
  );
}

/** The bot's menu commands, as entries of a menu. */
function apps(type, target) {
  const entries = offered(type).map(({ name, shown }) => ({
    label: shown,
    icon: "bolt",
    note: store.bot.name,
    does: () => asks.useMenu(type, name, target),
  }));
  return entries.length ? [null, ...entries] : [];
}

/** Opens the menu of who wrote a message. */
export function openPerson(place, who) {
  const mention = { label: `Mention @${who.name}`, icon: "at", does: () => asks.mention(who) };
  menu(place, [mention, ...apps(2, who.id)], who.name);
}

function middle(node) {
  const box = node.getBoundingClientRect();
  return {
    x: box.left + Math.min(80, box.width / 2),
    y: Math.max(60, Math.min(box.top + 30, innerHeight - 80)),
    from: node,
  };
}

$("#messages").addEventListener("contextmenu", (event) => {
  const node = event.target.closest("article[data-message-id]");
  if (!node || event.target.closest("a, textarea, input") || String(getSelection())) return;
  event.preventDefault();
  openMenu(node, { x: event.clientX, y: event.clientY, from: node });
});

let press = null;
let held = false;
$("#messages").addEventListener("pointerdown", (event) => {
  const node = event.target.closest("article[data-message-id]");
  if (event.pointerType !== "touch" || !node || !touch()) return;
  held = false;
  press = setTimeout(() => {
    held = true;
    openMenu(node, { x: event.clientX, y: event.clientY, from: node });
  }, 550);
});
for (const end of ["pointerup", "pointercancel", "pointermove"])
  $("#messages").addEventListener(end, () => clearTimeout(press));
// Lifting the finger after that must not press what lies under it.
$("#messages").addEventListener(
  "click",
  (event) => held && (event.preventDefault(), event.stopPropagation(), (held = false)),
  { capture: true },
);
