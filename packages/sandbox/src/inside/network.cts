import type { Bag, Part } from './kit.ts';

/**
 * Names looked up, addresses connected to, datagrams sent: at the native layer, which every public way ends in. HTTP
 * requests of the runtime's own clients: from its diagnostics channels, so that the modules are neither loaded nor wrapped.
 * `fetch` is asynchronous below, so it is wrapped for its caller.
 */
const installNetwork: Part = (kit) => {
  const { p, runtime } = kit;
  const distinct = 32;

  const resolver = runtime.binding('cares_wrap');
  kit.observe(resolver, 'getaddrinfo', (args) => kit.call('dns.lookup', p.string(args[1]), { distinct }));
  kit.observe(resolver, 'getnameinfo', (args) => kit.call('dns.lookupService', p.string(args[1]), { distinct }));
  const { ChannelWrap } = resolver as { ChannelWrap: { prototype: object } };
  const methods = p.ownKeys(ChannelWrap.prototype);
  for (let i = 0; i < methods.length; i++) {
    const name = p.string(methods[i]);
    if (!p.startsWith(name, 'query') && name !== 'getHostByAddr') continue;
    const type = name === 'getHostByAddr' ? 'PTR' : p.slice(name, 5).toUpperCase();
    kit.observe(ChannelWrap.prototype, name, (args) =>
      kit.call('dns.resolve', `${type} ${p.string(args[1])}`, { distinct }),
    );
  }

  const { TCP } = runtime.binding('tcp_wrap') as { TCP: { prototype: object } };
  const connect = (args: ArrayLike<unknown>): void =>
    kit.call('net.connect', `${p.string(args[1])}:${p.string(args[2])}`, { distinct });
  kit.observe(TCP.prototype, 'connect', connect);
  kit.observe(TCP.prototype, 'connect6', connect);
  const { Pipe } = runtime.binding('pipe_wrap') as { Pipe: { prototype: object } };
  kit.observe(Pipe.prototype, 'connect', (args) => kit.call('net.connect', `unix:${p.string(args[1])}`, { distinct }));
  const { UDP } = runtime.binding('udp_wrap') as { UDP: { prototype: object } };
  const send = (args: ArrayLike<unknown>): void => {
    // (request, list, count, port, address, hasCallback), or without the address on a connected socket.
    if (args.length > 4) kit.call('dgram.send', `${p.string(args[4])}:${p.string(args[3])}`, { distinct });
  };
  kit.observe(UDP.prototype, 'send', send);
  kit.observe(UDP.prototype, 'send6', send);

  const { subscribe } = runtime.require('node:diagnostics_channel') as typeof import('node:diagnostics_channel');
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  subscribe('http.client.request.created', (message) =>
    kit.guard(() => {
      const request = (message as Bag).request as Bag;
      const scheme = request.protocol === 'https:' ? 'https' : 'http';
      const url = `${text(request.method)} ${scheme}://${text(request.host)}${text(request.path)}`;
      kit.call(`${scheme}.request`, url, { distinct });
    }),
  );
  subscribe('undici:request:create', (message) =>
    kit.guard(() => {
      const request = (message as Bag).request as Bag;
      kit.call('undici.request', `${text(request.method)} ${p.string(request.origin)}${text(request.path)}`, {
        distinct,
      });
    }),
  );

  function target(input: unknown): string {
    if (typeof input === 'string') return input;
    if (typeof input !== 'object' || input === null) return '';
    return p.string(p.get(input, 'href') ?? p.get(input, 'url') ?? '');
  }
  kit.observe(runtime.global, 'fetch', (args) => {
    const method = typeof args[1] === 'object' && args[1] !== null ? p.get(args[1], 'method') : undefined;
    kit.call('fetch', `${typeof method === 'string' ? method : 'GET'} ${target(args[0])}`, { distinct });
  });
  kit.trap(runtime.global, 'fetch', 'globalThis.fetch');
  const shared = { http: ['request', 'get'], https: ['request', 'get'], http2: ['connect'] } as const;
  for (const id of ['http', 'https', 'http2'] as const) {
    kit.whenLoaded(id, (exports) => {
      const names = shared[id];
      for (let i = 0; i < names.length; i++) kit.trap(exports, names[i] as string, `${id}.${names[i]}`);
    });
  }
};

module.exports = installNetwork;
