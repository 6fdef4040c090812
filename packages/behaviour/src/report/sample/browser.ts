import { Window } from 'happy-dom';

/** A page opened in a DOM without a network: its markup parsed, its own script run. */
export function openPage(
  html: string,
  hash = '',
): { document: Window['document']; window: Window; go(hash: string): void } {
  const window = new Window({ url: `https://report.test/${hash}` });
  window.document.write(html);
  const script = scriptOf(html);
  // What the page may name: nothing of Node's, only what a browser has.
  const browser = {
    document: window.document,
    globalThis: window,
    Event: window.Event,
    Element: window.Element,
    HTMLElement: window.HTMLElement,
    ResizeObserver: undefined,
    getComputedStyle: window.getComputedStyle.bind(window),
    process: undefined,
    Buffer: undefined,
    require: undefined,
  };
  new Function(...Object.keys(browser), script)(...Object.values(browser));
  const go = (to: string) => {
    window.location.hash = to;
    window.dispatchEvent(new window.Event('hashchange'));
  };
  return { document: window.document, window, go };
}

/** The text of the page's one running script. */
export function scriptOf(html: string): string {
  return /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
}
