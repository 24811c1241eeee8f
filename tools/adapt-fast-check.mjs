// Takes a second of processor time and 150 MB out of each test that draws text of any characters, or addresses: such a
// string asks once which of thirty awkward words it can make, and fast-check answers from a table of every character there
// is. Those words are of the first characters, whose place is their number: no table is made for them, and what is drawn
// and how it is made smaller stays the same to the last character.
// And what it begins with can be given to it before it is loaded: under CI the runner gives each process of the tests the seed that
// is of the tests themselves, so that one commit passes or fails each time (decisions/0073).
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

const configured = 'let globalParameters = {};';
const configurable = 'let globalParameters = globalThis[Symbol.for("sallyport.fast-check")] ?? {};';

/** Whether it is as wanted now, or was already. What is not as expected stays as it was installed. */
export function adaptFastCheck(modules) {
  const path = join(modules, file);
  if (!existsSync(path)) return false;
  const text = readFileSync(path, 'utf8');
  const start = '/** @internal */\nfunction indexToMappedConstantUnmapperFor(';
  const changes = [
    [start, 'function placeAmongFirst(', helper],
    [whole, partial, partial],
    [configured, configurable, configurable],
  ].filter(([, mark]) => !text.includes(mark));
  if (changes.length === 0) return true;
  if (changes.some(([from]) => text.split(from).length !== 2)) return false;
  // A file beside it and a new name: links to what was installed elsewhere keep what they have.
  writeFileSync(
    `${path}.new`,
    changes.reduce((changed, [from, , to]) => changed.replace(from, () => to), text),
  );
  renameSync(`${path}.new`, path);
  return true;
}
