// The tree of a script. Plain data; places are UTF-16 units of the text that was parsed.

export type Place = { readonly start: number; readonly end: number };

export type WordPart =
  /** Unquoted text keeps its braces, tildes and globs for expansion; quoted text is what it is. */
  | { readonly kind: 'text'; readonly text: string; readonly isQuoted: boolean }
  | { readonly kind: 'parameter'; readonly parameter: Parameter; readonly isQuoted: boolean }
  | { readonly kind: 'command'; readonly script: List; readonly isQuoted: boolean }
  /** `words` are the expansions in it; `text` is the expression as it is written. */
  | {
      readonly kind: 'arithmetic';
      readonly text: string;
      readonly words: readonly WordPart[];
      readonly isQuoted: boolean;
    }
  | { readonly kind: 'process'; readonly way: 'read' | 'write'; readonly script: List };

export type Parameter = {
  readonly name: string;
  readonly isIndirect: boolean;
  readonly isLength: boolean;
  readonly subscript?: readonly WordPart[];
  /** `:-`, `#`, `//`, `:`, `@Q` and the rest of what stands between name and argument. */
  readonly operator?: string;
  readonly argument?: readonly WordPart[];
};

export type Word = Place & { readonly parts: readonly WordPart[] };

export type Assignment = Place & {
  readonly name: string;
  readonly subscript?: string;
  readonly isAppend: boolean;
  readonly value: Word;
  /** Of an array: `a=(b c)`. */
  readonly elements?: readonly Word[];
};

export type Redirect = Place & {
  /** A number, or the name in `{name}>`. */
  readonly descriptor?: string;
  readonly operator: '<' | '>' | '>>' | '>|' | '<>' | '<&' | '>&' | '&>' | '&>>' | '<<<' | '<<';
  /** Of `<<`, the text of the here-document. */
  readonly target: Word;
};

export type Command = Place & { readonly redirects: readonly Redirect[] } & (
    | { readonly kind: 'simple'; readonly assignments: readonly Assignment[]; readonly words: readonly Word[] }
    | { readonly kind: 'subshell' | 'group'; readonly body: List }
    | {
        readonly kind: 'if';
        readonly branches: readonly { readonly test: List; readonly body: List }[];
        readonly otherwise?: List;
      }
    | { readonly kind: 'while'; readonly test: List; readonly body: List }
    /** Without `words` it goes over the arguments of the script or function. */
    | { readonly kind: 'for'; readonly name: string; readonly words?: readonly Word[]; readonly body: List }
    | { readonly kind: 'for-arithmetic'; readonly expression: Word; readonly body: List }
    | {
        readonly kind: 'case';
        readonly word: Word;
        readonly clauses: readonly { readonly patterns: readonly Word[]; readonly body: List }[];
      }
    | { readonly kind: 'function'; readonly name: string; readonly body: Command }
    /** `[[ … ]]`: the words in it, operators left out. */
    | { readonly kind: 'test'; readonly words: readonly Word[] }
    | { readonly kind: 'arithmetic'; readonly expression: Word }
  );

export type Pipeline = Place & {
  readonly isNegated: boolean;
  /** One entry may be missing: `time` and `!` stand alone. */
  readonly commands: readonly Command[];
};

export type AndOr = Place & {
  readonly first: Pipeline;
  readonly rest: readonly { readonly operator: '&&' | '||'; readonly pipeline: Pipeline }[];
  readonly isBackground: boolean;
};

export type List = Place & { readonly items: readonly AndOr[] };
