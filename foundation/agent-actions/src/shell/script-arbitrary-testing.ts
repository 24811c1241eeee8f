import fc from 'fast-check';

/** Scripts from a grammar of the shell: most are right, some are not, and mutations break the rest. */
export function scriptArbitrary(): fc.Arbitrary<string> {
  const { list } = fc.letrec<Record<'list' | 'command' | 'word' | 'inner' | 'pipeline', string>>((tie) => ({
    word: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 9, arbitrary: fc.constantFrom(...plainWords) },
      fc.constantFrom(...oddWords),
      fc.tuple(fc.constantFrom(...openQuotes), tie('inner')).map(([[open, close], text]) => `${open}${text}${close}`),
      fc.tuple(tie('word'), tie('word')).map(([a, b]) => `${a}${b}`),
      tie('list').map((text) => `$(${text})`),
      tie('list').map((text) => `<(${text})`),
      tie('list').map((text) => `"$(${text})"`),
      fc.tuple(fc.constantFrom(...operators), tie('word')).map(([mark, word]) => `\${x${mark}${word}}`),
      fc.tuple(fc.constantFrom(...operators), tie('word')).map(([mark, word]) => `"\${x${mark}${word}}"`),
      fc.constantFrom(
        '$((1+2))',
        '$(( (a) * $b ))',
        '$[1+1]',
        '$((x[1]))',
        '$(( 1 ) )',
        '`echo \\`a\\``',
        '"`a \\"b\\"`"',
      ),
    ),
    inner: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('a b', '', 'a\\\nb', '$x', '#', 'é', '{a,b}', '`x`', ')', '}', ';', 'x y z'),
    ),
    command: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.array(tie('word'), { minLength: 1, maxLength: 4 }).map((words) => words.join(' ')),
      fc
        .tuple(tie('word'), fc.constantFrom(...redirects), tie('word'))
        .map(([command, mark, word]) => `${command} ${mark}${word}`),
      fc
        .tuple(fc.constantFrom('a=', 'a+=', 'a[1]=', 'b=(', 'declare -a b=('), tie('word'))
        .map(([start, word]) => (start.endsWith('(') ? `${start}${word} ${word})` : `${start}${word} cmd`)),
      tie('list').map((text) => `( ${text} )`),
      tie('list').map((text) => `{ ${text}; }`),
      tie('list').map((text) => `{ ${text}\n}`),
      fc.tuple(tie('list'), tie('list')).map(([a, b]) => `if ${a}; then ${b}; fi`),
      fc.tuple(tie('list'), tie('list')).map(([a, b]) => `if ${a}; then ${b}; elif ${a}\nthen ${b}; else ${a}; fi`),
      fc.tuple(fc.constantFrom('while', 'until'), tie('list')).map(([word, a]) => `${word} ${a}; do ${a}; done`),
      fc.tuple(tie('word'), tie('list')).map(([a, b]) => `for x in ${a} ${a}; do ${b}; done`),
      tie('list').map((b) => `for x; do ${b}; done`),
      tie('list').map((b) => `for ((i=0;i<3;i++)); do ${b}; done`),
      fc.tuple(tie('word'), tie('list')).map(([a, b]) => `case ${a} in ${a}) ${b};; (b|c) ;; *) ${b}\nesac`),
      tie('command').map((body) => `f() ${body}`),
      tie('list').map((body) => `function f { ${body}; }`),
      fc.tuple(tie('word'), tie('word')).map(([a, b]) => `[[ -f ${a} && ${a} == ${b} || ! ( ${b} -nt ${a} ) ]]`),
      tie('word').map((a) => `[[ ${a} =~ ^(a|b)+$ ]]`),
      fc.constantFrom('(( a + 1 ))', '((a) ; (b))', '(( a ) )', '((x=1)) '),
      fc
        .tuple(tie('word'), fc.constantFrom('EOF', "'EOF'", '"E"OF', '\\EOF'), tie('inner'))
        .map(([a, end, text]) => `cat ${a} <<${end}\n${text.replaceAll('`x`', '`x y`')}\nEOF\n`),
      fc.tuple(tie('word'), tie('inner')).map(([a, text]) => `cat <<-EOF ${a}\n\t${text.replaceAll('`', '')}\n\tEOF\n`),
    ),
    pipeline: fc.oneof(
      { maxDepth: 3 },
      tie('command'),
      fc.tuple(fc.constantFrom('! ', 'time ', 'time -p ', ''), tie('command')).map(([mark, a]) => `${mark}${a}`),
      fc
        .tuple(tie('command'), fc.constantFrom(' | ', '|&', '|\n', ' | \\\n'), tie('command'))
        .map((all) => all.join('')),
    ),
    list: fc.oneof(
      { maxDepth: 4 },
      tie('pipeline'),
      fc
        .tuple(
          tie('pipeline'),
          fc.constantFrom('; ', '\n', ' && ', ' || ', ' & ', ' &&\n', ' # c\n', ';\\\n'),
          tie('pipeline'),
        )
        .map((all) => all.join('')),
    ),
  }));
  return fc.oneof({ weight: 3, arbitrary: list }, { weight: 2, arbitrary: mutated(list) });
}

const plainWords = [
  'echo', 'a', 'rm', '-rf', '/tmp/x', '~', '~/x', '*.ts', '{a,b}', 'a=b', 'x#y', '2', '$x', '$1', '${x}', '${#x}', '${!x}', '${x[1]}', '$@',
  '"$@"', '$$', '\\a', '\\;', 'a\\\nb', "$'a\\'b'", '$"x"', "''", '""', '[', ']', '[a-z]', '?', 'é', '=', '-', '--',
]; // prettier-ignore

const oddWords = [
  '#x', 'if', 'then', 'fi', 'do', 'done', '}', '{', '!', 'in', 'esac', '\\\n', 'a{', '$', '%1', '\r', 'time', 'function', 'select', 'coproc',
  '[[', ']]', '+(a)', '!(x)', '${x~}', '${x y}', '$((x', "'", '"', '`', '${',
]; // prettier-ignore

const openQuotes: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ["'", "'"],
  ["$'", "'"],
  ['$"', '"'],
  ['`', '`'],
];

const operators = [':-', '-', ':=', '+', ':?', '#', '##', '%', '/', '//', ':', '^', ',,', '##'];
const redirects = [
  '>',
  '>>',
  '<',
  '2>',
  '2>&1 >',
  '&>',
  '&>>',
  '>|',
  '<>',
  '<<<',
  '>&',
  '<&',
  '{fd}>',
  '3<',
  '> ',
  '< ',
];

const fragments = [
  '(', ')', '{', '}', ';', ';;', '&', '&&', '|', '||', '\n', ' ', '"', "'", '`', '$', '$(', '${', '((', '))', '$((', '[[', ']]', '<', '>', '<<',
  '<<<', '<(', '#', '!', '\\', '\\\n', '=', '[', ']', 'if', 'then', 'fi', 'do', 'done', 'case', 'in', 'esac', 'a', 'for', 'while', '1', '<<EOF',
]; // prettier-ignore

function mutated(scripts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.record({ at: fc.nat(), removed: fc.nat(2), added: fc.constantFrom('', ...fragments) });
  return fc.tuple(scripts, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([script, edits]) =>
    edits.reduce((text, { at, removed, added }) => {
      const position = text.length === 0 ? 0 : at % (text.length + 1);
      return text.slice(0, position) + added + text.slice(position + removed);
    }, script),
  );
}
