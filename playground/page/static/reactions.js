/** Emoji reactions: counting, showing, giving and taking back. */

import { h, icon } from "./dom.js";
import { pickEmoji } from "./menus.js";
import { line, message, store } from "./store.js";

const emojiText = (emoji) => (emoji.id ? `:${emoji.name}:` : emoji.name);
const emojiKey = (emoji) => (emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name);

/** The reactions under a message; null while there are none. */
export function reactions(msg) {
  if (!msg.reactions?.length) return null;
  const make = ({ emoji, count, me }) =>
    h(
      "button.reaction",
      {
        type: "button",
        "aria-pressed": String(me),
        "aria-label": `${emojiText(emoji)}, ${count}`,
        data: { customId: `reaction ${emojiKey(emoji)}` },
        onclick: () => react(msg.id, emojiKey(emoji)),
      },
      h("span.emoji", {}, emojiText(emoji)),
      h("b", {}, String(count)),
    );
  const more = h(
    "button.reaction.more",
    {
      type: "button",
      "aria-label": "Add reaction",
      onclick: (event) => addReaction(event.currentTarget, msg.id),
    },
    icon("smile"),
  );
  return h("div.reactions", {}, msg.reactions.map(make), more);
}

function react(id, emoji) {
  const mine = message(id)?.reactions?.find((each) => emojiKey(each.emoji) === emoji)?.me;
  line.send(mine ? "unreact" : "react", { message_id: id, emoji });
}

/** Lets the person pick one. */
export const addReaction = (place, id) => pickEmoji(place, (emoji) => react(id, emoji));

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
