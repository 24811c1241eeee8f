// Uses of what Node.js 20.15 does not have, found in the text of a bundle: by name, since a bundle is one file of many hands.

type Newer = { readonly name: string; readonly since: string; readonly pattern: RegExp };

const newer: readonly Newer[] = [
  { name: 'Promise.withResolvers', since: '22', pattern: /\bPromise\.withResolvers\b/ },
  { name: 'Promise.try', since: '23', pattern: /\bPromise\.try\b/ },
  { name: 'groupBy', since: '21', pattern: /\b(?:Object|Map)\.groupBy\b/ },
  { name: 'Array.fromAsync', since: '22', pattern: /\bArray\.fromAsync\b/ },
  { name: 'Iterator', since: '22', pattern: /\bIterator\.(?:from|concat|prototype)\b/ },
  {
    name: 'methods of iterators',
    since: '22',
    pattern:
      /(?<!\bObject)\.(?:values|keys|entries|matchAll)\([^()]*\)\s*\.(?:map|filter|take|drop|flatMap|reduce|toArray|some|every|find|forEach)\(/,
  },
  {
    name: 'methods of sets',
    since: '22',
    pattern: /\.(?:union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom)\((?!\))/,
  },
  { name: 'RegExp.escape', since: '24', pattern: /\bRegExp\.escape\b/ },
  { name: 'Error.isError', since: '24', pattern: /\bError\.isError\b/ },
  { name: 'Math.sumPrecise', since: '24', pattern: /\bMath\.(?:sumPrecise|f16round)\b/ },
  {
    name: 'Uint8Array.fromBase64',
    since: '25',
    pattern: /\bUint8Array\.from(?:Base64|Hex)\b|\.setFrom(?:Base64|Hex)\(/,
  },
  { name: 'ArrayBuffer.transfer', since: '21', pattern: /\.transfer(?:ToFixedLength)?\(/ },
  { name: 'using', since: '24', pattern: /^\s*(?:await\s+)?using\s+\w+\s*=/m },
  { name: 'node:sqlite', since: '22.5', pattern: /["']node:sqlite["']/ },
  { name: 'globSync', since: '22', pattern: /\.(?:globSync|matchesGlob)\(/ },
  { name: 'util.getCallSites', since: '22.9', pattern: /\.getCallSites?\(/ },
  { name: 'import.meta.main', since: '24.2', pattern: /\bimport\.meta\.main\b/ },
  {
    name: 'process',
    since: '20.16',
    pattern: /\bprocess\w*\.(?:getBuiltinModule|execve|finalization|threadCpuUsage)\b/,
  },
  { name: 'crypto', since: '24', pattern: /crypto\w*\.(?:argon2|argon2Sync|encapsulate|decapsulate)\(/ },
  {
    name: 'node:module',
    since: '22.1',
    pattern: /\.(?:enableCompileCache|registerHooks|stripTypeScriptTypes|findPackageJSON)\(/,
  },
  { name: 'tls certificates', since: '22.15', pattern: /\.(?:getCACertificates|setDefaultCACertificates)\(/ },
  { name: 'WebSocket', since: '22', pattern: /\bnew (?:globalThis\.)?(?:WebSocket|EventSource)\(/ },
  { name: 'navigator', since: '21', pattern: /(?<![.\w])navigator\./ },
];

/** Each with the line it is used on first. */
export function newerThanNode20(text: string): string[] {
  return newer.flatMap(({ name, since, pattern }) => {
    const found = pattern.exec(text);
    if (found === null) return [];
    const line = text.slice(text.lastIndexOf('\n', found.index) + 1).split('\n', 1)[0] ?? '';
    return [`${name} is of Node ${since}: ${line.trim().slice(0, 120)}`];
  });
}
