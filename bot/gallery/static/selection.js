// Several drawings at once: taken along as files, or deleted.

import { ask, h, say } from "../site/site.js";

const $ = (id) => document.getElementById(id);
const chosen = new Set();
let page = { words: {}, most: 0, gone: () => {} };
let on = false;

export const set = (given) => (page = given);

/** The box of a drawing's picture; all pictures of one drawing go together. */
export function box(drawing, said) {
  const input = h("input", { type: "checkbox", checked: chosen.has(drawing.job), "aria-label": said });
  input.addEventListener("change", () => choose(drawing.job, input.checked));
  return h("label", { hidden: !on }, input);
}

function choose(job, wanted) {
  if (wanted && chosen.size >= page.most) {
    say(page.words.too_many.replace("{count}", page.most), true);
    wanted = false;
  }
  if (wanted) chosen.add(job);
  else chosen.delete(job);
  for (const input of document.querySelectorAll(`.cell[data-job="${job}"] input`)) input.checked = wanted;
  draw();
}

function draw() {
  $("select").setAttribute("aria-pressed", String(on));
  for (const label of document.querySelectorAll(".cell label")) label.hidden = !on;
  $("count").textContent = on ? page.words.selected.replace("{count}", chosen.size) : "";
  for (const [id, kind] of [["zip", "zip"], ["csv", "csv"]]) {
    $(id).hidden = !chosen.size;
    $(id).href = `selection.${kind}?jobs=${[...chosen]}`;
  }
  $("delete").hidden = !chosen.size;
}

export function clear() {
  chosen.clear();
  for (const input of document.querySelectorAll(".cell :checked")) input.checked = false;
  draw();
}

$("select").addEventListener("click", () => {
  on = !on;
  if (!on) clear();
  draw();
});

$("delete").addEventListener("click", async () => {
  if (!confirm(page.words.sure)) return;
  const jobs = [...chosen];
  const answer = await ask("delete", { jobs });
  if (!answer.ok) return say(answer.said, true);
  clear();
  for (const job of jobs) page.gone(job);
  say(page.words.deleted.replace("{count}", answer.deleted));
});
