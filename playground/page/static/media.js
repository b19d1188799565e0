/** Pictures and files of messages, and the large view. */

import { $, $$, bytes, h, icon, local } from "./dom.js";

const WIDEST = 560;
const HIGHEST = 520;

export const isPicture = (file) =>
  file.width && /^image\/(png|jpeg|webp|gif|avif)/.test(file.content_type ?? "image/png");

/**
 * A picture in a frame that has its final size from the start, so that nothing jumps.
 * @param {{url: string, width?: number, height?: number, description?: string}} media
 */
export function picture(media, { name = "", hidden = false, widest = WIDEST } = {}) {
  const [width, height] = [media.width || 400, media.height || 300];
  const scale = Math.min(1, widest / width, HIGHEST / height);
  const url = local(media.url);
  const image = h("img", { src: url, alt: media.description ?? "", draggable: "false", decoding: "async" });
  const frame = h(
    hidden ? "button.picture.covered" : "button.picture",
    {
      type: "button",
      style: { "--width": `${Math.round(width * scale)}px`, "--ratio": `${width} / ${height}` },
      data: { url, name: name || url.split("?")[0].split("/").pop() },
      "aria-label": `Open picture${media.description ? `: ${media.description}` : ""}`,
      onclick: open,
    },
    image,
  );
  image.addEventListener("load", () => settle(frame, image));
  image.addEventListener("error", () => frame.classList.add("lost"));
  return frame;
}

function settle(frame, image) {
  frame.classList.add("loaded");
  for (const before of $$("img", frame)) if (before !== image) before.remove();
}

/** Keeps what the pictures of a message's last version showed until the new ones are loaded. */
export function carryOver(before, after) {
  const old = $$(".picture", before);
  for (const [index, frame] of $$(".picture", after).entries()) {
    const last = old[index];
    if (!last) continue;
    const same = last.dataset.url.split("?")[0] === frame.dataset.url.split("?")[0];
    if (same) frame.replaceWith(last);
    else {
      const seen = $$("img", last).findLast((image) => image.complete && image.naturalWidth);
      if (seen) frame.prepend(seen);
      frame.classList.toggle("loaded", Boolean(seen));
    }
  }
}

/** Attachments as Discord lays them out: one large, several in a grid, other files as rows. */
export function attachments(files) {
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  const frames = pictures.map((file) =>
    picture(file, { name: file.filename, hidden: file.filename.startsWith("SPOILER_") }),
  );
  return [frames.length ? mosaic(frames) : null, ...others.map(download)];
}

export function mosaic(frames) {
  return h(frames.length > 1 ? "div.mosaic" : "div.single", { data: { count: frames.length } }, frames);
}

export function download(file) {
  const link = h("a", { href: local(file.url), download: file.filename }, file.filename);
  const kept = h(
    "a.tool",
    { href: local(file.url), download: file.filename, "aria-label": `Download ${file.filename}` },
    icon("download"),
  );
  return h("div.file", {}, icon("file"), h("div", {}, link, h("small", {}, bytes(file.size ?? 0))), kept);
}

function open({ currentTarget: frame }) {
  if (frame.classList.contains("covered")) return frame.classList.remove("covered");
  const article = frame.closest("article") ?? frame.parentElement;
  const frames = $$(".picture", article);
  lightbox(frames, frames.indexOf(frame));
}

/** The large view: arrows go through the pictures of the message, a click shows every pixel. */
function lightbox(frames, index) {
  const image = h("img", { alt: "", onclick: () => dialog.classList.toggle("pixels") });
  const name = h("span");
  const original = h(
    "a.tool",
    { target: "_blank", rel: "noopener", "aria-label": "Open original", title: "Open original" },
    icon("external"),
  );
  const save = h("a.tool", { "aria-label": "Download", title: "Download" }, icon("download"));
  const close = h(
    "button.tool",
    { "aria-label": "Close", title: "Close", autofocus: true, onclick: () => dialog.close() },
    icon("close"),
  );
  const step = (by) => () => show((index + by + frames.length) % frames.length);
  const arrows = [
    h("button.tool.back", { "aria-label": "Previous picture", onclick: step(-1) }, icon("left")),
    h("button.tool.forth", { "aria-label": "Next picture", onclick: step(1) }, icon("right")),
  ];
  const dialog = h(
    "dialog.lightbox",
    {
      "aria-label": "Picture",
      onclose: () => dialog.remove(),
      onclick: (event) => event.target.matches("dialog, .stage") && dialog.close(),
    },
    h("header", {}, name, original, save, close),
    h("div.stage", {}, image),
    frames.length > 1 && arrows,
  );
  dialog.addEventListener("keydown", ({ key }) => {
    if (frames.length > 1 && key === "ArrowLeft") step(-1)();
    if (frames.length > 1 && key === "ArrowRight") step(1)();
  });
  function show(next) {
    index = next;
    const frame = frames[index];
    dialog.classList.remove("pixels");
    image.src = original.href = save.href = frame.dataset.url;
    image.alt = $("img:last-of-type", frame).alt;
    name.textContent = save.download = frame.dataset.name;
  }
  show(index);
  document.body.append(dialog);
  dialog.showModal();
}
