// Writes docs/sources.md from the recipes in content/recipes, which the tests of real senders run.
// `node tools/launch.mjs tools/generate-sources-page.ts` after a change to any recipe; a test finds the page stale otherwise.
import { writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadBundledRecipes } from '@sallyport/content';
import { fillRecipe } from '@sallyport/content/fill-recipe';
import { readRecipes } from '@sallyport/event-intake';
import type { Recipe } from '@sallyport/event-intake';

export const sourcesPage = join(resolve(import.meta.dirname, '..'), 'docs', 'sources.md');

const fence = '```';
const intro = `# Connecting sources

How other products' senders send here. \`sallyport sources recipe NAME\` prints one filled for your server, and so does the console; this page has \`sallyport.example\`, the usual ports and \`KEY\` in their place. What a recipe needs is a key with \`events:write\` (\`sallyport key create --scopes events:write --name web-1 --source web-1\`) and [HTTPS](https.md), or an open syslog listener ([api-intake.md](api-intake.md)).

Syslog acknowledges nothing. A sender that is told to wait waits, and one that keeps messages on disk, as rsyslog and syslog-ng below, loses none while the server is restarted; a server that is killed loses what it had read and not yet written, and rsyslog, stopped while the server is away, up to two batches of 8 messages. Over HTTP every reply of success means durable. After a broken connection senders may send again what arrived: only \`sallyport send\` and the sensor never double an event.

`;

const howChecked: Readonly<Record<Recipe['checked'], string>> = {
  run: 'The tests run this text in the real program.',
  syntax: 'The tests have the real program read this text; what it reads from is not there to run it.',
  manual: 'Written by the manuals of the programs; no test runs it.',
};

/** The page as it should be. */
export async function sourcesText(): Promise<string> {
  const files = await loadBundledRecipes({
    listFiles: (directory) => readdir(directory),
    readText: (path) => readFile(path, 'utf8'),
  });
  const recipes = readRecipes(files);
  const rows = recipes.map(({ id, title, needs, listener, checked }) => {
    const door = needs === 'key' ? 'a key' : `a listener for ${(listener ?? '').toUpperCase()}`;
    return `| [\`${id}\`](#${anchorOf(title)}) | ${title} | ${door} | ${checked} |`;
  });
  const table = `| recipe | | needs | checked |\n|---|---|---|---|\n${rows.join('\n')}\n\n`;
  return `${intro}${table}${recipes.map(section).join('\n')}`;
}

function section(recipe: Recipe): string {
  const ports = { tls: '6514', tcp: '5514', udp: '5514' };
  const fill = (text: string): string =>
    fillRecipe(text, {
      host: 'sallyport.example',
      port: recipe.listener === undefined ? '8443' : ports[recipe.listener],
      address: 'https://sallyport.example:8443',
      key: 'KEY',
      authority_file: '/etc/ssl/sallyport-authority.pem',
      source: 'web-1',
    });
  const block = (title: string, language: string, text: string): string =>
    `${fill(title)}:\n\n${fence}${language}\n${fill(text).trimEnd()}\n${fence}\n`;
  const steps = recipe.steps.map(({ title, file, language, text }) =>
    block(file === undefined ? title : `${title} (\`${file}\`)`, language, text),
  );
  const trial = recipe.test === undefined ? [] : [block(recipe.test.title, 'sh', recipe.test.text)];
  return [`## ${recipe.title}\n`, `${fill(recipe.about)} ${howChecked[recipe.checked]}\n`, ...steps, ...trial].join(
    '\n',
  );
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(/\s/g, '-');
}

if (import.meta.main) writeFileSync(sourcesPage, await sourcesText());
