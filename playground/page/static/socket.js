/** The line to the stand-in: one WebSocket that comes back by itself, and uploads. */

const SLOWEST = 10000;

/**
 * Keeps a person connected.
 * @param {(type: string, data: any) => void} heard called for every frame, and with "LINE" and
 *   "connecting", "open" or "waiting" whenever the state of the line changes
 */
export class Line {
  constructor(heard) {
    this.heard = heard;
    this.tries = 0;
    this.nonce = 0;
    this.person = null;
    addEventListener("online", () => this.timer && this.connect(this.person));
  }

  /** (Re)connects as a person; null is whoever the stand-in thinks of first. */
  connect(person) {
    clearTimeout(this.timer);
    this.timer = null;
    this.person = person;
    this.socket?.close();
    const address = new URL("/playground/ws", location.href.replace(/^http/, "ws"));
    address.hash = "";
    address.search = "";
    if (person) address.searchParams.set("person", person);
    const socket = new WebSocket(address);
    this.socket = socket;
    this.heard("LINE", "connecting");
    socket.onopen = () => this.heard("LINE", "open");
    socket.onmessage = ({ data }) => this.take(socket, JSON.parse(data));
    socket.onclose = () => socket === this.socket && this.wait();
  }

  take(socket, { t, d }) {
    if (socket !== this.socket) return;
    if (t === "HELLO") this.tries = 0;
    this.heard(t, d);
  }

  wait() {
    this.heard("LINE", "waiting");
    const delay = Math.min(SLOWEST, 400 * 2 ** this.tries++);
    this.timer = setTimeout(() => this.connect(this.person), delay);
  }

  /** Sends an operation; returns the nonce that answers carry, or null while there is no line. */
  send(op, fields = {}) {
    if (this.socket?.readyState !== WebSocket.OPEN) return null;
    const nonce = String(++this.nonce);
    this.socket.send(JSON.stringify({ op, nonce, ...fields }));
    return nonce;
  }

  /** Hands a file over; what comes back has an id for messages and options. */
  async upload(file) {
    const address = new URL("/playground/upload", location.href);
    address.hash = "";
    address.search = "";
    if (this.person) address.searchParams.set("person", this.person);
    address.searchParams.set("filename", file.name);
    const type = file.type || "application/octet-stream";
    const answer = await fetch(address, { method: "POST", body: file, headers: { "Content-Type": type } });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(body.message ?? "This file could not be uploaded.");
    return body;
  }
}
