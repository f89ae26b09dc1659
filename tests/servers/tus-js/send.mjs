// node send.mjs ENDPOINT TOKEN FILE CHUNK_BYTES METADATA_JSON MEMORY [TERMINATE_AT]: send a file as tus-js-client does, and print what was
// answered; with TERMINATE_AT, take it back (abort(true)) in the middle of the request that goes beyond so many bytes.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [endpoint, token, file, chunk, metadata, memory, terminateAt] = process.argv.slice(2);
const require = createRequire(path.join(process.env.TUS_JS, "x.js"));
const tus = require("tus-js-client");
let answer = null, leaving = false;
const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint,
  chunkSize: Number(chunk),
  uploadSize: fs.statSync(file).size,
  headers: { Authorization: `Bearer ${token}` },
  metadata: JSON.parse(metadata),
  retryDelays: [100, 200, 400, 800, 1600, 3200],
  urlStorage: new tus.FileUrlStorage(memory),
  onAfterResponse: (_request, response) => { answer = response; },
  onProgress: async (sent) => {
    if (!terminateAt || leaving || sent < Number(terminateAt)) return;
    leaving = true;
    await upload.abort(true);
    console.log(JSON.stringify({ url: upload.url, status: answer.getStatus() }));
  },
  onError: (error) => { console.log(JSON.stringify({ error: String(error), status: answer && answer.getStatus() })); process.exit(1); },
  onSuccess: () => {
    console.log(JSON.stringify({ document: answer.getHeader("Juanzong-Document"), status: answer.getHeader("Juanzong-Status"), url: upload.url }));
  },
});
const previous = await upload.findPreviousUploads();
if (previous.length) upload.resumeFromPreviousUpload(previous[0]);
upload.start();
