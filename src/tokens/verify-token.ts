import { errors, type JWTPayload, jwtVerify } from "jose";
import { expiredToken, invalidToken, serviceUnavailable } from "../errors/failures.ts";
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from "../model/issuer.ts";
import type { KeySets, KeySource } from "./key-sets.ts";

export const MAX_TOKEN_LENGTH = 8 * 1024;
export const CLOCK_SKEW_SECONDS = 30;

export interface TrustedIssuer extends KeySource {
  readonly audience: string;
  /** Undefined for all of TOKEN_ALGORITHMS. */
  readonly algorithms?: readonly TokenAlgorithm[] | undefined;
}

export interface Verifying {
  readonly keySets: KeySets;
  readonly now: Date;
}

/** Whether a text has the form of a JWT. */
export const isLikeJwt = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);

/**
 * Returns the claims of an issuer's JWT (RFC 7519, RFC 8725). Issuer, audience and `exp` are required. Throws
 * UNAUTHORIZED, or SERVICE_UNAVAILABLE if the issuer's keys are not available.
 */
export async function verifyToken(
  token: string,
  trusted: TrustedIssuer,
  { keySets, now }: Verifying,
): Promise<JWTPayload> {
  if (token.length > MAX_TOKEN_LENGTH || !isLikeJwt(token)) throw invalidToken();
  try {
    const { payload } = await jwtVerify(
      token,
      async (header, jws) => {
        const keys = await keySets.find(trusted, now.getTime());
        return keys(header, jws).catch(async (failure) => {
          if (!(failure instanceof errors.JWKSNoMatchingKey)) throw failure;
          return (await keySets.findNewer(trusted, now.getTime()))(header, jws);
        });
      },
      {
        issuer: trusted.issuer,
        audience: trusted.audience,
        algorithms: [...(trusted.algorithms ?? TOKEN_ALGORITHMS)],
        requiredClaims: ["exp"],
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: now,
      },
    );
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw expiredToken();
    throw cause instanceof errors.JOSEError ? invalidToken() : serviceUnavailable(cause);
  }
}
