import { expect, it } from "vitest";
import { mayFollow } from "../../../src/libsql/open-http-database.ts";

it.each([
  ["https://db.example", "https://eu.db.example", true],
  ["http://127.0.0.1:8080", "http://127.0.0.1:8081", true],
  ["http://127.0.0.1:8080", "https://db.example", true],
  ["https://db.example", "http://db.example", false],
  ["https://db.example", "//db.example", false],
  ["http://127.0.0.1:8080", "file:///etc", false],
  ["http://127.0.0.1:8080", "127.0.0.1:8081", false],
])("a stream opened at %s may go on at %s: %s", (configured, named, expected) => {
  expect(mayFollow(configured, named)).toBe(expected);
});
