import { revocationSchema } from "../../services/field-schemas.ts";
import { revokeTokens, revokeTokensSchema } from "../../services/tokens/revoke-tokens.ts";
import { workspaceContext } from "../context.ts";
import { type AdminRoute, one } from "./admin-route.ts";
import { answerSchema, bodySchema } from "./components.ts";
import { WORKSPACE } from "./paths.ts";

const TokenRevocationInput = bodySchema("TokenRevocationInput", revokeTokensSchema);
export const TokenRevocation = answerSchema("TokenRevocation", revocationSchema);

export const tokens: readonly AdminRoute[] = [
  {
    path: `${WORKSPACE}/tokens/revoke`,
    tag: "API keys",
    POST: one({
      id: "revokeTokens",
      summary: "End all tokens of a subject, or of everybody",
      role: "OPERATOR",
      body: TokenRevocationInput,
      answer: TokenRevocation,
      handle: async (c, { body }) => revokeTokens(workspaceContext(c), body),
    }),
  },
];
