/** BinXML as it is written ([MS-EVEN6] 2.2.12), before values are put into the places a template leaves. */
export type BinXmlNode = BinXmlText | BinXmlSubstitution | BinXmlElement | BinXmlInstance;

export type BinXmlText = { readonly kind: 'text'; readonly text: string };

/** The place of the value at `index` of the template instance. */
export type BinXmlSubstitution = { readonly kind: 'substitution'; readonly index: number };

export type BinXmlElement = {
  readonly kind: 'element';
  readonly name: string;
  /** The value this element stands and falls with. */
  readonly dependency: number | undefined;
  readonly attributes: readonly { readonly name: string; readonly content: readonly BinXmlNode[] }[];
  readonly content: readonly BinXmlNode[];
  /** The places directly in it, its attributes' included: where one holds an array, the element is repeated. */
  readonly places: readonly number[];
};

/** A template and the values for it. */
export type BinXmlInstance = {
  readonly kind: 'instance';
  readonly template: readonly BinXmlNode[];
  readonly values: readonly BinXmlValue[];
};

/** A value where it lies in the chunk. `type` has 0x80 added for arrays. */
export type BinXmlValue = { readonly type: number; readonly offset: number; readonly size: number };
