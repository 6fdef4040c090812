import type { DriverHandle, Kit } from './kit.ts';

/** Shows a driver what the process writes to TCP sockets, from the layer below every wrapper of package code. */
function watchWrites(kit: Kit): DriverHandle['watchWrites'] {
  const { p, runtime } = kit;
  const { TCP } = runtime.binding('tcp_wrap') as { TCP: { prototype: object } };
  let watcher: ((bytes: string) => void) | undefined;
  let installed = false;
  const most = 64 * 1024;

  const show = (value: unknown): void => {
    const bytes = p.bytesHead(value, most);
    if (bytes !== undefined) watcher?.(bytes);
  };
  function install(): void {
    installed = true;
    const single = ['writeUtf8String', 'writeLatin1String', 'writeAsciiString', 'writeUcs2String', 'writeBuffer'];
    for (let i = 0; i < single.length; i++) kit.observe(TCP.prototype, single[i] as string, (args) => show(args[1]));
    kit.observe(TCP.prototype, 'writev', (args) => {
      // (request, chunks, allBuffers): chunks are buffers, or alternately a chunk and its encoding.
      const chunks = args[1];
      if (!p.isArray(chunks)) return;
      let joined = '';
      for (let i = 0; i < chunks.length && joined.length < most; i += args[2] === true ? 1 : 2) {
        joined += p.bytesHead(chunks[i], most) ?? '';
      }
      show(joined);
    });
  }
  return (see) => {
    if (!installed) install();
    watcher = see;
  };
}

module.exports = watchWrites;
