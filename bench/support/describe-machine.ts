import { cpus, totalmem } from "node:os";

const GIB = 2 ** 30;

/** Where a result was measured: `AMD EPYC, 2 cores, 24 GiB, Node v24.21.0`. */
export const describeMachine = (): string =>
  `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, ${Math.round(totalmem() / GIB)} GiB, Node ${process.version}`;
