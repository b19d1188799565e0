/** The language of the command line: which command, which options, which values. Pure. */

export const SUBCOMMAND = 1;
export const GROUP = 2;
export const STRING = 3;
export const INTEGER = 4;
export const BOOLEAN = 5;
export const USER = 6;
export const CHANNEL = 7;
export const ROLE = 8;
export const MENTIONABLE = 9;
export const NUMBER = 10;
export const ATTACHMENT = 11;

const REQUIRED = "This option is required. Specify a value.";
const WORDS = { true: true, yes: true, on: true, false: false, no: false, off: false };

/** A command as a client in some language shows it: `shown` is what it is called there. */
export function spoken(node, locale) {
  const inside = (all) => all?.map((one) => spoken(one, locale));
  return {
    ...node,
    shown: node.name_localizations?.[locale] ?? node.name,
    description: node.description_localizations?.[locale] ?? node.description,
    ...(node.options && { options: inside(node.options) }),
    ...(node.choices && { choices: inside(node.choices).map((it) => ({ ...it, name: it.shown })) }),
  };
}

/**
 * Everything that can be typed after a slash in a channel: subcommands stand for themselves.
 * @returns {Array<{name: string, english: string, description: string, path: object[], options: object[]}>}
 *   `english` is what it is called where there is no translation; it can be typed too
 */
export function entries(commands, channel) {
  const here = commands.filter((command) => command.type === 1 && command.channels.includes(channel));
  return here.flatMap((command) => leaves(command, [command]));
}

function leaves(node, path) {
  const inner = (node.options ?? []).filter((option) => option.type <= GROUP);
  if (inner.length) return inner.flatMap((option) => leaves(option, [...path, option]));
  const options = [...(node.options ?? [])].sort((a, b) => Boolean(b.required) - Boolean(a.required));
  const called = (how) => path.map((step) => step[how]).join(" ");
  return [
    { name: called("shown"), english: called("name"), description: node.description, path, options },
  ];
}

/** The entries that a beginning may become, best first. */
export function matching(all, typed) {
  const text = typed.toLowerCase();
  const rank = ({ name, english, description }) => {
    const found = (how) => [name, english].some((one) => one[how](text));
    return [found("startsWith"), found("includes"), description.toLowerCase().includes(text)].indexOf(true);
  };
  return all
    .map((entry) => [rank(entry), entry])
    .filter(([at]) => at >= 0)
    .sort((a, b) => a[0] - b[0])
    .map(([, entry]) => entry);
}

/** The entry that a whole line begins with, how it was typed, and the rest; null if it is none. */
export function read(all, text) {
  if (!text.startsWith("/")) return null;
  const line = text.slice(1);
  const fits = ({ typed }) =>
    line.toLowerCase().startsWith(typed) && /^(\s|$)/.test(line.slice(typed.length));
  const [found] = all
    .flatMap((entry) => [entry.name, entry.english].map((typed) => ({ entry, typed })))
    .filter(fits)
    .sort((a, b) => b.typed.length - a.typed.length);
  return found ? { entry: found.entry, rest: line.slice(found.typed.length).trim(), typed: found.typed } : null;
}

/**
 * Reads `name:value` pairs; words before the first belong to the only required text option.
 * @returns {{values: Map<string, string>, stray: string}} `stray` is text that no option takes
 */
export function pairs(entry, rest) {
  const values = new Map();
  const spoken = entry.options.filter((option) => option.type !== ATTACHMENT);
  const pattern = new RegExp(
    `(?:^|\\s)(${spoken.map((o) => o.name.replace(/[^\w]/g, "\\$&")).join("|")}):(?!:)`,
    "gu",
  );
  const marks = spoken.length
    ? [...rest.matchAll(pattern)].filter((m, i, all) => all.findIndex((o) => o[1] === m[1]) === i)
    : [];
  marks.forEach((mark, i) =>
    values.set(mark[1], rest.slice(mark.index + mark[0].length, marks[i + 1]?.index).trim()),
  );
  const lead = rest.slice(0, marks[0]?.index ?? rest.length).trim();
  const home = entry.options.filter(
    (option) => option.required && option.type === STRING && !values.has(option.name),
  );
  if (lead && home.length === 1) values.set(home[0].name, lead);
  return { values, stray: home.length === 1 ? "" : lead };
}

/**
 * Checks what was typed for an option, as Discord's client does.
 * @param {object} option its definition
 * @param {string} text what was typed
 * @param {{people: Iterable, channels: Iterable}} known who and what can be named
 * @returns {{value: any} | {wrong: string} | null} null where an optional one was left empty
 */
export function check(option, text, known) {
  const typed = option.type === STRING ? text : text.trim();
  if (!typed.trim()) return option.required ? { wrong: REQUIRED } : null;
  if (option.choices?.length) return choice(option.choices, typed);
  return (CHECKS[option.type] ?? (() => ({ value: typed })))(option, typed, known);
}

function choice(choices, typed) {
  const same = (text) => String(text).toLowerCase() === typed.trim().toLowerCase();
  const found = choices.find(({ name, value }) => same(name) || same(value));
  return found ? { value: found.value } : { wrong: "Choose one of the offered values." };
}

function number(option, typed, pattern, kind) {
  const value = Number(typed);
  if (!pattern.test(typed) || !Number.isFinite(value)) return { wrong: `Input a valid ${kind}.` };
  const { min_value: low = -Infinity, max_value: high = Infinity } = option;
  if (value >= low && value <= high) return { value };
  const [lowest, highest] = [Number.isFinite(low), Number.isFinite(high)];
  if (lowest && highest) return { wrong: `The value must be between ${low} and ${high}.` };
  return { wrong: lowest ? `The value must be at least ${low}.` : `The value must be at most ${high}.` };
}

function named(all, typed, what) {
  const text = typed.replace(/^<?[@#]!?|>$/g, "").toLowerCase();
  const found = [...all].find(
    (one) => one.id === text || one.name.toLowerCase() === text || one.username?.toLowerCase() === text,
  );
  return found ? { value: found.id } : { wrong: `Choose a ${what}.` };
}

const CHECKS = {
  [STRING]: ({ min_length: low = 0, max_length: high = 6000 }, typed) => {
    if (typed.length > high)
      return { wrong: `This is ${typed.length} characters long; ${high} are allowed.` };
    return typed.length < low ? { wrong: `Must be ${low} or more in length.` } : { value: typed };
  },
  [INTEGER]: (option, typed) => number(option, typed, /^[+-]?\d+$/, "integer"),
  [NUMBER]: (option, typed) => number(option, typed, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, "number"),
  [BOOLEAN]: (_, typed) =>
    typed.toLowerCase() in WORDS ? { value: WORDS[typed.toLowerCase()] } : { wrong: "Choose True or False." },
  [USER]: (_, typed, { people }) => named(people, typed, "person"),
  [MENTIONABLE]: (_, typed, { people }) => named(people, typed, "person"),
  [CHANNEL]: (_, typed, { channels }) => named(channels, typed, "channel"),
};

/** Options as the stand-in takes them: inside the subcommands that the entry stands for. */
export function nested(entry, options) {
  const [, ...inner] = entry.path;
  return inner.reduceRight(
    (inside, step) => [{ name: step.name, type: step.type, options: inside }],
    options,
  );
}
