// Sends one file over tus 1.0.0 and goes on after a broken connection, also after the page was closed.
const CHUNK = 4 * 1024 * 1024;
const WAITS = [1, 2, 4, 8, 15, 30, 30, 30];
const HASHED_UP_TO = 256 * 1024 * 1024;
const AGAIN = [0, 409, 423, 429, 500, 502, 503, 504, 507];
const csrf = () => document.querySelector("meta[name=csrf]").content;

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

// Only where the browser offers it: on https and on this machine itself.
async function sha256(file) {
  if (!window.crypto || !crypto.subtle || file.size > HASHED_UP_TO) return "";
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function ask(method, address, headers, { body, progress, signal } = {}) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    for (const [name, value] of Object.entries(headers)) if (value) request.setRequestHeader(name, value);
    request.setRequestHeader("Tus-Resumable", "1.0.0");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrf());
    if (progress) request.upload.addEventListener("progress", (event) => progress(event.loaded));
    const stop = () => request.abort();
    if (signal) signal.addEventListener("abort", stop);
    request.addEventListener("loadend", () => {
      if (signal) signal.removeEventListener("abort", stop);
      let told = {};
      try { told = JSON.parse(request.responseText); } catch { /* an answer without a body */ }
      resolve({ status: request.status, header: (name) => request.getResponseHeader(name), why: told.error || "", code: told.code || "" });
    });
    request.send(body || null);
  });
}

function wait(seconds, signal = null) {
  return new Promise((resolve) => {
    const over = setTimeout(resolve, seconds * 1000);
    if (signal) signal.addEventListener("abort", () => { clearTimeout(over); resolve(); }, { once: true });
  });
}

function remembered(key) {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
}

function remember(key, value) {
  try { if (value) localStorage.setItem(key, JSON.stringify(value)); else localStorage.removeItem(key); } catch { /* private window: it goes on while the page is open */ }
}

// What a file has become, as the answer says it; null while it is none.
function became(answer, batch) {
  const status = answer.header("Juanzong-Status");
  const cut = answer.header("Juanzong-Batch");
  if (cut) return { status, document: null, batch: decodeURIComponent(cut) };
  const document = answer.header("Juanzong-Document");
  return document ? { status, document, batch, shut: answer.header("Juanzong-Shut") === "yes" } : null;
}

// Takes back what has gone of a stopped file. The server waits with its answer while it makes a document of the last piece.
async function takeBack(known, key) {
  for (let failures = 0; ; failures += 1) {
    const answer = await ask("DELETE", known.address, {});
    if (AGAIN.includes(answer.status)) {
      if (failures === WAITS.length) return { status: "lost", why: answer.why };
      await wait(WAITS[failures]);
      continue;
    }
    if (answer.status === 401) return { status: "signed_out", why: "" };
    remember(key, null);
    return became(answer, known.batch) || { status: "stopped", why: "" };
  }
}

// The outcome: { status: "received" | "stored" | "needs_review" | "duplicate", document, batch, shut }, shut where this person may not read it, without a document for a stack that was cut, or { status: "rejected" | "signed_out" | "lost" | "stopped", why }.
// signal: stops it and takes back what has gone; what was received whole by then stays, and the outcome says so.
export async function send(file, { address, batch, department, stack, progress, broken, signal }) {
  const key = ["juanzong-upload", file.name, file.size, file.lastModified, department, ...Object.values(stack || {})].join(":");
  let known = remembered(key);
  let step = known ? "where" : "open";
  let offset = 0;
  let failures = 0;
  for (;;) {
    let answer;
    const start = offset;
    if (signal.aborted) return known ? takeBack(known, key) : { status: "stopped", why: "" };
    if (step === "open") {
      const words = { filename: file.name, batch, department_id: department, ...stack, sha256: await sha256(file) };
      const metadata = Object.entries(words).filter(([, value]) => value).map(([name, value]) => `${name} ${base64(value)}`).join(",");
      answer = await ask("POST", address, { "Upload-Length": String(file.size), "Upload-Metadata": metadata }); // not stopped: nobody would know where it is
    } else if (step === "where") {
      answer = await ask("HEAD", known.address, {});
    } else {
      const headers = { "Upload-Offset": String(start), "Content-Type": "application/offset+octet-stream" };
      answer = await ask("PATCH", known.address, headers, { body: file.slice(start, start + CHUNK), progress: (loaded) => progress(start + loaded), signal });
    }
    if (answer.status >= 200 && answer.status < 300) {
      if (step === "open") known = { address: answer.header("Location"), batch };
      offset = Number(answer.header("Upload-Offset"));
      progress(offset);
      if (offset > start) failures = 0;
      const whole = became(answer, known.batch);
      remember(key, whole ? null : known);
      if (whole) return whole;
      step = "send";
      continue;
    }
    if (signal.aborted && answer.status === 0) continue;
    if (answer.status === 401) return { status: "signed_out", why: "" };
    const gone = known && [404, 410].includes(answer.status);
    if (gone) known = null;
    if (gone || !AGAIN.includes(answer.status)) remember(key, null);
    if (!gone && !AGAIN.includes(answer.status)) return { status: "rejected", why: answer.why };
    if (failures === WAITS.length) return { status: "lost", why: answer.why };
    if (!gone && !signal.aborted) {
      broken(answer.why);
      await wait(WAITS[failures] * (0.75 + Math.random() / 2), signal);
    }
    failures += 1;
    step = known ? "where" : "open";
    if (!known) offset = 0;
  }
}
