import type { BrowserDocument } from './drive.ts';

/** Enough of a document, a location and a storage for code that only looks whether they are there. */
function makeDocument(): BrowserDocument {
  function element(tag: string): Record<string, unknown> {
    const made: Record<string, unknown> = {
      tagName: tag.toUpperCase(),
      style: {},
      children: [],
      innerHTML: '',
      setAttribute: () => undefined,
      getAttribute: () => null,
      appendChild: (child: unknown) => child,
      removeChild: (child: unknown) => child,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
      querySelector: () => null,
      querySelectorAll: () => [],
      classList: { add: () => undefined, remove: () => undefined, contains: () => false },
    };
    return made;
  }

  const store = new Map<string, string>();
  const storage = {
    getItem: (key: string) => store.get(String(key)) ?? null,
    setItem: (key: string, value: string) => void store.set(String(key), String(value)),
    removeItem: (key: string) => void store.delete(String(key)),
    clear: () => store.clear(),
    key: (index: number) => [...store.keys()][index] ?? null,
    get length() {
      return store.size;
    },
  };
  const body = element('body');
  const document = {
    ...element('html'),
    body,
    head: element('head'),
    documentElement: element('html'),
    cookie: '',
    readyState: 'complete',
    hidden: false,
    visibilityState: 'visible',
    createElement: element,
    createTextNode: () => element('text'),
    getElementById: () => null,
    getElementsByTagName: () => [],
    getElementsByClassName: () => [],
  };
  const location = {
    href: 'https://app.example.test/',
    host: 'app.example.test',
    hostname: 'app.example.test',
    origin: 'https://app.example.test',
    protocol: 'https:',
    pathname: '/',
    search: '',
    hash: '',
    reload: () => undefined,
  };

  return { document, location, localStorage: storage, sessionStorage: storage };
}

module.exports = makeDocument;
