// Takes a second of processor time and 150 MB out of each test that draws text of any characters, or addresses: such a
// string asks once which of thirty awkward words it can make, and fast-check answers from a table of every character there
// is. Those words are of the first characters, whose place is their number: no table is made for them, and what is drawn
// and how it is made smaller stays the same to the last character.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join('fast-check', 'lib', 'fast-check.js');

const whole = `		if (reverseMapping === null) reverseMapping = buildReverseMapping(entries);
		const choiceIndex = safeObjectIs$2(value, -0) ? reverseMapping.negativeZeroIndex : safeMapGet(reverseMapping.mapping, value);`;

/** Anything else is looked up as before. */
const partial = `		const early = reverseMapping === null ? placeAmongFirst(entries, value) : void 0;
		if (early !== void 0) return early;
${whole}`;

/** `entries` are all characters but halves of pairs exactly when the first takes all below those (0xD800). */
const helper = `/** @internal */
function placeAmongFirst(entries, value) {
	const entry = entries[0];
	if (typeof value !== "string" || value.length !== 1 || entry.num !== 55296 || entries.length !== 2) return;
	const place = value.charCodeAt(0);
	if (place < 55296 && entry.build(place) === value) return place;
}
/** @internal */
function indexToMappedConstantUnmapperFor(`;

/** Whether it is quicker now, or was already. What is not as expected stays as it was installed. */
export function quickenFastCheck(modules) {
  const path = join(modules, file);
  if (!existsSync(path)) return false;
  const text = readFileSync(path, 'utf8');
  if (text.includes('function placeAmongFirst(')) return true;
  const start = '/** @internal */\nfunction indexToMappedConstantUnmapperFor(';
  if (text.split(whole).length !== 2 || text.split(start).length !== 2) return false;
  // A file beside it and a new name: links to what was installed elsewhere keep what they have.
  writeFileSync(
    `${path}.quick`,
    text.replace(start, () => helper).replace(whole, () => partial),
  );
  renameSync(`${path}.quick`, path);
  return true;
}
