import { createIssuer } from "../../services/issuers/create-issuer.ts";
import { deleteIssuer } from "../../services/issuers/delete-issuer.ts";
import { getIssuer } from "../../services/issuers/get-issuer.ts";
import { createIssuerSchema, issuerSchema, updateIssuerSchema } from "../../services/issuers/issuer.ts";
import { listIssuers } from "../../services/issuers/list-issuers.ts";
import { revokeUsers, revokeUsersSchema } from "../../services/issuers/revoke-users.ts";
import { updateIssuer } from "../../services/issuers/update-issuer.ts";
import { workspaceContext } from "../context.ts";
import { type AdminRoute, created, none, one, page } from "./admin-route.ts";
import { answerSchema, anyDestination, bodySchema } from "./components.ts";
import { nameInPath, WORKSPACE } from "./paths.ts";
import { TokenRevocation } from "./tokens.ts";

const IssuerInput = bodySchema("IssuerInput", createIssuerSchema(anyDestination));
const IssuerPatch = bodySchema("IssuerPatch", updateIssuerSchema(anyDestination));
const UserRevocationInput = bodySchema("UserRevocationInput", revokeUsersSchema);
const Issuer = answerSchema("Issuer", issuerSchema);

const ISSUERS = `${WORKSPACE}/issuers`;

export const issuers: readonly AdminRoute[] = [
  {
    path: ISSUERS,
    tag: "Users",
    GET: page({
      id: "listIssuers",
      summary: "List trusted identity providers",
      role: "VIEWER",
      answer: Issuer,
      handle: (c, request) => listIssuers(workspaceContext(c), request),
    }),
    POST: created({
      id: "createIssuer",
      summary: "Trust an identity provider",
      role: "EDITOR",
      body: IssuerInput,
      answer: Issuer,
      handle: async (c, { body }) => createIssuer(workspaceContext(c), body()),
    }),
  },
  {
    path: `${ISSUERS}/:name`,
    tag: "Users",
    GET: one({
      id: "getIssuer",
      summary: "Get a trusted identity provider",
      role: "VIEWER",
      answer: Issuer,
      handle: (c) => getIssuer(workspaceContext(c), nameInPath(c)),
    }),
    PATCH: one({
      id: "updateIssuer",
      summary: "Change a trusted identity provider",
      role: "EDITOR",
      body: IssuerPatch,
      answer: Issuer,
      handle: async (c, { body }) => updateIssuer(workspaceContext(c), { name: nameInPath(c), body: body() }),
    }),
    DELETE: none({
      id: "deleteIssuer",
      summary: "Stop trusting an identity provider",
      role: "EDITOR",
      handle: (c) => deleteIssuer(workspaceContext(c), nameInPath(c)),
    }),
  },
  {
    path: `${ISSUERS}/:name/revoke`,
    tag: "Users",
    POST: one({
      id: "revokeUsers",
      summary: "Revoke the tokens of a user, or of everybody, that the identity provider issued until now",
      role: "OPERATOR",
      body: UserRevocationInput,
      isBodyOptional: true,
      answer: TokenRevocation,
      handle: async (c, { body }) => revokeUsers(workspaceContext(c), { name: nameInPath(c), body }),
    }),
  },
];
