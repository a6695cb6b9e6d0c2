import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export interface TestIssuer {
  readonly issuer: string;
  /** Makes a new key and publishes it in addition to the others. */
  addKey(kid: string): Promise<void>;
  /** `conduct` as in processes/test-issuers.ts. */
  publish(keys: readonly object[] | undefined, conduct?: object): Promise<void>;
  readonly publicKeys: readonly object[];
  /** How often its keys were requested. */
  asked(): Promise<number>;
  /** Signs claims as this issuer. `changes` replace its usual claims; undefined removes one. */
  sign(kid: string, changes: Readonly<Record<string, unknown>>, header?: object): Promise<string>;
}

/** An OpenID provider of its own, for tests inside workerd. */
export function makeIssuer(name: string, audience: string): TestIssuer {
  const issuer = `${env.TEST_ISSUER_URL}/${name}`;
  const pairs = new Map<string, CryptoKeyPair>();
  const publicKeys: object[] = [];
  const publish: TestIssuer["publish"] = async (keys, conduct) => {
    await fetch(issuer, { method: "PUT", body: JSON.stringify({ keys, ...conduct }) });
  };
  return {
    issuer,
    publicKeys,
    publish,
    async addKey(kid) {
      const pair = await generateKeyPair("ES256", { extractable: true });
      pairs.set(kid, pair);
      publicKeys.push({ ...(await exportJWK(pair.publicKey)), kid, alg: "ES256", use: "sig" });
      await publish(publicKeys);
    },
    async asked() {
      return ((await (await fetch(issuer)).json()) as { asked: number }).asked;
    },
    async sign(kid, changes, header = {}) {
      const nowSeconds = Math.floor(Date.now() / 1000);
      const usual = { iss: issuer, aud: audience, sub: "somebody", iat: nowSeconds, exp: nowSeconds + 600 };
      const claims = Object.entries({ ...usual, ...changes }).filter(([, value]) => value !== undefined);
      const pair = pairs.get(kid);
      if (!pair) throw new Error(`no key ${kid}`);
      return new SignJWT(Object.fromEntries(claims) as JWTPayload)
        .setProtectedHeader({ alg: "ES256", kid, ...header })
        .sign(pair.privateKey);
    },
  };
}
