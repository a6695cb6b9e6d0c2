import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Issuers {
  readonly url: string;
  close(): Promise<void>;
}

interface Issuer {
  /** Undefined while the issuer is down. */
  keys: readonly object[] | undefined;
  /** How often its keys were requested. */
  asked: number;
}

/**
 * An HTTP server of OpenID providers. `{url}/{name}` is one, with its configuration and keys. PUT /{name} sets
 * `{keys}`, or takes it down without them. GET /{name} returns how often its keys were requested.
 */
export async function startIssuers(): Promise<Issuers> {
  const issuers = new Map<string, Issuer>();
  let url = "";
  const server = createServer(async (request, response) => {
    const answer = (status: number, content: object = {}) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(content));
    const [, name = "", ...rest] = (request.url ?? "").split("/");
    const issuer = issuers.get(name) ?? { keys: undefined, asked: 0 };
    issuers.set(name, issuer);
    if (request.method === "PUT") {
      let body = "";
      for await (const chunk of request) body += chunk;
      issuer.keys = JSON.parse(body).keys;
      return answer(200);
    }
    const path = rest.join("/");
    if (path === "") return answer(200, { asked: issuer.asked });
    if (path === ".well-known/openid-configuration")
      return answer(200, { issuer: `${url}/${name}`, jwks_uri: `${url}/${name}/keys` });
    if (path !== "keys") return answer(404);
    issuer.asked++;
    return issuer.keys ? answer(200, { keys: issuer.keys }) : answer(503);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
