// STUB, not committed
import { createServer } from "node:http";
import Database from "libsql";
interface Opt { file: string; port?: number; host?: string; authToken?: string; stats?: boolean }
const enc = (v: unknown) => v === null || v === undefined ? { type: "null" } : typeof v === "bigint" ? { type: "integer", value: String(v) } : typeof v === "number" ? (Number.isInteger(v) ? { type: "integer", value: String(v) } : { type: "float", value: v }) : { type: "text", value: v };
const dec = (v: any): unknown => v.type === "null" ? null : v.type === "integer" ? BigInt(v.value) : v.value;
export async function startLibsqlServer(o: Opt): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const db: any = new (Database as any)(o.file);
  db.exec("PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON");
  const cache = new Map<string, any>();
  const run = (s: any) => {
    let st = cache.get(s.sql); if (!st) { st = db.prepare(s.sql); cache.set(s.sql, st); }
    const named = Object.fromEntries((s.named_args ?? []).map((a: any) => [a.name.replace(/^[:@$]/, ""), dec(a.value)]));
    const args = s.named_args?.length ? named as any : (s.args ?? []).map(dec);
    const before = 0;
    if (st.reader) { let cols: any[]; try { cols = st.columns(); } catch { cols = []; } st.raw(true); const rows = st.all(args.length?args:[]); return { cols: cols.map((c: any) => ({ name: c.name, decltype: c.type })), rows: rows.map((r: any) => r.map(enc)), affected_row_count: before, last_insert_rowid: null }; }
    const i = st.run(args.length?args:[]); return { cols: [], rows: [], affected_row_count: i.changes, last_insert_rowid: String(i.lastInsertRowid) };
  };
  const err = (e: any) => ({ message: "SQLite error: " + e.message, code: String(e.code ?? "X").startsWith("SQLITE_CONSTRAINT") ? "SQLITE_CONSTRAINT" : e.code ?? "X" });
  const sqls = new Map<number, string>();
  const one = (r: any): any => {
    if (r.type === "execute") { const s = r.stmt; if (s.sql === undefined) s.sql = sqls.get(s.sql_id); return { type: "execute", result: run(s) }; }
    if (r.type === "store_sql") { sqls.set(r.sql_id, r.sql); return { type: r.type }; }
    if (r.type === "sequence") { db.exec(r.sql ?? sqls.get(r.sql_id)); return { type: r.type }; }
    if (r.type === "get_autocommit") return { type: r.type, is_autocommit: !db.inTransaction };
    if (r.type === "batch") {
      const res: any[] = [], errs: any[] = [];
      const ok = (c: any): boolean => !c || (c.type === "ok" ? res[c.step] !== null : c.type === "error" ? errs[c.step] !== null : c.type === "not" ? !ok(c.cond) : c.type === "and" ? c.conds.every(ok) : c.type === "or" ? c.conds.some(ok) : !db.inTransaction);
      r.batch.steps.forEach((s: any, i: number) => { res[i] = null; errs[i] = null; if (ok(s.condition)) { try { res[i] = run(s.stmt); } catch (e) { errs[i] = err(e); } } });
      return { type: "batch", result: { step_results: res, step_errors: errs } };
    }
    return { type: r.type };
  };
  const ids = new Map<string, number>();
  const server = createServer((req, res) => {
    const cs: Buffer[] = [];
    req.on("data", (c) => cs.push(c)); req.on("end", () => {
      if (o.authToken && req.headers.authorization !== `Bearer ${o.authToken}`) { res.writeHead(401).end("{}"); return; }
      if (req.url?.startsWith("/_stats")) { res.end(JSON.stringify({ count: ids.get(new URL(req.url, "http://x").searchParams.get("id") ?? "") ?? 0 })); return; }
      const rid = String(req.headers["x-request-id"]); ids.set(rid, (ids.get(rid) ?? 0) + 1);
      if (req.method === "GET") { res.end("{}"); return; }
      const b = JSON.parse(Buffer.concat(cs).toString());
      const results = b.requests.map((r: any) => { try { return { type: "ok", response: one(r) }; } catch (e) { return { type: "error", error: err(e) }; } });
      const closed = b.requests.some((r: any) => r.type === "close"); if (closed && db.inTransaction) db.exec("ROLLBACK");
      res.setHeader("content-type", "application/json"); res.end(JSON.stringify({ baton: closed ? null : "b", base_url: null, results }));
    });
  });
  await new Promise<void>((r, j) => { server.on("error", j); server.listen(o.port ?? 0, o.host ?? "127.0.0.1", r); });
  const port = (server.address() as any).port;
  return { url: `http://127.0.0.1:${port}`, port, close: async () => { server.closeAllConnections(); server.close(); db.close(); } };
}
