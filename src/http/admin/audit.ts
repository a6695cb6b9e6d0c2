import {
  type AuditQuery,
  auditEntrySchema,
  listAudit,
  listDeploymentAudit,
} from "../../services/audit/list-audit.ts";
import type { PageRequest } from "../../services/page.ts";
import { workspaceContext } from "../context.ts";
import { type AdminRoute, page } from "./admin-route.ts";
import { answerSchema } from "./components.ts";
import { WORKSPACE } from "./paths.ts";

const AuditEntry = answerSchema("AuditEntry", auditEntrySchema);

const FILTERS = ["action", "subject", "from", "to"];

const auditQuery = (request: PageRequest, query: URLSearchParams): AuditQuery => {
  const [action, subject] = [query.get("action"), query.get("subject")];
  const [from, to] = [query.get("from"), query.get("to")];
  return { ...request, action, subject, from, to };
};

export const audit: readonly AdminRoute[] = [
  {
    path: `${WORKSPACE}/audit`,
    tag: "Audit",
    GET: page({
      id: "listAudit",
      summary: "List admin changes, newest first",
      role: "VIEWER",
      query: FILTERS,
      answer: AuditEntry,
      handle: (c, request, query) => listAudit(workspaceContext(c), auditQuery(request, query)),
    }),
  },
  {
    path: "/audit",
    tag: "Audit",
    GET: page({
      id: "listDeploymentAudit",
      summary: "List admin changes outside workspaces, or of deleted ones, newest first",
      role: "VIEWER",
      query: FILTERS,
      answer: AuditEntry,
      handle: (c, request, query) => listDeploymentAudit(c.get("services"), auditQuery(request, query)),
    }),
  },
];
