import { createApp, d1Sqlite } from "bknd/adapter/cloudflare";
import { code } from "bknd/modes";
import { referenceIndexes, schemaOf } from "./bknd-schema.mjs";

/* bknd on workerd over D1 in code mode, the app built once an isolate: its fastest. SYNC=true makes the tables. */
let app;

export default {
  async fetch(request, env, ctx) {
    const config = (env) => ({
      connection: d1Sqlite({ binding: env.DB }),
      config: { data: schemaOf(env.WRITTEN.split(",")) },
    });
    app ??= createApp(code({ isProduction: env.SYNC !== "true", writer: async () => {}, app: config }), {
      env,
      ctx,
      request,
    });
    if (env.SYNC === "true") {
      await app;
      await env.DB.batch(referenceIndexes(env.WRITTEN.split(",")).map((sql) => env.DB.prepare(sql)));
    }
    return (await app).fetch(request, env, ctx);
  },
};
