import type { Browser, BrowserDocument, Clipboard, ExecuteInput, World } from './drive.ts';

type Listener = (...args: unknown[]) => void;

/**
 * A window with a wallet, a clipboard, XMLHttpRequest and enough of a document, for packages whose code waits for a browser.
 * Nothing of it decides anything: requests go to the network of the sandbox, the wallet answers what wallets answer. It is
 * used again after the package was loaded, to see what passes through what the package made of it.
 */
function makeBrowser(world: World, clipboard: Clipboard, document: BrowserDocument): Browser {
  const { handle, within } = world;
  const { http, https } = handle.silently(() => ({
    http: require('node:http') as typeof import('node:http'),
    https: require('node:https') as typeof import('node:https'),
  }));
  const plainRequest = { 'http:': http.request, 'https:': https.request };
  const account = '0x52908400098527886E0F7030069857D2E4169EE7';
  const paid: unknown[] = [];

  function send(
    method: string,
    url: string,
    headers: Record<string, string>,
    body: unknown,
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve) => {
      const target = new URL(url, 'http://localhost/');
      const request = plainRequest[target.protocol === 'https:' ? 'https:' : 'http:'];
      const made = request(target, { method, headers }, (answer) => {
        let text = '';
        answer.on('data', (chunk) => (text += String(chunk).slice(0, 65_536)));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      made.on('error', () => resolve({ status: 0, text: '' }));
      made.end(body === undefined || body === null ? undefined : String(body));
    });
  }

  class XMLHttpRequest {
    readyState = 0;
    status = 0;
    response = '';
    responseText = '';
    responseType = '';
    withCredentials = false;
    timeout = 0;
    onreadystatechange: Listener | null = null;
    onload: Listener | null = null;
    onloadend: Listener | null = null;
    onerror: Listener | null = null;
    method = 'GET';
    url = '';
    headers: Record<string, string> = {};
    listeners: [string, Listener][] = [];
    open(method: string, url: string): void {
      this.method = String(method);
      this.url = String(url);
      this.readyState = 1;
    }
    setRequestHeader(name: string, value: string): void {
      this.headers[String(name)] = String(value);
    }
    addEventListener(name: string, listener: Listener): void {
      this.listeners.push([name, listener]);
    }
    removeEventListener(): void {
      this.listeners = [];
    }
    getAllResponseHeaders(): string {
      return 'content-type: application/json\r\n';
    }
    getResponseHeader(): string {
      return 'application/json';
    }
    abort(): void {
      this.readyState = 0;
    }
    send(body?: unknown): void {
      void send(this.method, this.url, this.headers, body).then(({ status, text }) => {
        Object.assign(this, { readyState: 4, status, response: text, responseText: text });
        const name = status === 0 ? 'error' : 'load';
        this.onreadystatechange?.({ type: 'readystatechange', target: this });
        (name === 'load' ? this.onload : this.onerror)?.({ type: name, target: this });
        this.onloadend?.({ type: 'loadend', target: this });
        for (const [event, listener] of this.listeners) {
          if (event === name || event === 'loadend' || event === 'readystatechange')
            listener.call(this, { type: event, target: this });
        }
      });
    }
  }

  type Provider = {
    request: (call: { method?: string; params?: unknown[] }) => Promise<unknown>;
    [member: string]: unknown;
  };
  const ethereum: Provider = {
    isMetaMask: true,
    chainId: '0x1',
    networkVersion: '1',
    selectedAddress: account,
    async request(call: { method?: string; params?: unknown[] }): Promise<unknown> {
      const method = String(call?.method);
      handle.call('window.ethereum.request', method, handle.caller());
      if (/^eth_(requestAccounts|accounts)$/.test(method)) return [account];
      if (method === 'eth_chainId') return '0x1';
      if (/^eth_(sendTransaction|signTransaction|sendRawTransaction|signTypedData)/.test(method))
        paid.push(call?.params?.[0]);
      return `0x${'0'.repeat(64)}`;
    },
    enable: async (): Promise<string[]> => [account],
    send(method: unknown, params?: unknown): unknown {
      return typeof method === 'string'
        ? ethereum.request({ method, params: params as unknown[] })
        : ethereum.request(method as { method: string });
    },
    sendAsync(call: { method: string }, done: (error: null, result: unknown) => void): void {
      void ethereum.request(call).then((result) => done(null, { id: 1, jsonrpc: '2.0', result }));
    },
    on: () => ethereum,
    removeListener: () => ethereum,
  };

  const board = {
    async readText(): Promise<string> {
      handle.call('navigator.clipboard.readText', '', handle.caller());
      return clipboard.read();
    },
    async writeText(text: unknown): Promise<void> {
      handle.call('navigator.clipboard.writeText', String(text).slice(0, 200), handle.caller());
      clipboard.write(String(text), isUsing);
    },
  };
  let isUsing = false;

  function put(target: object, name: string, value: unknown): void {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  }
  for (const name of ['window', 'self', 'top', 'parent', 'frames']) put(globalThis, name, globalThis);
  const globals: Record<string, unknown> = { ...document, ethereum, XMLHttpRequest };
  for (const [name, value] of Object.entries(globals)) put(globalThis, name, value);
  put(globalThis.navigator, 'clipboard', board);
  put(globalThis, 'addEventListener', () => undefined);
  put(globalThis, 'removeEventListener', () => undefined);
  put(globalThis, 'requestAnimationFrame', (step: Listener) => setTimeout(step, 16));
  world.inBrowser = true;
  handle.silently(() => handle.checkpoint('browser'));
  handle.watch('window.ethereum', ethereum, ['request', 'send', 'sendAsync']);
  handle.watch('navigator.clipboard', board, ['readText', 'writeText']);
  handle.watch('XMLHttpRequest.prototype', XMLHttpRequest.prototype, ['open', 'send', 'setRequestHeader']);

  async function wallet(to: string, rewritten: Rewritten): Promise<void> {
    const provider = (globalThis as unknown as { ethereum?: Provider }).ethereum;
    if (provider === undefined) return;
    paid.length = 0;
    handle.step('use window.ethereum', 'ok', 'eth_sendTransaction');
    const call = {
      method: 'eth_sendTransaction',
      params: [{ from: account, to, value: '0x2386f26fc10000', data: '0x' }],
    };
    await within(provider.request(call), 500, undefined);
    const arrived = paid[0];
    const got = typeof arrived === 'object' && arrived !== null ? String(Reflect.get(arrived, 'to')) : to;
    if (got.toLowerCase() !== to.toLowerCase()) rewritten(to, got, 'window.ethereum.request', provider.request);
  }

  async function xhr({ host, addresses }: ExecuteInput, rewritten: Rewritten): Promise<void> {
    const Client = (globalThis as unknown as { XMLHttpRequest: typeof XMLHttpRequest }).XMLHttpRequest;
    let seen = '';
    handle.watchWrites((bytes) => {
      seen += bytes.slice(0, 65_536);
    });
    handle.step('use XMLHttpRequest', 'ok', `POST http://shop.${host}/pay`);
    const client = new Client();
    const done = new Promise<void>((resolve) => {
      client.onloadend = () => resolve();
    });
    client.open('POST', `http://shop.${host}/pay`);
    client.setRequestHeader('content-type', 'application/json');
    client.send(JSON.stringify({ to: addresses.ethereum }));
    await within(done, 700, undefined);
    handle.watchWrites(undefined);
    const to = /0x[0-9a-fA-F]{40}/.exec(seen)?.[0];
    if (to !== undefined && !seen.includes(addresses.ethereum))
      rewritten(addresses.ethereum, to, 'XMLHttpRequest', Client.prototype.send);
  }

  async function copy(text: string): Promise<void> {
    isUsing = true;
    handle.step('use navigator.clipboard', 'ok', 'an address is copied');
    const using = (globalThis.navigator as unknown as { clipboard: typeof board }).clipboard;
    const written = using.writeText(text);
    isUsing = false;
    await within(written, 200, undefined);
    if (clipboard.read() !== text)
      handle.call('driver.clipboard-swapped', `${text} became ${clipboard.read()}`, handle.locate(using.writeText));
  }

  type Rewritten = Parameters<Browser['exercise']>[1];

  return {
    async exercise(execute, rewritten) {
      const uses = [
        () => wallet(execute.addresses.ethereum, rewritten),
        () => xhr(execute, rewritten),
        () => copy(execute.addresses.ethereum),
      ];
      for (const use of uses) {
        try {
          await use();
        } catch (error) {
          handle.step('use browser globals', 'threw', world.text(error, 300));
        }
      }
    },
  };
}

module.exports = makeBrowser;
