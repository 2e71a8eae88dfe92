// The citizens and what they said, kept in this browser so that a reload loses nothing.

const KEY = "anju-simulator";
const LINES = 200;

const memory = load();

function load() {
  const fresh = { current: "", tapIds: true, citizens: [] };
  try {
    return { ...fresh, ...JSON.parse(localStorage.getItem(KEY)) };
  } catch {
    return fresh;
  }
}

export function save() {
  try {
    localStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // The browser's shelf is full: old pictures go first, words stay.
    memory.citizens.forEach((citizen) => citizen.lines.slice(0, -5).forEach((line) => delete line.picture));
    try {
      localStorage.setItem(KEY, JSON.stringify(memory));
    } catch {
      // Private windows may refuse to keep anything; the chat goes on without.
    }
  }
}

/** Bring the server's citizens in, keeping what is remembered of them and the added ones. */
export function meet(ready) {
  const added = memory.citizens.filter(
    (known) => known.added && !ready.some((one) => one.openid === known.openid),
  );
  memory.citizens = [...ready, ...added].map((one) => ({
    following: false,
    unread: 0,
    pushed: 0,
    lines: [],
    ...memory.citizens.find((known) => known.openid === one.openid),
    ...(one.added ? {} : one),
  }));
  if (!memory.citizens.some((one) => one.openid === memory.current)) {
    memory.current = memory.citizens[0]?.openid ?? "";
  }
  save();
}

export const everybody = () => memory.citizens;
export const current = () => memory.citizens.find((one) => one.openid === memory.current);
export const tintOf = (citizen) => memory.citizens.indexOf(citizen) % 6;

export function change(openid) {
  memory.current = openid;
  current().unread = 0;
  save();
}

/** Add a citizen with an openid of the platform's shape: 28 characters. */
export function add(name) {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const openid = `oSim${Array.from(bytes, (byte) => letters[byte % 64]).join("")}`;
  memory.citizens.push({ openid, name, added: true, following: false, unread: 0, pushed: 0, lines: [] });
  change(openid);
}

/** Keep one line of a citizen's chat; `line` gets its moment here. */
export function keep(citizen, line) {
  const kept = { at: Date.now(), ...line };
  citizen.lines.push(kept);
  citizen.lines.splice(0, citizen.lines.length - LINES);
  if (line.from === "bot" && citizen !== current()) citizen.unread += 1;
  save();
  return kept;
}

export function forget(citizen) {
  citizen.lines = [];
  save();
}

export const tapIds = () => memory.tapIds;
export function useTapIds(on) {
  memory.tapIds = on;
  save();
}
