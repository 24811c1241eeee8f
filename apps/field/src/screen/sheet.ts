import { element } from './element.ts';

/** A quiet page: the name of the product, and what it has to say. */
export function sheet(...content: readonly (Node | undefined)[]): HTMLElement {
  return element('section', { class: 'sheet' }, wordmark(), ...content);
}

function wordmark(): HTMLElement {
  const picture = element('img', { src: '/field/camera.svg', alt: '', width: '28', height: '28' });
  return element('p', { class: 'wordmark' }, picture, 'Sallyport camera');
}
