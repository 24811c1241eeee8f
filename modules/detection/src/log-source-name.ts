import type { EventLogSource } from '@sallyport/sigma-rules';

/** Longer lists of categories or services are none of ours. */
const maxParts = 8;
const part = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/**
 * Where events come from as one word: `windows|process_creation|sysmon`, lists with commas, nothing where it cannot be told. What a
 * sender can put there is cut to this form: a part that is no plain word is `other`, so that names hold no content of events.
 */
export function nameOfLogSource({ product, category, service }: EventLogSource): string {
  return `${product === undefined ? '' : partOf(product)}|${listOf(category)}|${listOf(service)}`;
}

/** The source again, as far as its name tells. */
export function logSourceNamed(name: string): EventLogSource {
  const [product = '', category = '', service = ''] = name.split('|');
  return {
    ...(product === '' ? {} : { product }),
    ...(category === '' ? {} : { category: category.split(',') }),
    ...(service === '' ? {} : { service: service.split(',') }),
  };
}

function listOf(parts: readonly string[] = []): string {
  return parts.length === 1 ? partOf(parts[0] ?? '') : parts.slice(0, maxParts).map(partOf).join(',');
}

function partOf(text: string): string {
  return part.test(text) ? text : 'other';
}
