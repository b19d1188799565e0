// The page: gets the picture and the prompt for a pass, sends back what was painted.

import { Board } from "./board.js";

const at = (id) => document.getElementById(id);
const main = at("main");
const words = document.body.dataset;
const PATIENCE = 60_000; // milliseconds

/** A request with the visitor's pass, which stands behind the # of the link. */
async function ask(path, more = {}) {
  const headers = {
    Authorization: `Bearer ${location.hash.slice(1)}`,
    "Accept-Language": document.documentElement.lang,
  };
  try {
    return await fetch(path, { ...more, headers, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    return Response.json({ said: words.away }, { status: 503 });
  }
}

async function saidIn(response) {
  try {
    return (await response.json()).said || words.away;
  } catch {
    return words.away;
  }
}

function say(text, how = "") {
  at("said").className = `said ${how}`;
  at("said").textContent = text;
  if (text) at("said").focus();
  fit();
}

/** Nothing to paint any more: the sentence stands alone. */
function close(text, how) {
  main.classList.add("over");
  at("panel").hidden = true;
  say(text, how);
}

let board;

/** The picture as large as its place allows. */
function fit() {
  const { canvas } = board ?? {};
  if (!canvas) return;
  const stage = at("stage");
  const scale = Math.min(stage.clientWidth / canvas.width, stage.clientHeight / canvas.height);
  canvas.style.width = `${Math.floor(canvas.width * scale)}px`;
  canvas.style.height = `${Math.floor(canvas.height * scale)}px`;
  board.draw();
}

function changed() {
  if (!board) return;
  at("undo").disabled = !board.strokes.length;
  at("redo").disabled = !board.undone.length;
  at("clear").disabled = board.empty;
}

async function open() {
  const [sheet, picture] = await Promise.all([ask("sheet"), ask("picture")]);
  main.removeAttribute("aria-busy");
  const refused = [sheet, picture].find((answer) => !answer.ok);
  if (refused) return close(await saidIn(refused), "refused");
  at("prompt").value = (await sheet.json()).prompt;
  board = new Board(at("board"), await createImageBitmap(await picture.blob()), changed);
  board.resize(at("size").value / 100);
  new ResizeObserver(fit).observe(at("stage"));
  changed();
  main.classList.add("ready");
}

async function submit() {
  if (!board) return;
  const label = at("submit").textContent;
  at("submit").disabled = true;
  at("submit").textContent = words.wait;
  const form = new FormData();
  form.append("mask", await board.mask(), "mask.png");
  form.append("prompt", at("prompt").value);
  const answer = await ask("job", { method: "POST", body: form });
  const said = await saidIn(answer);
  at("submit").disabled = false;
  at("submit").textContent = label;
  if (!answer.ok) return say(said, "refused");
  close(said, "accepted");
  at("again").hidden = false;
}

function again() {
  main.classList.remove("over");
  at("panel").hidden = false;
  at("again").hidden = true;
  say("");
  at("board").focus({ preventScroll: true });
}

at("panel").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
at("again").addEventListener("click", again);
at("undo").addEventListener("click", () => board?.undo());
at("redo").addEventListener("click", () => board?.redo());
at("clear").addEventListener("click", () => board?.clear());
at("size").addEventListener("input", () => board?.resize(at("size").value / 100));
at("tools").addEventListener("change", (event) => {
  if (board) board.tool = event.target.value;
});
addEventListener("hashchange", () => location.reload());
addEventListener("keydown", (event) => {
  const undoing = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
  if (!undoing || !board || event.target === at("prompt")) return;
  event.preventDefault();
  if (event.shiftKey) board.redo();
  else board.undo();
});

open();
