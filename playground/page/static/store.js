/** What the page knows: the one place that frames change and views read. */

import { Line } from "./socket.js";

const NAMELESS = { id: "0", name: "Unknown user", color: "#80848e", bot: false };

export const store = {
  me: null,
  bot: { online: false, name: "The bot" },
  guild: { name: "", roles: [] },
  people: new Map(),
  channels: new Map(),
  locale: "en-US",
  registered: [],
  commands: [],
  /** channel id → (message id → message), oldest first */
  messages: new Map(),
  /** ids of channels that have messages before those that the page knows */
  earlier: new Set(),
  /** id of the channel that is shown */
  channel: null,
  unread: new Set(),
  /** frame type → function */
  on: {},
};

export const line = new Line((type, data) => store.on[type]?.(data));

export const channel = () => store.channels.get(store.channel);
export const inChannel = (id = store.channel) => store.messages.get(id) ?? new Map();
export const message = (id) => [...store.messages.values()].map((all) => all.get(id)).find(Boolean);

/** Someone as the page shows them, from a Discord user object or an id. */
export function person(user) {
  const known = store.people.get(typeof user === "string" ? user : user?.id);
  if (known || !user?.id) return known ?? NAMELESS;
  return { ...NAMELESS, id: user.id, name: user.global_name || user.username, bot: Boolean(user.bot) };
}

export const names = {
  user: (id) => store.people.get(id),
  channel: (id) => store.channels.get(id),
  role: (id) => store.guild.roles.find((role) => role.id === id),
};

/** Whether a snowflake is older than another. */
export const older = (a, b) => (a.length === b.length ? a < b : a.length < b.length);
