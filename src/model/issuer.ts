/** Algorithms with which only the issuer can sign, so the verifier has no secret to lose. */
export const TOKEN_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** An identity provider whose users may sign in to a workspace. Times are ISO 8601 UTC. */
export interface Issuer {
  /** The name in paths of the admin API. */
  readonly name: string;
  /** As its tokens name it in `iss`. */
  readonly issuer: string;
  readonly audience: string;
  /** Null for the one that the issuer's OpenID configuration names. */
  readonly jwksUrl: string | null;
  readonly algorithms: readonly TokenAlgorithm[];
  /** The claim that names a user's role; null if none does. */
  readonly roleClaim: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}
