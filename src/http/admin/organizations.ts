import { createOrganization } from "../../services/organizations/create-organization.ts";
import { deleteOrganization } from "../../services/organizations/delete-organization.ts";
import { getOrganization } from "../../services/organizations/get-organization.ts";
import { listOrganizations } from "../../services/organizations/list-organizations.ts";
import {
  createOrganizationSchema,
  organizationSchema,
  updateOrganizationSchema,
} from "../../services/organizations/organization.ts";
import { updateOrganization } from "../../services/organizations/update-organization.ts";
import { type AdminRoute, created, none, one, page } from "./admin-route.ts";
import { answerSchema, bodySchema } from "./components.ts";
import { ORGANIZATION, organizationOf } from "./paths.ts";

const OrganizationInput = bodySchema("OrganizationInput", createOrganizationSchema);
const OrganizationPatch = bodySchema("OrganizationPatch", updateOrganizationSchema);
const Organization = answerSchema("Organization", organizationSchema);

export const organizations: readonly AdminRoute[] = [
  {
    path: "/organizations",
    tag: "Organizations",
    GET: page({
      id: "listOrganizations",
      summary: "List organizations",
      role: "VIEWER",
      answer: Organization,
      handle: (c, request) => listOrganizations(c.get("services"), request),
    }),
    POST: created({
      id: "createOrganization",
      summary: "Create an organization",
      role: "OWNER",
      isGlobal: true,
      body: OrganizationInput,
      answer: Organization,
      handle: async (c, { body }) => createOrganization(c.get("services"), body()),
    }),
  },
  {
    path: ORGANIZATION,
    tag: "Organizations",
    GET: one({
      id: "getOrganization",
      summary: "Get an organization",
      role: "VIEWER",
      answer: Organization,
      handle: (c) => getOrganization(c.get("services"), organizationOf(c)),
    }),
    PATCH: one({
      id: "updateOrganization",
      summary: "Change an organization",
      role: "OWNER",
      body: OrganizationPatch,
      answer: Organization,
      handle: async (c, { body }) =>
        updateOrganization(c.get("services"), { organization: organizationOf(c), body: body() }),
    }),
    DELETE: none({
      id: "deleteOrganization",
      summary: "Delete an organization without workspaces",
      role: "OWNER",
      handle: (c) => deleteOrganization(c.get("services"), organizationOf(c)),
    }),
  },
];
