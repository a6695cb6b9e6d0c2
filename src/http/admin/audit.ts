import { auditEntrySchema, listAudit } from "../../services/audit/list-audit.ts";
import { workspaceContext } from "../context.ts";
import { type AdminRoute, page } from "./admin-route.ts";
import { answerSchema } from "./components.ts";
import { WORKSPACE } from "./paths.ts";

const AuditEntry = answerSchema("AuditEntry", auditEntrySchema);

export const audit: readonly AdminRoute[] = [
  {
    path: `${WORKSPACE}/audit`,
    tag: "Audit",
    GET: page({
      id: "listAudit",
      summary: "Admin changes, newest first",
      role: "VIEWER",
      query: ["action", "subject", "from", "to"],
      answer: AuditEntry,
      handle(c, request, query) {
        const [action, subject] = [query.get("action"), query.get("subject")];
        const [from, to] = [query.get("from"), query.get("to")];
        return listAudit(workspaceContext(c), { ...request, action, subject, from, to });
      },
    }),
  },
];
