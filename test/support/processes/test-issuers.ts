import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Issuers {
  readonly url: string;
  close(): Promise<void>;
}

/** What a test has told an issuer to do. */
interface Conduct {
  /** Undefined while the issuer is down. */
  readonly keys?: readonly object[];
  /** Differing parts of its OpenID configuration. */
  readonly configuration?: object;
  /** Where requests for its keys are redirected to. */
  readonly redirect?: string;
}

interface Issuer {
  conduct: Conduct;
  /** How often its keys were requested. */
  asked: number;
}

/**
 * An HTTP server of OpenID providers. `{url}/{name}` is one, with its configuration and keys. PUT /{name} sets its
 * conduct, which takes it down without keys. GET /{name} returns how often its keys were requested.
 */
export async function startIssuers(): Promise<Issuers> {
  const issuers = new Map<string, Issuer>();
  let url = "";
  const server = createServer(async (request, response) => {
    const answer = (status: number, content: object = {}) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(content));
    const [, name = "", ...rest] = (request.url ?? "").split("/");
    const issuer = issuers.get(name) ?? { conduct: {}, asked: 0 };
    issuers.set(name, issuer);
    if (request.method === "PUT") {
      let body = "";
      for await (const chunk of request) body += chunk;
      issuer.conduct = JSON.parse(body);
      return answer(200);
    }
    const path = rest.join("/");
    const { keys, configuration, redirect } = issuer.conduct;
    if (path === "") return answer(200, { asked: issuer.asked });
    if (path === ".well-known/openid-configuration")
      return answer(200, { issuer: `${url}/${name}`, jwks_uri: `${url}/${name}/keys`, ...configuration });
    if (path !== "keys") return answer(404);
    issuer.asked++;
    if (redirect) return response.writeHead(302, { Location: redirect }).end();
    return keys ? answer(200, { keys }) : answer(503);
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
