import { usageError } from "../exit-codes.ts";

/** A file's text in pieces, without a byte order mark. Throws OperatorError for what is not UTF-8. */
export async function* decodeUtf8(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw usageError("The file is not UTF-8; convert it first, for instance with iconv.");
    }
  };
  for await (const chunk of bytes) yield decode(chunk);
  yield decode();
}
