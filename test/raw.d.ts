/** A file's text, by Vite. */
declare module "*?raw" {
  const text: string;
  export default text;
}

interface ImportMeta {
  /** The files that match, by path; by Vite. */
  glob<T>(
    patterns: readonly string[],
    options: { query: "?raw"; import: "default"; eager: true },
  ): Record<string, T>;
}
