import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export interface HttpServer {
  readonly url: string;
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse, url: string) => unknown;

/** A server on a port of its own, which is an origin of its own. */
export async function startHttpServer(answer: Answer): Promise<HttpServer> {
  let url = "";
  const server = createServer((request, response) => answer(request, response, url));
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

interface Grant {
  readonly client: string;
  readonly redirect: string;
  readonly challenge: string;
  readonly nonce: string;
  readonly user: string;
}

const escapeHtml = (text: string) =>
  text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Asks who signs in, and sends the same parameters again with the answer. */
const signInPage = (parameters: URLSearchParams) => `<!doctype html><title>Sign in</title><form>
${[...parameters].map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`).join("")}
<label>User <input name="user"></label><button>Sign in</button></form>`;

/**
 * An OpenID provider whose users need no password: authorization code with PKCE (RFC 7636), for clients without a secret. The
 * audience of an ID token is the client.
 */
export async function startOpenIdProvider(): Promise<HttpServer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256", use: "sig" }];
  const grants = new Map<string, Grant>();

  const sign = ({ client, nonce, user }: Grant, issuer: string) =>
    new SignJWT({ nonce })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setIssuer(issuer)
      .setAudience(client)
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);

  function authorize(parameters: URLSearchParams, response: ServerResponse): void {
    const of = (name: string) => parameters.get(name) ?? "";
    if (!parameters.has("user")) {
      response.writeHead(200, { "Content-Type": "text/html" }).end(signInPage(parameters));
      return;
    }
    const code = randomUUID();
    grants.set(code, {
      client: of("client_id"),
      redirect: of("redirect_uri"),
      challenge: of("code_challenge"),
      nonce: of("nonce"),
      user: of("user"),
    });
    const back = new URL(of("redirect_uri"));
    back.search = String(new URLSearchParams({ code, state: of("state") }));
    response.writeHead(302, { Location: String(back) }).end();
  }

  async function redeem(request: IncomingMessage, issuer: string): Promise<object | undefined> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const {
      code = "",
      code_verifier: verifier = "",
      redirect_uri,
    } = Object.fromEntries(new URLSearchParams(body));
    const grant = grants.get(code);
    grants.delete(code);
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    if (!grant || grant.challenge !== challenge || grant.redirect !== redirect_uri) return undefined;
    return { token_type: "Bearer", id_token: await sign(grant, issuer) };
  }

  return startHttpServer(async (request, response, issuer) => {
    const { pathname, searchParams } = new URL(request.url ?? "", issuer);
    const answer = (content: object | undefined) =>
      response
        .writeHead(content ? 200 : 400, {
          "Content-Type": "application/json",
          "Access-Control-Allow-Origin": "*",
        })
        .end(JSON.stringify(content ?? {}));
    if (pathname === "/authorize") return authorize(searchParams, response);
    if (pathname === "/token") return answer(await redeem(request, issuer));
    if (pathname === "/keys") return answer({ keys });
    return answer({
      issuer,
      jwks_uri: `${issuer}/keys`,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
    });
  });
}
