/** Times in words, in the reader's own language and zone. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
const daysAgo = (date) => Math.round((midnight(new Date()) - midnight(date)) / 86400000);

export const hour = (date) => clock.format(date);
export const full = (date) => new Intl.DateTimeFormat(undefined, STYLES.F).format(date);
export const day = (date) => new Intl.DateTimeFormat(undefined, STYLES.D).format(date);

/** "Today at 10:02", "Yesterday at 10:02" or a date. */
export function when(date) {
  const words = ["Today at", "Yesterday at"][daysAgo(date)];
  return words
    ? `${words} ${hour(date)}`
    : new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" }).format(date);
}

/** A time as `<t:seconds:style>` asks for it. */
export function styled(seconds, style = "f") {
  const date = new Date(seconds * 1000);
  if (style !== "R") return new Intl.DateTimeFormat(undefined, STYLES[style] ?? STYLES.f).format(date);
  const away = seconds - Date.now() / 1000;
  const [unit, size] = UNITS.find(([, s]) => Math.abs(away) >= s) ?? ["second", 1];
  return relative.format(Math.round(away / size), unit);
}
