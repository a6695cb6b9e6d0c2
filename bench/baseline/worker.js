/*
 * The reference: the bench's operations written by hand, without a framework, a schema, validation or a fence. It only
 * does what every Worker must: look up the key's SHA-256 (in KV, then in memory, as we do) and send the database one
 * pipeline. `/empty` sends a pipeline that asks for nothing.
 */
const COLUMNS = [
  ["number", "number"],
  ["status", "status"],
  ["amount", "amount"],
  ["placedAt", "placed_at"],
  ["customerId", "customer_id"],
];
const NAMES = COLUMNS.map(([, column]) => column).join(", ");
const SELECTED = `id, ${NAMES}`;
const MARKS = `(${COLUMNS.map(() => "?").join(", ")})`;
/** Names of the bench's workspace, the first one of its database. */
const TABLE = (entity) => (entity === "Order" ? "w1_orders" : `w1_${entity.toLowerCase()}`);
const EXPANDED = `${SELECTED},
  (SELECT json_object('id', id, 'name', name, 'email', email, 'country', country)
    FROM w1_customers WHERE w1_customers.id = page.customer_id),
  (SELECT json_group_array(json_object('id', id, 'product', product, 'quantity', quantity, 'orderId', order_id))
    FROM (SELECT * FROM w1_lines WHERE w1_lines.order_id = page.id ORDER BY id))`;
const JSON_HEADERS = { "content-type": "application/json" };

const knownKeys = new Map();

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/healthz") return new Response("ok");
    if (pathname === "/empty") return answer(await run(env, []));
    if (!(await findKey(request, env))) return new Response("{}", { status: 401, headers: JSON_HEADERS });
    const [, , , , , entity, id] = pathname.split("/");
    const table = TABLE(entity);
    if (request.method === "GET") return id ? get(env, table, id) : list(env, table, searchParams);
    if (request.method === "PUT") return update(env, table, id, await request.json());
    return id === "bulk"
      ? createAll(env, table, await request.json())
      : create(env, table, await request.json());
  },
};

async function findKey(request, env) {
  const secret = request.headers.get("authorization")?.slice("Bearer ".length) ?? "";
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  const hash = new Uint8Array(digest).toHex();
  const known =
    knownKeys.get(hash) ?? (await env.API_KEYS.get(`key:${hash}`, { type: "json", cacheTtl: 300 }));
  if (known && env.KV_EVERY_TIME !== "true") knownKeys.set(hash, known);
  return known;
}

async function get(env, table, id) {
  const [{ rows }] = await run(env, [[`SELECT ${SELECTED} FROM ${table} WHERE id = ?`, [id]]]);
  if (rows.length === 0) return new Response("{}", { status: 404, headers: JSON_HEADERS });
  return answer({ data: readRecord(rows[0]) });
}

/** Newest first. The sort columns find the page, and only its records are read completely. */
async function list(env, table, searchParams) {
  const page = Number(searchParams.get("page") ?? 0);
  const size = Number(searchParams.get("size") ?? 20);
  const status = searchParams.get("filter[status]");
  const isExpanded = searchParams.has("expand");
  const hasCount = searchParams.get("count") !== "none";
  const where = status === null ? "" : " WHERE status = ?";
  const values = status === null ? [] : [status];
  const found = `SELECT id AS found FROM ${table}${where} ORDER BY placed_at DESC, id LIMIT ? OFFSET ?`;
  const columns = isExpanded ? EXPANDED : SELECTED;
  const sql = `SELECT ${columns} FROM (${found}) CROSS JOIN ${table} AS page ON page.id = found`;
  const [{ rows }, count] = await run(env, [
    [sql, [...values, size, page * size]],
    ...(hasCount ? [[`SELECT count(*) FROM ${table}${where}`, values]] : []),
  ]);
  const data = rows.map(isExpanded ? readExpanded : readRecord);
  if (!count) return answer({ data, meta: { page, size } });
  const totalElements = Number(count.rows[0][0].value);
  return answer({
    data,
    meta: { page, size, totalElements, totalPages: Math.ceil(totalElements / size) },
  });
}

async function create(env, table, body) {
  const sql = `INSERT INTO ${table} (${NAMES}) VALUES ${MARKS} RETURNING ${SELECTED}`;
  const [{ rows }] = await run(env, [[sql, valuesOf(body)]]);
  return answer({ data: readRecord(rows[0]) }, 201);
}

async function createAll(env, table, bodies) {
  const sql = `INSERT INTO ${table} (${NAMES}) VALUES ${bodies.map(() => MARKS).join(", ")}`;
  const [{ affected_row_count }] = await run(env, [[sql, bodies.flatMap(valuesOf)]]);
  return answer({ succeeded: affected_row_count, failed: 0 });
}

async function update(env, table, id, body) {
  const sent = COLUMNS.filter(([field]) => field in body);
  const changes = sent.map(([, column]) => `${column} = ?`).join(", ");
  const sql = `UPDATE ${table} SET ${changes} WHERE id = ? RETURNING ${SELECTED}`;
  const [{ rows }] = await run(env, [[sql, [...sent.map(([field]) => body[field]), id]]]);
  return answer({ data: readRecord(rows[0]) });
}

const answer = (value, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: JSON_HEADERS });

const valuesOf = (body) => COLUMNS.map(([field]) => body[field]);

function readRecord([id, ...values]) {
  const record = { id: Number(id.value) };
  for (const [i, [field]] of COLUMNS.entries()) record[field] = readValue(values[i]);
  return record;
}

function readExpanded(row) {
  const [customer, lines] = row.slice(-2);
  return { ...readRecord(row), customer: JSON.parse(customer.value), lines: JSON.parse(lines.value) };
}

const readValue = ({ type, value }) => (type === "integer" ? Number(value) : (value ?? null));

async function run(env, statements) {
  const requests = statements.map(([sql, values]) => ({
    type: "execute",
    stmt: { sql, args: values.map(encode) },
  }));
  const response = await fetch(`${env.LIBSQL_URL}/v2/pipeline`, {
    method: "POST",
    headers: { authorization: `Bearer ${env.LIBSQL_AUTH_TOKEN}`, ...JSON_HEADERS },
    body: JSON.stringify({ baton: null, requests: [...requests, { type: "close" }] }),
  });
  const { results } = await response.json();
  return results.slice(0, -1).map(({ response }) => response.result);
}

function encode(value) {
  if (typeof value === "number") return { type: "integer", value: String(value) };
  return value === null || value === undefined ? { type: "null" } : { type: "text", value };
}
