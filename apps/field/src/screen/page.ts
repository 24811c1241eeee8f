import type { Phone, PhoneView } from '../phone.ts';

/** One page of the screen: built once, brought up to date as often as anything changes. */
export type Page = { readonly node: HTMLElement; update(view: PhoneView): void };

export type PageNeeds = {
  readonly phone: Phone;
  /** Of the server, as people know it. */
  readonly host: string;
  readonly video: HTMLVideoElement;
  readonly useUpdate: () => void;
};
