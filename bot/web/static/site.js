// What all pages share: asking the bot, saying what came of it, signing out.

const PATIENCE = 60_000; // milliseconds

const words = document.body.dataset;

/** What the bot answers: its status, and JSON where that is what it says. A change is a POST. */
export async function ask(path, change) {
  const asked = {
    headers: { "Accept-Language": document.documentElement.lang },
    signal: AbortSignal.timeout(PATIENCE),
  };
  if (change !== undefined) {
    asked.method = "POST";
    asked.body = JSON.stringify(change);
    // No page of another site can make a browser send this.
    asked.headers["X-Easel"] = "1";
    asked.headers["Content-Type"] = "application/json";
  }
  try {
    const answer = await fetch(path, asked);
    const told = await answer.json();
    // Signed out meanwhile, here or in another window.
    if (answer.status === 401) location.reload();
    return { ok: answer.ok, status: answer.status, ...told };
  } catch {
    return { ok: false, status: 503, said: words.away };
  }
}

/** Says a sentence where screen readers hear it. */
export function say(text, refused = false) {
  const said = document.getElementById("said");
  said.classList.toggle("refused", refused);
  said.textContent = text;
}

/** An element with properties and children, such as h("button.main", {type: "button"}, "Go"). */
export function h(what, properties = {}, ...children) {
  const [name, ...classes] = what.split(".");
  const element = document.createElement(name);
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key in element && !key.startsWith("aria")) element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((it) => it !== null && it !== undefined && it !== false));
  return element;
}

document.getElementById("sign-out")?.addEventListener("click", async () => {
  const answer = await ask("../sign-in/out", {});
  if (answer.ok) location.reload();
  else say(answer.said, true);
});
