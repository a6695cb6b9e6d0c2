import { createWorkspace } from "../../services/workspaces/create-workspace.ts";
import { deleteWorkspace } from "../../services/workspaces/delete-workspace.ts";
import { getUsage, usageSchema } from "../../services/workspaces/get-usage.ts";
import { getWorkspace } from "../../services/workspaces/get-workspace.ts";
import { listWorkspaces } from "../../services/workspaces/list-workspaces.ts";
import { updateWorkspace } from "../../services/workspaces/update-workspace.ts";
import {
  createWorkspaceSchema,
  updateWorkspaceSchema,
  workspaceSchema,
} from "../../services/workspaces/workspace.ts";
import { workspaceContext } from "../context.ts";
import { type AdminRoute, created, none, one, page } from "./admin-route.ts";
import { answerSchema, bodySchema } from "./components.ts";
import { ORGANIZATION, organizationOf, WORKSPACE } from "./paths.ts";

const WorkspaceInput = bodySchema("WorkspaceInput", createWorkspaceSchema);
const WorkspacePatch = bodySchema("WorkspacePatch", updateWorkspaceSchema);
const Workspace = answerSchema("Workspace", workspaceSchema);
const Usage = answerSchema("Usage", usageSchema);

export const workspaces: readonly AdminRoute[] = [
  {
    path: `${ORGANIZATION}/workspaces`,
    tag: "Workspaces",
    GET: page({
      id: "listWorkspaces",
      summary: "List workspaces",
      role: "VIEWER",
      answer: Workspace,
      handle: (c, request) =>
        listWorkspaces(c.get("services"), { organization: organizationOf(c), ...request }),
    }),
    POST: created({
      id: "createWorkspace",
      summary: "Create a workspace",
      role: "ADMIN",
      body: WorkspaceInput,
      answer: Workspace,
      handle: async (c, { body }) =>
        createWorkspace(c.get("services"), { organization: organizationOf(c), body: body() }),
    }),
  },
  {
    path: WORKSPACE,
    tag: "Workspaces",
    GET: one({
      id: "getWorkspace",
      summary: "Get a workspace",
      role: "VIEWER",
      answer: Workspace,
      handle: (c) => getWorkspace(workspaceContext(c)),
    }),
    PATCH: one({
      id: "updateWorkspace",
      summary: "Change a workspace; every later request obeys",
      role: "ADMIN",
      roleOfFields: { role: "OPERATOR", fields: ["accessMode"] },
      body: WorkspacePatch,
      answer: Workspace,
      handle: async (c, { body }) => updateWorkspace(workspaceContext(c), body()),
    }),
    DELETE: none({
      id: "deleteWorkspace",
      summary: "Drop a workspace with all of its data and keys",
      role: "ADMIN",
      query: ["confirm"],
      handle: (c, { query }) => deleteWorkspace(workspaceContext(c), query.get("confirm")),
    }),
  },
  {
    path: `${WORKSPACE}/usage`,
    tag: "Workspaces",
    GET: one({
      id: "getUsage",
      summary: "Get the usage of a workspace",
      role: "OPERATOR",
      answer: Usage,
      handle: (c) => getUsage(workspaceContext(c)),
    }),
  },
];
