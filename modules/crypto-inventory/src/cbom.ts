import { createHash } from 'node:crypto';
import { canonicalJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { algorithmComponent, assetComponent } from './cbom-components.ts';
import type { CbomVersion } from './cbom-version.ts';
import { algorithmsOf } from './gather.ts';
import type { Gathered } from './gather.ts';

/**
 * The inventory as a CycloneDX bill of cryptographic materials. The same gathering gives the same bytes: its time is that of the
 * gathering and its serial number is made of everything else in it. What stores hold in clear is no cryptographic asset and
 * stands in the properties of the product itself.
 */
export function cbomOf(
  gathered: Gathered,
  options: { readonly version: CbomVersion; readonly product: { readonly name: string; readonly version: string } },
): JsonObject {
  const { version, product } = options;
  const productRef = `product/${product.name.toLowerCase()}@${product.version}`;
  const shown = gathered.assets.filter((asset) => asset.kind !== 'store');
  const components = shown.map((asset) =>
    asset.kind === 'algorithm' ? algorithmComponent(asset, version) : assetComponent(asset, version),
  );
  const known = new Set(shown.map(({ id }) => id));
  const algorithmRef = (id: string): string => `algorithm/${id}`;
  const dependencies: JsonObject[] = [
    { ref: productRef, dependsOn: shown.filter(({ kind }) => kind === 'library').map(({ id }) => id) },
    ...shown.map((asset): JsonObject => {
      const dependsOn = algorithmsOf(asset).map(algorithmRef);
      // A library is said to provide what is in use here, and no more.
      const provides = asset.kind === 'library' ? asset.provides.map(algorithmRef).filter((ref) => known.has(ref)) : [];
      return {
        ref: asset.id,
        ...(dependsOn.length === 0 ? {} : { dependsOn }),
        ...(provides.length === 0 ? {} : { provides }),
      };
    }),
  ];
  const stores = gathered.assets.filter((asset) => asset.kind === 'store');
  const document: JsonObject = {
    $schema: `http://cyclonedx.org/schema/bom-${version}.schema.json`,
    bomFormat: 'CycloneDX',
    specVersion: version,
    version: 1,
    metadata: {
      timestamp: new Date(gathered.atMs).toISOString(),
      lifecycles: [{ phase: 'operations' }],
      tools: { components: [{ type: 'application', name: 'sallyport', version: product.version }] },
      component: {
        type: 'application',
        'bom-ref': productRef,
        name: product.name,
        version: product.version,
        properties: [
          ...stores.map(({ id, encryption, clear }) => ({
            name: `sallyport:${id}`,
            value: clear.length === 0 ? encryption : `${encryption}; in clear: ${clear.join(', ')}`,
          })),
          ...gathered.unasked.map(({ source, reason }) => ({
            name: 'sallyport:not-asked',
            value: `${source}: ${reason}`,
          })),
        ],
      },
    },
    components,
    dependencies,
    // Nobody can promise to have seen everything; with a silent source it is known that something is missing.
    compositions: [{ aggregate: gathered.unasked.length === 0 ? 'unknown' : 'incomplete', assemblies: [productRef] }],
  };
  return { ...document, serialNumber: serialOf(document) };
}

/** A UUID of version 8 (RFC 9562 section 5.8) made of the whole document. */
function serialOf(document: JsonObject): string {
  const bytes = createHash('sha256')
    .update('sallyport cbom\0')
    .update(canonicalJson(document))
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `urn:uuid:${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')}`;
}
