import type { Finding } from "./fuzz-run.ts";
import { startFuzzTarget } from "./fuzz-target.ts";
import { runFuzz } from "./run-fuzz.ts";

/* `npm run fuzz`: REQUESTS (100,000) and SEED (random) vary it. Exit code 1 if it finds something. */

const requests = Number(process.env.REQUESTS || 100_000);
const seed = Number(process.env.SEED || Math.floor(Math.random() * 2 ** 31));
console.log(`${requests} requests, SEED=${seed}`);

const start = performance.now();
const target = await startFuzzTarget();
try {
  const { statuses, undone, findings } = await runFuzz(target, {
    requests,
    seed,
    onFinding: (finding) => console.log(describe(finding)),
  });
  for (const [status, count] of [...statuses].sort(([a], [b]) => a - b)) console.log(`${status}: ${count}`);
  if (undone.length > 0) console.log(`never done: ${undone.join(", ")}`);
  if (findings.length > 0) console.log(target.failures().join("\n"));
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${findings.length} findings in ${requests} requests, ${seconds} s`);
  process.exitCode = findings.length === 0 ? 0 : 1;
} finally {
  await target.stop();
}

function describe({ problem, sent, answer }: Finding): string {
  const { method, path, headers, body } = sent;
  const cut = (text: string) => (text.length > 600 ? `${text.slice(0, 600)}…` : text);
  return [
    `\n${problem}`,
    `  ${method} ${cut(path)}`,
    `  ${cut(JSON.stringify(headers))}`,
    ...(body === undefined ? [] : [`  ${cut(body)}`]),
    ...(answer ? [`  → ${answer.status} ${cut(answer.text)}`] : []),
  ].join("\n");
}
