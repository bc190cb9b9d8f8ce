// Parts of the parser that its own types do not describe; package.json names the version whose they are.

declare module 'oxc-parser/src-js/bindings.js' {
  import type { ParserOptions } from 'oxc-parser';

  export function parseSync(
    filename: string,
    source: string,
    options: ParserOptions,
  ): {
    readonly errors: { severity: string; message: string }[];
    /** JSON. */
    readonly program: string;
    readonly module: { hasModuleSyntax: boolean };
  };
}

declare module 'oxc-parser/src-js/generated/visit/keys.js' {
  const visitorKeys: Record<string, string[]>;
  export default visitorKeys;
}
