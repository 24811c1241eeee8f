// What the checks want to know about one source file, read from its syntax tree.
import { parseSync, Visitor } from 'oxc-parser';
import type { CallExpression, Expression, Program, TemplateLiteral } from 'oxc-parser';

export type Reference = {
  readonly specifier: string;
  readonly line: number;
  /** `url`: a path in `new URL('…', import.meta.url)`; everything else loads or names a module. */
  readonly kind: 'module' | 'url';
  /** Names taken by a static import; `*` for all of them, empty where it cannot be told. */
  readonly names: readonly string[];
  readonly reExportsAll: boolean;
};

export type Located = { readonly name: string; readonly line: number };

export type SourceFacts = {
  readonly references: readonly Reference[];
  /** Globals used as a value, with the member where one is named: `Date.now`, `process.env`, `new Date()`, `fetch`. */
  readonly globals: readonly Located[];
  readonly tablesCreated: readonly Located[];
  /** Tables named in Kysely calls. */
  readonly tablesUsed: readonly Located[];
  /** String and template literals that read as SQL. */
  readonly sqlTexts: readonly Located[];
  readonly syntaxErrors: readonly Located[];
};

const tableCalls = new Set(
  ['selectFrom', 'insertInto', 'updateTable', 'deleteFrom', 'replaceInto', 'mergeInto', 'alterTable', 'dropTable']
    .concat(['innerJoin', 'leftJoin', 'rightJoin', 'fullJoin', 'innerJoinLateral', 'leftJoinLateral'])
    .concat(['table', 'truncateTable', 'references']),
);
const sqlStart = /^\s*(select|insert|update|delete|create|alter|drop|truncate|with|replace|merge|optimize)\s/i;
const createTable = /\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?["`]?(?:\w+\.)?(\w+)/i;

/** Parses `text` as TypeScript or JavaScript by the ending of `file`. */
export function readSourceFacts(file: string, text: string): SourceFacts {
  const parsed = parseSync(file, text, { sourceType: 'module' });
  const lineAt = createLineFinder(text);
  const references: Reference[] = [];
  const globals: Located[] = [];
  const tablesCreated: Located[] = [];
  const tablesUsed: Located[] = [];
  const sqlTexts: Located[] = [];
  const declared = declaredNames(parsed.program);

  const reference = (specifier: string, start: number, more: Partial<Reference> = {}): void => {
    references.push({ specifier, line: lineAt(start), kind: 'module', names: [], reExportsAll: false, ...more });
  };
  const global = (name: string, start: number): void => {
    if (!declared.has(name.split('.')[0] ?? name)) globals.push({ name, line: lineAt(start) });
  };
  const sql = (content: string, start: number): void => {
    if (!sqlStart.test(content)) return;
    sqlTexts.push({ name: content, line: lineAt(start) });
    const table = createTable.exec(content)?.[1];
    if (table !== undefined) tablesCreated.push({ name: table, line: lineAt(start) });
  };
  const tableCall = (node: CallExpression): void => {
    if (node.callee.type !== 'MemberExpression' || node.callee.computed) return;
    const method = node.callee.property.type === 'Identifier' ? node.callee.property.name : '';
    const first = node.arguments[0];
    if (first === undefined || first.type === 'SpreadElement') return;
    const names = literalTexts(first).map((name) => name.split(/\s+as\s+|\./i)[0] ?? name);
    const target = method === 'createTable' ? tablesCreated : tableCalls.has(method) ? tablesUsed : undefined;
    for (const name of names) target?.push({ name, line: lineAt(node.start) });
  };

  new Visitor({
    ImportDeclaration(node) {
      const names = node.specifiers.map((specifier) => {
        if (specifier.type === 'ImportDefaultSpecifier') return 'default';
        if (specifier.type === 'ImportNamespaceSpecifier') return '*';
        return specifier.imported.type === 'Literal' ? specifier.imported.value : specifier.imported.name;
      });
      reference(node.source.value, node.start, { names });
    },
    ExportNamedDeclaration(node) {
      if (node.source !== null) reference(node.source.value, node.start);
    },
    ExportAllDeclaration(node) {
      reference(node.source.value, node.start, { names: ['*'], reExportsAll: true });
    },
    ImportExpression(node) {
      for (const specifier of literalTexts(node.source)) reference(specifier, node.start, { names: ['*'] });
    },
    TSImportType(node) {
      reference(node.source.value, node.start);
    },
    TSExternalModuleReference(node) {
      reference(node.expression.value, node.start, { names: ['*'] });
    },
    CallExpression(node) {
      const first = node.arguments[0];
      if (first !== undefined && first.type !== 'SpreadElement' && isModuleLookup(node)) {
        for (const specifier of literalTexts(first)) reference(specifier, node.start, { names: ['*'] });
      }
      if (node.callee.type === 'Identifier') global(node.callee.name, node.start);
      tableCall(node);
    },
    NewExpression(node) {
      const [first, second] = node.arguments;
      if (node.callee.type !== 'Identifier') return;
      const name = node.callee.name;
      if (name === 'URL' && first !== undefined && first.type !== 'SpreadElement' && isImportMetaUrl(second)) {
        for (const path of literalTexts(first)) reference(path, node.start, { kind: 'url' });
      }
      global(name === 'Date' && first === undefined ? 'new Date()' : `new ${name}`, node.start);
    },
    MemberExpression(node) {
      if (node.object.type !== 'Identifier') return;
      const member = !node.computed && node.property.type === 'Identifier' ? node.property.name : '[]';
      global(`${node.object.name}.${member}`, node.start);
    },
    VariableDeclarator(node) {
      // `const { random } = Math` and `const now = performance` hide the use that follows.
      if (node.init?.type === 'Identifier') global(`${node.init.name}.*`, node.start);
    },
    Literal(node) {
      if (typeof node.value === 'string') sql(node.value, node.start);
    },
    TemplateLiteral(node) {
      sql(templateText(node), node.start);
    },
  }).visit(parsed.program);

  return {
    references,
    globals,
    tablesCreated,
    tablesUsed,
    sqlTexts,
    syntaxErrors: parsed.errors.map((error) => ({ name: error.message, line: lineAt(error.labels[0]?.start ?? 0) })),
  };
}

/** `require('x')`, `require.resolve('x')`, `import.meta.resolve('x')`, `createRequire(…).resolve('x')`. */
function isModuleLookup(node: CallExpression): boolean {
  const { callee } = node;
  if (callee.type === 'Identifier') return callee.name === 'require';
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return false;
  if (callee.property.name !== 'resolve') return false;
  if (callee.object.type === 'MetaProperty') return true;
  if (callee.object.type !== 'CallExpression') {
    return callee.object.type === 'Identifier' && callee.object.name === 'require';
  }
  return callee.object.callee.type === 'Identifier' && callee.object.callee.name === 'createRequire';
}

function isImportMetaUrl(node: CallExpression['arguments'][number] | undefined): boolean {
  if (node?.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return false;
  return node.object.type === 'MetaProperty' && node.property.name === 'url';
}

/** The text of a literal, or of each literal in an array. */
function literalTexts(node: Expression): string[] {
  if (node.type === 'Literal') return typeof node.value === 'string' ? [node.value] : [];
  if (node.type === 'TemplateLiteral') return node.expressions.length === 0 ? [templateText(node)] : [];
  if (node.type !== 'ArrayExpression') return [];
  return node.elements.flatMap((entry) =>
    entry === null || entry.type === 'SpreadElement' ? [] : literalTexts(entry),
  );
}

function templateText(node: TemplateLiteral): string {
  return node.quasis.map((part) => part.value.raw).join('?');
}

/** Every name the file binds anywhere: such a name is not taken for a global. */
function declaredNames(program: Program): Set<string> {
  const names = new Set<string>();
  const bind = (pattern: { readonly type: string } | null): void => {
    if (pattern === null) return;
    if ('name' in pattern && pattern.type === 'Identifier' && typeof pattern.name === 'string') names.add(pattern.name);
    for (const inner of patternParts(pattern)) bind(inner);
  };
  new Visitor({
    VariableDeclarator: (node) => bind(node.id),
    ImportSpecifier: (node) => bind(node.local),
    ImportDefaultSpecifier: (node) => bind(node.local),
    ImportNamespaceSpecifier: (node) => bind(node.local),
    FunctionDeclaration: (node) => [node.id, ...node.params].forEach(bind),
    FunctionExpression: (node) => node.params.forEach(bind),
    ArrowFunctionExpression: (node) => node.params.forEach(bind),
    ClassDeclaration: (node) => bind(node.id),
    CatchClause: (node) => bind(node.param),
  }).visit(program);
  return names;
}

/** The patterns inside a destructuring pattern, a default or a rest. */
function patternParts(pattern: object): { readonly type: string }[] {
  return ['elements', 'properties', 'left', 'argument', 'value'].flatMap((key) => {
    const inner: unknown = Reflect.get(pattern, key);
    return (Array.isArray(inner) ? inner : [inner]).filter(isNode);
  });
}

function isNode(value: unknown): value is { readonly type: string } {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function createLineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? starts.length : next;
  };
}
