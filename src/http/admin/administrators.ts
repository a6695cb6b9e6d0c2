import {
  adminKeySchema,
  adminKeyWithSecretSchema,
  createAdminKeySchema,
  updateAdminKeySchema,
} from "../../services/admin-keys/admin-key.ts";
import { createAdminKey } from "../../services/admin-keys/create-admin-key.ts";
import { getAdminKey } from "../../services/admin-keys/get-admin-key.ts";
import { listAdminKeys } from "../../services/admin-keys/list-admin-keys.ts";
import { revokeAdminKey } from "../../services/admin-keys/revoke-admin-key.ts";
import { rotateAdminKey } from "../../services/admin-keys/rotate-admin-key.ts";
import { updateAdminKey } from "../../services/admin-keys/update-admin-key.ts";
import { administratorSchema, describeAdministrator } from "../../services/describe-administrator.ts";
import { createMember } from "../../services/members/create-member.ts";
import { deleteMember } from "../../services/members/delete-member.ts";
import { getMember } from "../../services/members/get-member.ts";
import { listMembers } from "../../services/members/list-members.ts";
import { createMemberSchema, memberSchema, updateMemberSchema } from "../../services/members/member.ts";
import { updateMember } from "../../services/members/update-member.ts";
import { type AdminRoute, created, none, one, page } from "./admin-route.ts";
import { ApiKeyRotation } from "./api-keys.ts";
import { answerSchema, bodySchema } from "./components.ts";
import { idInPath } from "./paths.ts";

const AdminKeyInput = bodySchema("AdminKeyInput", createAdminKeySchema);
const AdminKeyPatch = bodySchema("AdminKeyPatch", updateAdminKeySchema);
const MemberInput = bodySchema("MemberInput", createMemberSchema);
const MemberPatch = bodySchema("MemberPatch", updateMemberSchema);
const AdminKey = answerSchema("AdminKey", adminKeySchema);
const AdminKeyWithSecret = answerSchema("AdminKeyWithSecret", adminKeyWithSecretSchema);
const Member = answerSchema("Member", memberSchema);
const Administrator = answerSchema("Administrator", administratorSchema);

/* Administrators do not see keys and members of other organizations. Nobody manages someone with a higher role. */

const adminKeys: readonly AdminRoute[] = [
  {
    path: "/admin-keys",
    tag: "Administrators",
    GET: page({
      id: "listAdminKeys",
      summary: "List admin keys",
      role: "VIEWER",
      answer: AdminKey,
      handle: (c, request) => listAdminKeys(c.get("services"), request),
    }),
    POST: created({
      id: "createAdminKey",
      summary: "Create an admin key, which is shown once",
      role: "ADMIN",
      body: AdminKeyInput,
      answer: AdminKeyWithSecret,
      handle: async (c, { body }) => createAdminKey(c.get("services"), body()),
    }),
  },
  {
    path: "/admin-keys/:id",
    tag: "Administrators",
    GET: one({
      id: "getAdminKey",
      summary: "Get an admin key",
      role: "VIEWER",
      answer: AdminKey,
      handle: (c) => getAdminKey(c.get("services"), idInPath(c)),
    }),
    PATCH: one({
      id: "updateAdminKey",
      summary: "Change an admin key",
      role: "ADMIN",
      body: AdminKeyPatch,
      answer: AdminKey,
      handle: async (c, { body }) => updateAdminKey(c.get("services"), { id: idInPath(c), body: body() }),
    }),
    DELETE: none({
      id: "revokeAdminKey",
      summary: "Revoke an admin key",
      role: "ADMIN",
      handle: (c) => revokeAdminKey(c.get("services"), idInPath(c)),
    }),
  },
  {
    path: "/admin-keys/:id/rotate",
    tag: "Administrators",
    POST: one({
      id: "rotateAdminKey",
      summary: "Rotate an admin key; the old secret ends with the grace period",
      role: "ADMIN",
      body: ApiKeyRotation,
      isBodyOptional: true,
      answer: AdminKeyWithSecret,
      handle: async (c, { body }) => rotateAdminKey(c.get("services"), { id: idInPath(c), body: body() }),
    }),
  },
];

const members: readonly AdminRoute[] = [
  {
    path: "/members",
    tag: "Administrators",
    GET: page({
      id: "listMembers",
      summary: "List members",
      role: "VIEWER",
      answer: Member,
      handle: (c, request) => listMembers(c.get("services"), request),
    }),
    POST: created({
      id: "createMember",
      summary: "Give a role to somebody who signs in",
      role: "ADMIN",
      body: MemberInput,
      answer: Member,
      handle: async (c, { body }) => createMember(c.get("services"), body()),
    }),
  },
  {
    path: "/members/:id",
    tag: "Administrators",
    GET: one({
      id: "getMember",
      summary: "Get a member",
      role: "VIEWER",
      answer: Member,
      handle: (c) => getMember(c.get("services"), idInPath(c)),
    }),
    PATCH: one({
      id: "updateMember",
      summary: "Change a member's role",
      role: "ADMIN",
      body: MemberPatch,
      answer: Member,
      handle: async (c, { body }) => updateMember(c.get("services"), { id: idInPath(c), body: body() }),
    }),
    DELETE: none({
      id: "deleteMember",
      summary: "Remove a member",
      role: "ADMIN",
      handle: (c) => deleteMember(c.get("services"), idInPath(c)),
    }),
  },
];

export const administrators: readonly AdminRoute[] = [
  ...adminKeys,
  ...members,
  {
    path: "/me",
    tag: "Administrators",
    GET: one({
      id: "getMe",
      summary: "Describe the caller and their roles",
      role: "VIEWER",
      answer: Administrator,
      handle: async (c) => describeAdministrator(c.get("services")),
    }),
  },
];
