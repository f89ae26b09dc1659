// An OpenID provider (oidc-provider, certified by the OpenID Foundation) for one test: node provider.mjs PORT CLIENT_JSON
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [port, client, packages] = process.argv.slice(2);
const found = createRequire(`${packages}/`).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(found));
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [JSON.parse(client)],
  pkce: { required: () => true },
  cookies: { keys: ["for tests alone"] },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
