import type { StatementClass } from '../action.ts';

export type ClassedStatement = { readonly class: StatementClass; readonly text: string };

const dangerous =
  /\bcopy\b[\s\S]*\bprogram\b|\battach\b|\bxp_cmdshell\b|\bload\s+data\b|\bload_file\s*\(|\binto\s+(?:out|dump)file\b|\bload_extension\s*\(|\bpg_read_file\b|\bpg_ls_dir\b|\blo_(?:import|export)\b|\bdblink|\bsp_oacreate\b|\bopenrowset\b|\bcreate\s+(?:or\s+replace\s+)?(?:function|procedure|language|extension|server|trigger|event)\b|\bwritefile\s*\(|\breadfile\s*\(|\bedit\s*\(|\butl_(?:http|file)\b|\bdbms_\w+|\bset\s+global\b|\balter\s+system\b|\bpragma\s+writable_schema\b|\bexecute\s+immediate\b|\bcopy\b[\s\S]*\b(?:to|from)\s*'/i;

/** The statements of a text with their classes, comments and texts taken out before judging; more than one is dangerous together. */
export function classifyStatements(text: string): ClassedStatement[] {
  const statements = splitStatements(text.slice(0, 65_536));
  const classed = statements.map((statement) => ({ class: classOf(statement), text: statement.slice(0, 512) }));
  if (classed.length > 1 && classed.some((entry) => entry.class !== 'read')) {
    return classed.map((entry) => (entry.class === 'read' ? entry : { ...entry, class: 'dangerous' }));
  }
  return classed.length === 0 ? [{ class: 'unknown', text: text.slice(0, 512) }] : classed;
}

function classOf(statement: string): StatementClass {
  // MySQL runs what stands in such a comment.
  if (/\/\*[!M]/.test(statement)) return 'dangerous';
  const bare = withoutComments(statement);
  if (dangerous.test(bare)) return 'dangerous';
  if (
    /^\s*[.\\](?:!|shell|system|sh\b|copy|i\b|ir\b|import|output|once|o\b|w\b|g\b|load|open|save|backup|dump|read|log)/i.test(
      bare,
    )
  )
    return 'dangerous';
  if (/^\s*[.\\]/.test(bare)) return 'read';
  const word = /^[\s(]*([a-z]+)/i.exec(bare)?.[1]?.toLowerCase() ?? '';
  if (/^(?:select|show|describe|desc|values|table|pragma|use)$/.test(word))
    return /\binto\b|=/.test(bare) && /^(?:pragma)$/.test(word)
      ? 'definition'
      : /\bselect\b[\s\S]*\binto\s+(?!@)\w/i.test(withoutTexts(bare))
        ? 'write'
        : 'read';
  if (word === 'explain') return /\banaly[sz]e\b/i.test(bare) && !/\bselect\b/i.test(bare) ? 'write' : 'read';
  if (word === 'with') return /\b(?:insert|update|delete|merge)\b/i.test(withoutTexts(bare)) ? 'write' : 'read';
  if (
    /^(?:insert|update|delete|merge|replace|upsert|call|exec|execute|do|begin|commit|rollback|start|set|lock|truncate)$/.test(
      word,
    )
  ) {
    const hasCondition =
      !/^(?:update|delete)$/.test(word) || /\bwhere\b(?!\s+(?:1\s*=\s*1|true)\b)/i.test(withoutTexts(bare));
    if (word === 'truncate') return 'dangerous';
    return hasCondition ? 'write' : 'dangerous';
  }
  if (word === 'drop') return 'dangerous';
  if (/^(?:create|alter|comment|rename|grant|revoke|vacuum|analyze|reindex|refresh)$/.test(word)) {
    return /^(?:grant|revoke)$/.test(word) || /\b(?:role|user|login)\b/i.test(bare) ? 'dangerous' : 'definition';
  }
  return 'unknown';
}

function withoutComments(statement: string): string {
  return scan(statement, (part, kind) => (kind === 'comment' ? ' ' : part));
}

function withoutTexts(statement: string): string {
  return scan(statement, (part, kind) => (kind === 'text' ? "''" : part));
}

function splitStatements(text: string): string[] {
  const marked = scan(text, (part, kind) => (kind === 'plain' ? part.replaceAll(';', '\0') : part));
  return marked
    .split('\0')
    .map((statement) => statement.trim())
    .filter((statement) => withoutComments(statement).trim() !== '');
}

/** Goes over texts, comments and the rest, in one pass. */
function scan(sql: string, replace: (part: string, kind: 'text' | 'comment' | 'plain') => string): string {
  const tokens =
    /'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"]|"")*"|`[^`]*`|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|#[^\n]*|\/\*(?![!M])[\s\S]*?\*\//g;
  let result = '';
  let at = 0;
  for (const found of sql.matchAll(tokens)) {
    result += replace(sql.slice(at, found.index), 'plain');
    result += replace(found[0], /^(?:--|#|\/\*)/.test(found[0]) ? 'comment' : 'text');
    at = found.index + found[0].length;
  }
  return result + replace(sql.slice(at), 'plain');
}
