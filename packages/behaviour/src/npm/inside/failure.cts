import type { Missing } from '@assay/sandbox';
import type { Failure, World } from './drive.ts';

/**
 * Puts into words what the package threw, and tells apart what is no fault of its own: a peer that the consumer would bring,
 * an optional dependency, a binary for another platform, a global that only browsers have.
 */
function makeFailure(world: World): (error: unknown) => Failure {
  const { text, handle } = world;
  const fs = require('node:fs') as typeof import('node:fs');
  const path = require('node:path') as typeof import('node:path');
  const browserGlobals = new Set(
    'window document navigator location self localStorage sessionStorage HTMLElement Element Node customElements XMLHttpRequest requestAnimationFrame MutationObserver Image alert chrome browser indexedDB history screen'.split(
      ' ',
    ),
  );
  /** Matches `Cannot find module 'a'`, `Cannot find package 'a' imported from …`; the group is what was asked for. */
  const notFound = /Cannot find (?:module|package) '([^']+)'/;
  /** Matches `require stack` lines and `imported from` clauses; the group is the file that asked. */
  const asking = /(?:Require stack:\s*\n- |imported from )([^\n]+)/;
  const platformName =
    /(?:^|[-/@])(?:linux|darwin|win32|android|freebsd)-?(?:x64|arm64|ia32|arm|musl|gnu)?(?:$|[-/])|\.node$/;

  function packageName(request: string): string {
    const parts = request.split('/');
    return request.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? request);
  }

  function manifestAbove(file: string): Record<string, unknown> {
    for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
      try {
        const manifest: unknown = JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'));
        if (typeof manifest === 'object' && manifest !== null && 'name' in manifest)
          return manifest as Record<string, unknown>;
      } catch {
        // No manifest here, or an unreadable one: the next folder up decides.
      }
      if (directory === path.dirname(directory)) return {};
    }
  }

  function names(manifest: Record<string, unknown>, field: string): ReadonlySet<string> {
    const value = manifest[field];
    return new Set(typeof value === 'object' && value !== null ? Object.keys(value) : []);
  }

  function missingOf(message: string, code: string, name: string): Missing | undefined {
    const request = notFound.exec(message)?.[1];
    if (request !== undefined) {
      if (platformName.test(request)) return 'platform';
      const wanted = packageName(request);
      const manifest = manifestAbove((asking.exec(message)?.[1] ?? '').trim());
      if (names(manifest, 'peerDependencies').has(wanted)) return 'peer';
      if (names(manifest, 'optionalDependencies').has(wanted)) return 'optional';
      return undefined;
    }
    if (
      code === 'ERR_DLOPEN_FAILED' ||
      /invalid ELF header|wrong ELF class|no native build was found|prebuilt binar/i.test(message)
    )
      return 'platform';
    const global =
      /^([A-Za-z]+) is not defined$/.exec(message)?.[1] ??
      /(?:of undefined|properties of undefined) \(reading '([A-Za-z]+)'\)/.exec(message)?.[1];
    return name === 'ReferenceError' && global !== undefined && browserGlobals.has(global) ? 'browser' : undefined;
  }

  function field(error: unknown, key: string): string {
    try {
      const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined;
      return typeof value === 'string' ? value : '';
    } catch {
      // A getter of the package that throws says nothing.
      return '';
    }
  }

  return (error) =>
    handle.silently(() => {
      const message = field(error, 'message');
      const name = field(error, 'name');
      const code = field(error, 'code');
      const missing = missingOf(message, code, name) ?? (world.inBrowser ? 'browser' : undefined);
      const said = message === '' ? text(error, 400) : message.slice(0, 700);
      return {
        detail: `${name === '' ? 'thrown' : name}${code === '' ? '' : ` ${code}`}: ${said}`,
        ...(missing && { missing }),
      };
    });
}

module.exports = makeFailure;
