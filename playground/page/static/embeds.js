/** Embeds, as bots draw them beside a coloured line. */

import { h } from "./dom.js";
import { markdown } from "./markdown.js";
import { picture } from "./media.js";
import { names } from "./store.js";
import { when } from "./times.js";

const rich = (tag, text) => text && h(`${tag}.markdown`, {}, markdown(text, names));
const linked = (text, url) =>
  url ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text) : text;

/** Draws one embed. */
export function embed({
  color,
  author,
  title,
  url,
  description,
  fields,
  image,
  thumbnail,
  footer,
  timestamp,
}) {
  const accent =
    color === undefined || color === null
      ? {}
      : { "--accent-line": `#${color.toString(16).padStart(6, "0")}` };
  const foot = [footer?.text, timestamp && when(new Date(timestamp))].filter(Boolean).join(" · ");
  return h(
    "div.embed.container",
    { style: accent },
    author && h("p.author", {}, linked(author.name, author.url)),
    title && h("p.title", {}, linked(title, url)),
    rich("div", description),
    fields?.length &&
      h(
        "dl",
        {},
        fields.map((field) =>
          h(field.inline ? "div.inline" : "div", {}, h("dt", {}, field.name), rich("dd", field.value)),
        ),
      ),
    image?.width && picture(image, { widest: 400 }),
    thumbnail?.width && h("div.thumbnail", {}, picture(thumbnail, { widest: 80 })),
    foot && h("p.foot", {}, foot),
  );
}
