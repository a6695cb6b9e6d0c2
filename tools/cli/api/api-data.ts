import type { ApiClient, ApiRequest } from "./send-request.ts";

const PAGE_SIZE = 1000;

/** Returns the `data` of a response, in the shape that the API documents. Throws as ApiClient.send. */
export async function fetchData<T>(client: ApiClient, request: ApiRequest): Promise<T> {
  const { text } = await client.send(request);
  return (JSON.parse(text) as { data: T }).data;
}

/** Returns all pages of a list. Throws as ApiClient.send. */
export async function fetchAll<T>(client: ApiClient, path: string): Promise<readonly T[]> {
  const all: T[] = [];
  for (let page = 0; ; page++) {
    const { text } = await client.send({ method: "GET", path: `${path}?page=${page}&size=${PAGE_SIZE}` });
    const { data, meta } = JSON.parse(text) as { data: T[]; meta: { totalPages: number } };
    all.push(...data);
    if (page + 1 >= meta.totalPages) return all;
  }
}

/** Returns the first page of a list. Undefined query values are left out. Throws as ApiClient.send. */
export async function fetchPage<T>(
  client: ApiClient,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<readonly T[]> {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return fetchData<readonly T[]>(client, { method: "GET", path: `${path}?${new URLSearchParams(given)}` });
}
