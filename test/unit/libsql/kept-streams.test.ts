import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { KeptStreams } from "../../../src/libsql/kept-streams.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const stream = (baton: string) => ({ baton, baseUrl: undefined });

/** Uses as many new streams at once as there are batons, each for the given time. */
async function useAtOnce(streams: KeptStreams, batons: readonly string[], forMs = 0): Promise<void> {
  const leases = await Promise.all(batons.map(() => streams.take()));
  vi.advanceTimersByTime(forMs);
  leases.forEach((lease, i) => {
    lease.end(stream(batons[i] ?? ""));
  });
}

it("returns the stream that was used last", async () => {
  const streams = new KeptStreams(2);
  await useAtOnce(streams, ["a", "b"]);
  const lease = await streams.take();
  expect(lease.stream?.baton).toBe("b");
});

it("forgets a stream that was idle for more than 5 s", async () => {
  const streams = new KeptStreams(2);
  await useAtOnce(streams, ["a"]);
  vi.advanceTimersByTime(5_000);
  const kept = await streams.take();
  expect(kept.stream?.baton).toBe("a");
  kept.end(stream("b"));
  vi.advanceTimersByTime(5_001);
  expect(await streams.take()).toMatchObject({ stream: undefined, isKept: true });
});

it("waits for a stream in use, at most as long as opening one takes", async () => {
  const streams = new KeptStreams(1);
  for (let i = 0; i < 50; i++) {
    await useAtOnce(streams, ["a"], 20);
    streams.forget();
  }
  const [used, waiting, late] = [await streams.take(), streams.take(), streams.take()];
  await vi.advanceTimersByTimeAsync(5);
  used.end(stream("b"));
  await vi.advanceTimersByTimeAsync(20);
  expect((await waiting).stream?.baton).toBe("b");
  expect(await late).toMatchObject({ stream: undefined, isKept: false });
});

it("opens two at once where that is expensive, and the others when their wait is over", async () => {
  const streams = new KeptStreams(8);
  const all = Array.from({ length: 4 }, () => streams.take());
  const opened = await Promise.all(all.slice(0, 2));
  const waiting = Promise.race(all.slice(2)).then(() => "has a turn");
  await vi.advanceTimersByTimeAsync(200);
  expect(await Promise.race([waiting, Promise.resolve("waits")])).toBe("waits");
  opened[0]?.end(stream("a"));
  opened[1]?.end();
  await vi.advanceTimersByTimeAsync(5);
  const [third, fourth] = await Promise.all(all.slice(2));
  expect([third?.stream?.baton, fourth?.stream]).toEqual(["a", undefined]);
});

it("gives no stream to a request that gave up, but to the next one that waits", async () => {
  const streams = new KeptStreams(1);
  const used = await streams.take();
  const ends: (() => void)[] = [];
  const left = streams.take(ends).catch((error: unknown) => error);
  const next = streams.take();
  for (const end of ends) end();
  used.end(stream("a"));
  await vi.advanceTimersByTimeAsync(5);
  expect(await left).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  expect((await next).stream?.baton).toBe("a");
});

it("waits for nobody where opening costs no more", async () => {
  const streams = new KeptStreams(1);
  await useAtOnce(streams, ["a"], 20);
  await useAtOnce(streams, ["a"], 20);
  const [used, other] = await Promise.all([streams.take(), streams.take()]);
  expect([used.stream?.baton, other.stream]).toEqual(["a", undefined]);
  expect(other.isKept).toBe(false);
});

it("does not count a request that takes long, and has no room for its stream then", async () => {
  const streams = new KeptStreams(1);
  const slow = await streams.take();
  vi.advanceTimersByTime(251);
  const next = await streams.take();
  expect(next.isKept).toBe(true);
  expect(next.end(stream("a"))).toBeUndefined();
  expect(slow.end(stream("b"))?.baton).toBe("b");
});

it("has room for a stream whose next user waits, however many are in use", async () => {
  const streams = new KeptStreams(0);
  const lease = await streams.take();
  expect(lease).toMatchObject({ stream: undefined, isKept: false });
  expect(lease.end(stream("a"), true)).toBeUndefined();
  const next = await streams.take();
  expect(next.stream?.baton).toBe("a");
  expect(next.end(stream("b"))?.baton).toBe("b");
});

it("takes a stream back once, and not after the request was given up", async () => {
  const streams = new KeptStreams(1);
  const lease = await streams.take();
  lease.end();
  expect(lease.end(stream("a"))?.baton).toBe("a");
  expect((await streams.take()).stream).toBeUndefined();
});

it("keeps nothing for 10 s after a pause", async () => {
  const streams = new KeptStreams(1);
  await useAtOnce(streams, ["a"]);
  expect(streams.pause().map(({ baton }) => baton)).toEqual(["a"]);
  vi.advanceTimersByTime(9_999);
  expect(await streams.take()).toMatchObject({ stream: undefined, isKept: false });
  vi.advanceTimersByTime(1);
  expect((await streams.take()).isKept).toBe(true);
});
