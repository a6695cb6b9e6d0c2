/*
 * The limit of `npm run serve`: the bench's operations written by hand in one Node process, over the same engine and the same
 * tables. It checks the key and runs one prepared statement for each operation, which gives the response's JSON. There is no
 * framework, schema, validation or fence. Environment: PORT, DATABASE_FILE.
 */
import { hash } from "node:crypto";
import { createServer } from "node:http";
import Database from "libsql";

const COLUMNS = {
  number: "number",
  status: "status",
  amount: "amount",
  placedAt: "placed_at",
  customerId: "customer_id",
};
const NAMES = Object.values(COLUMNS).join(", ");
const MARKS = `(${Object.values(COLUMNS)
  .map(() => "?")
  .join(", ")})`;
const JSON_FIELDS = Object.entries(COLUMNS).map(([field, column]) => `'${field}', page.${column}`);
const RECORD = `json_object('id', page.id, ${JSON_FIELDS.join(", ")})`;
const EXPANDED = `json_object('id', page.id, ${JSON_FIELDS.join(", ")},
  'customer', (SELECT json_object('id', id, 'name', name, 'email', email, 'country', country)
    FROM w1_customers WHERE w1_customers.id = page.customer_id),
  'lines', (SELECT json_group_array(json_object('id', id, 'product', product, 'quantity', quantity, 'orderId', order_id))
    FROM (SELECT * FROM w1_lines WHERE w1_lines.order_id = page.id ORDER BY id)))`;
const WRITTEN = `json_object('id', id, ${Object.entries(COLUMNS).map(([field, column]) => `'${field}', ${column}`)})`;

const database = new Database(process.env.DATABASE_FILE);
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
const keys = new Set(
  database
    .prepare("SELECT key FROM _kv")
    .all()
    .map(({ key }) => key),
);

const statements = new Map();
function prepare(sql) {
  const known = statements.get(sql);
  if (known) return known;
  const statement = database.prepare(sql).raw();
  statements.set(sql, statement);
  return statement;
}

const tableOf = (entity) => (entity === "Order" ? "w1_orders" : `w1_${entity.toLowerCase()}`);
const valuesOf = (body) => Object.keys(COLUMNS).map((field) => body[field]);

const server = createServer((request, response) => {
  const { authorization = "" } = request.headers;
  if (request.url === "/healthz") return answer(response, 200, "{}");
  if (!keys.has(`key:${hash("sha256", authorization.slice(7))}`)) return answer(response, 401, "{}");
  if (request.method === "GET") return read(request.url, response);
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => write(request, response, JSON.parse(body)));
});

function answer(response, status, text) {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function read(url, response) {
  const [path, query] = url.split("?");
  const [, , , , , entity, id] = path.split("/");
  const table = tableOf(entity);
  if (id === undefined) return list(table, new URLSearchParams(query), response);
  const row = prepare(`SELECT ${RECORD} FROM ${table} AS page WHERE page.id = ?`).get([id]);
  answer(response, row ? 200 : 404, row ? `{"data":${row[0]}}` : "{}");
}

/** Newest first. The sort columns find the page, and only its records are read completely. */
function list(table, parameters, response) {
  const page = Number(parameters.get("page") ?? 0);
  const size = Number(parameters.get("size") ?? 20);
  const status = parameters.get("filter[status]");
  const where = status === null ? "" : " WHERE status = ?";
  const values = status === null ? [] : [status];
  const found = `SELECT id AS found FROM ${table}${where} ORDER BY placed_at DESC, id LIMIT ? OFFSET ?`;
  const columns = parameters.has("expand") ? EXPANDED : RECORD;
  const sql = `SELECT ${columns} FROM (${found}) CROSS JOIN ${table} AS page ON page.id = found`;
  const data = `"data":[${prepare(sql)
    .all([...values, size, page * size])
    .join()}]`;
  if (parameters.get("count") === "none")
    return answer(response, 200, `{${data},"meta":{"page":${page},"size":${size}}}`);
  const [total] = prepare(`SELECT count(*) FROM ${table}${where}`).get(values);
  const pages = Math.ceil(total / size);
  answer(
    response,
    200,
    `{${data},"meta":{"page":${page},"size":${size},"totalElements":${total},"totalPages":${pages}}}`,
  );
}

function write({ method, url }, response, body) {
  const [, , , , , entity, id] = url.split("/");
  const table = tableOf(entity);
  if (id === "bulk") return createAll(table, body, response);
  if (method === "POST") {
    const sql = `INSERT INTO ${table} (${NAMES}) VALUES ${MARKS} RETURNING ${WRITTEN}`;
    const [record] = prepare(sql).all([...valuesOf(body)])[0];
    return answer(response, 201, `{"data":${record}}`);
  }
  const sent = Object.keys(COLUMNS).filter((field) => field in body);
  const changes = sent.map((field) => `${COLUMNS[field]} = ?`).join(", ");
  const sql = `UPDATE ${table} SET ${changes} WHERE id = ? RETURNING ${WRITTEN}`;
  const [row] = prepare(sql).all([...sent.map((field) => body[field]), id]);
  answer(response, row ? 200 : 404, row ? `{"data":${row[0]}}` : "{}");
}

function createAll(table, bodies, response) {
  const marks = bodies.map(() => MARKS).join(", ");
  const { changes } = database
    .prepare(`INSERT INTO ${table} (${NAMES}) VALUES ${marks}`)
    .run(bodies.flatMap(valuesOf));
  answer(response, 200, `{"succeeded":${changes},"failed":0}`);
}

server.listen(Number(process.env.PORT), "127.0.0.1");
