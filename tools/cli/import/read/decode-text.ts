import { usageError } from "../../exit-codes.ts";

/**
 * Decodes a file in pieces and drops its byte order mark. Without an `encoding`, the byte order mark decides, and its
 * absence means UTF-8. Throws OperatorError for an unknown encoding, and for bytes that are invalid in it.
 */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  encoding?: string,
): AsyncGenerator<string> {
  let decode: ((chunk?: Uint8Array) => string) | undefined;
  for await (const chunk of bytes) {
    decode ??= decoderOf(encoding ?? encodingOf(chunk));
    yield decode(chunk);
  }
  if (decode) yield decode();
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

function decoderOf(encoding: string): (chunk?: Uint8Array) => string {
  const decoder = createDecoder(encoding);
  return (chunk) => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      const advice =
        decoder.encoding === "utf-8"
          ? "name its encoding, such as --encoding windows-1252 for a file of an older spreadsheet program"
          : "--encoding must name another encoding";
      throw usageError(`The file is not ${decoder.encoding.toUpperCase()}: ${advice}.`);
    }
  };
}

function createDecoder(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw usageError(
      `--encoding ${encoding}: must be an encoding such as utf-16le, windows-1252 or shift_jis.`,
    );
  }
}
