import { JWTExpired } from "jose/errors";
import { SignJWT } from "jose/jwt/sign";
import { jwtVerify } from "jose/jwt/verify";
import { LruMap } from "../lib/lru-map.ts";
import type { UserToken } from "../model/api-key.ts";
import { isJsonObject } from "../model/json.ts";
import type { WorkspaceAddress } from "../model/workspace.ts";

/*
 * User tokens minted by a key: `st_` and a JWT (RFC 7519) under HS256 with a secret of the deployment. A token contains
 * all of its data, so minting writes nothing, and a leaked database cannot mint.
 */

const PREFIX = "st_";
const ALGORITHM = "HS256";
/** Prevents using the token as another kind of JWT (RFC 8725, section 3.11). */
const TYPE = "st+jwt";
export const MAX_TOKEN_LENGTH = 8_192;

export interface MintedToken extends WorkspaceAddress {
  readonly keyId: string;
  readonly token: UserToken;
}

export const isLikeUserToken = (text: string): boolean => text.startsWith(PREFIX);

export async function mintUserToken(
  secretKey: string,
  { keyId, organization, workspace, token }: MintedToken,
): Promise<string> {
  const { subject, claims, scopes, issuedAt, expiresAt } = token;
  const jwt = await new SignJWT({
    key: keyId,
    ws: [organization, workspace],
    claims,
    ...(scopes && { scopes }),
  })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
    .setSubject(subject)
    .setIssuedAt(issuedAt.getTime() / 1000)
    .setExpirationTime(Math.floor(expiresAt.getTime() / 1000))
    .sign(bytesOf(secretKey));
  return PREFIX + jwt;
}

const TOKENS_PER_ISOLATE = 2_000;
const verified = new LruMap<string, MintedToken>(TOKENS_PER_ISOLATE);

/** Returns the content of a token; `INVALID` if the secret has not signed it. */
export async function readUserToken(
  secretKey: string,
  text: string,
  now: Date,
): Promise<MintedToken | "INVALID" | "EXPIRED"> {
  if (text.length > MAX_TOKEN_LENGTH) return "INVALID";
  const known = verified.get(text);
  if (known) return known.token.expiresAt <= now ? "EXPIRED" : known;
  const options = {
    algorithms: [ALGORITHM],
    typ: TYPE,
    currentDate: now,
    requiredClaims: ["sub", "iat", "exp"],
  };
  try {
    const { payload } = await jwtVerify(text.slice(PREFIX.length), bytesOf(secretKey), options);
    const minted = decode(payload);
    if (!minted) return "INVALID";
    verified.set(text, minted);
    return minted;
  } catch (failure) {
    return failure instanceof JWTExpired ? "EXPIRED" : "INVALID";
  }
}

/** The payload was signed by this product, so it has the form that `mintUserToken` gave it. */
function decode(payload: Record<string, unknown>): MintedToken | undefined {
  const { sub, iat, exp, key, ws, claims, scopes } = payload;
  if (typeof sub !== "string" || typeof iat !== "number" || typeof exp !== "number") return undefined;
  if (typeof key !== "string" || !Array.isArray(ws) || !isJsonObject(claims)) return undefined;
  const [organization, workspace] = ws.map(String);
  return {
    keyId: key,
    organization: organization ?? "",
    workspace: workspace ?? "",
    token: {
      subject: sub,
      claims,
      scopes: Array.isArray(scopes) ? scopes : null,
      issuedAt: new Date(Math.round(iat * 1000)),
      expiresAt: new Date(exp * 1000),
    },
  };
}

const bytesOf = (secretKey: string) => new TextEncoder().encode(secretKey);
