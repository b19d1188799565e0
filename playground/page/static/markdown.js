/** The part of Discord's Markdown that bots use, as elements; never as HTML. */

import { h } from "./dom.js";
import { full, styled } from "./times.js";

const LINK = /https?:\/\/[^\s<>]+[^\s<>.,:;"'\])!?]/y;

/**
 * Turns text into elements.
 * @param {string} text what was written
 * @param {{user: Function, channel: Function}} names look up who or what an id means
 * @returns {DocumentFragment}
 */
export function markdown(text, names) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(text, names));
  return fragment;
}

/** The text alone, in one line, as replies and announcements quote it. */
export function plain(text, names) {
  const lines = [...markdown(text, names).childNodes].map((node) => node.textContent);
  return lines.join(" ").replace(/\s+/g, " ").trim();
}

const BLOCKS = [
  [
    /^```(?:([\w+#-]+)\n)?\n?([^]*?)\n?```\n?/,
    ([, language, code]) => h("pre", {}, h("code", { data: { language: language ?? "" } }, code)),
  ],
  [/^(#{1,3}) +(.+)(?:\n|$)/, ([, level, line], names) => h(`h${level.length + 2}`, {}, inline(line, names))],
  [/^-# +(.+)(?:\n|$)/, ([, line], names) => h("small.subtext", {}, inline(line, names))],
  [/^>>> ([^]*)/, ([, rest], names) => h("blockquote", {}, blocks(rest, names))],
  [
    /^(?:> ?.*(?:\n|$))+/,
    ([all], names) => h("blockquote", {}, blocks(all.replace(/^> ?/gm, "").replace(/\n$/, ""), names)),
    /^> /,
  ],
  [/^(?: *[-*] +.+(?:\n|$))+/, ([all], names) => h("ul", {}, items(all, /^( *)[-*] +/, names))],
  [
    /^(?: *\d+\. +.+(?:\n|$))+/,
    ([all], names) => h("ol", { start: parseInt(all, 10) }, items(all, /^( *)\d+\. +/, names)),
  ],
];

function items(all, mark, names) {
  const lines = all.split("\n").filter(Boolean);
  return lines.map((line) =>
    h(line.match(mark)[1].length > 1 ? "li.nested" : "li", {}, inline(line.replace(mark, ""), names)),
  );
}

function blocks(text, names) {
  const found = [];
  let paragraph = "";
  const flush = () => {
    if (paragraph.trim()) found.push(h("span.text", {}, inline(paragraph.replace(/\n$/, ""), names)));
    paragraph = "";
  };
  while (text) {
    const atStart = !paragraph || paragraph.endsWith("\n");
    const block = BLOCKS.find(
      ([pattern, , needs], i) => (i === 0 || atStart) && (!needs || needs.test(text)) && pattern.test(text),
    );
    if (block) {
      flush();
      const match = text.match(block[0]);
      found.push(block[1](match, names));
      text = text.slice(match[0].length);
    } else {
      const end = text.indexOf("\n") + 1 || text.length;
      const fence = text.indexOf("```", 1);
      const taken = fence > 0 && fence < end ? fence : end;
      paragraph += text.slice(0, taken);
      text = text.slice(taken);
    }
  }
  flush();
  return found;
}

const wrap =
  (tag) =>
  ([, inside], names) =>
    h(tag, {}, inline(inside, names));

const INLINE = [
  [/\\([^\w\s])/y, ([, character]) => character],
  [/(`+)([^]*?[^`])\1(?!`)/y, ([, , code]) => h("code", {}, code.trim() || code)],
  [
    /<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y,
    ([, seconds, style]) => h("time", { title: full(new Date(seconds * 1000)) }, styled(seconds, style)),
  ],
  [/<@!?(\d+)>/y, ([, id], names) => h("span.mention", {}, `@${names.user(id)?.name ?? "unknown-user"}`)],
  [/<@&(\d+)>/y, ([, id], names) => h("span.mention", {}, `@${names.role(id)?.name ?? "unknown-role"}`)],
  [/<#(\d+)>/y, ([, id], names) => h("span.mention", {}, `#${names.channel(id)?.name ?? "unknown"}`)],
  [/<\/([^:>]+):\d+>/y, ([, name]) => h("span.mention", {}, `/${name}`)],
  [/<a?:(\w+):\d+>/y, ([, name]) => h("span.emoji", {}, `:${name}:`)],
  [/@(?:everyone|here)\b/y, ([all]) => h("span.mention", {}, all)],
  [
    /\[([^\]\n]+)\]\(<?(https?:\/\/[^\s<>)]+)>?(?: "[^"]*")?\)/y,
    ([, label, url], names) => link(url, inline(label, names)),
  ],
  [/<(https?:\/\/[^\s>]+)>/y, ([, url]) => link(url, url)],
  [LINK, ([url]) => link(url, url)],
  [/\|\|([^]+?)\|\|/y, ([, inside], names) => spoiler(inline(inside, names))],
  [/\*\*((?:[^*]|\*(?!\*)|\*\*\*)+?)\*\*(?!\*)/y, wrap("strong")],
  [/__([^]+?)__(?!_)/y, wrap("u")],
  [/~~([^]+?)~~/y, wrap("s")],
  [/\*(?=\S)([^*]+?)\*(?!\*)/y, wrap("em")],
  [/\b_(?=\S)([^_]+?)_\b/y, wrap("em")],
];

function inline(text, names) {
  const found = [];
  let letters = "";
  for (let at = 0; at < text.length;) {
    const hit = "\\`<@[h|*_~".includes(text[at]) && first(text, at);
    if (hit) {
      if (letters) found.push(letters);
      letters = "";
      found.push(hit.make(hit.match, names));
      at += hit.match[0].length;
    } else letters += text[at++];
  }
  if (letters) found.push(letters);
  return found;
}

function first(text, at) {
  for (const [pattern, make] of INLINE) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { match, make };
  }
  return null;
}

function link(url, label) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow", title: url }, label);
}

function spoiler(inside) {
  const reveal = (event) => event.currentTarget.classList.add("shown");
  return h("button.spoiler", { type: "button", title: "Spoiler: press to show", onclick: reveal }, inside);
}
