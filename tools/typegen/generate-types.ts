import openapiTypescript, { astToString } from "openapi-typescript";
import ts from "typescript";

const BANNER = `/**
 * Types of a workspace's API as its schema stood, for openapi-fetch; made by \`npm run cli -- types\`.
 * Do not edit: make them again when the schema has changed.
 */
`;

/** The types of an OpenAPI document as the text of a declaration file. The same document gives the same text. */
export async function generateTypes(document: string): Promise<string> {
  const nodes = await openapiTypescript(JSON.stringify(JSON.parse(document, withoutOuterType)), {
    emptyObjectsUnknown: true,
    defaultNonNullable: false,
    postTransform: (type, { schema }) => (schema ? withFilterPaths(type, schema) : undefined),
  });
  return BANNER + astToString(nodes);
}

/** The type beside a choice, which is there for other readers of the document, would allow any text. */
const withoutOuterType = (_: string, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || !("anyOf" in value)) return value;
  const { type: _type, ...rest } = value as { readonly type?: unknown };
  return rest;
};

/**
 * A filter's properties, and those that lead through its relationships. openapi-typescript would make an index of all
 * texts of the latter, which no filter with a number fits.
 */
function withFilterPaths(type: ts.TypeNode, schema: object): ts.TypeNode | undefined {
  const [pattern = ""] = Object.keys((schema as { patternProperties?: object }).patternProperties ?? {});
  const [, names] = /^\^\(([\w|]+)\)\\\.$/.exec(pattern) ?? [];
  if (!names || !ts.isIntersectionTypeNode(type)) return undefined;
  const members = type.types.flatMap((part) => (ts.isTypeLiteralNode(part) ? part.members : []));
  const known = members.filter((member) => !ts.isIndexSignatureDeclaration(member));
  return ts.factory.createTypeLiteralNode([...known, filterPaths(names.split("|"))]);
}

/** `[path: `${"a" | "b"}.${string}`]: string | number | boolean` */
function filterPaths(relationships: readonly string[]): ts.TypeElement {
  const { factory, SyntaxKind } = ts;
  const keyword = (kind: ts.KeywordTypeSyntaxKind) => factory.createKeywordTypeNode(kind);
  const names = relationships.map((name) => factory.createLiteralTypeNode(factory.createStringLiteral(name)));
  const path = factory.createTemplateLiteralType(factory.createTemplateHead(""), [
    factory.createTemplateLiteralTypeSpan(
      factory.createUnionTypeNode(names),
      factory.createTemplateMiddle("."),
    ),
    factory.createTemplateLiteralTypeSpan(keyword(SyntaxKind.StringKeyword), factory.createTemplateTail("")),
  ]);
  const value = factory.createUnionTypeNode(
    [SyntaxKind.StringKeyword, SyntaxKind.NumberKeyword, SyntaxKind.BooleanKeyword].map((kind) =>
      keyword(kind as ts.KeywordTypeSyntaxKind),
    ),
  );
  const parameter = factory.createParameterDeclaration(undefined, undefined, "path", undefined, path);
  return factory.createIndexSignature(undefined, [parameter], value);
}
