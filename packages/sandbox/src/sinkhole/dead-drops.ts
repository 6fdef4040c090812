import type { Asked, Reply, World } from './answers.ts';

/** Requests of blockchain nodes that can carry an address for whoever reads them. */
export function chainReader({ method, body }: Asked, { planted }: World): Reply | undefined {
  if (method !== 'POST' || !body.subarray(0, 4096).includes('"jsonrpc"')) return undefined;
  let asked: unknown;
  try {
    asked = JSON.parse(body.toString('utf8'));
  } catch {
    // Cut off or not JSON: then the usual answer will do.
    return undefined;
  }
  const one = (call: unknown) => {
    const { id = 1, method: name } = (call ?? {}) as { id?: unknown; method?: unknown };
    return { jsonrpc: '2.0', id, result: chainResult(String(name), planted[0] ?? '') };
  };
  return { json: Array.isArray(asked) ? asked.slice(0, 50).map(one) : one(asked) };
}

function chainResult(method: string, planted: string): unknown {
  const hex = Buffer.from(planted).toString('hex');
  const word = (value: number) => value.toString(16).padStart(64, '0');
  // A string as contracts return it: offset, length, bytes (Ethereum contract ABI).
  const abiString = `0x${word(32)}${word(planted.length)}${hex.padEnd(Math.ceil(hex.length / 64) * 64, '0')}`;
  const signature = '4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKiT2q9mR9L1m7c6nA3VbQ5kX8sYtWd1fGhJ2kLpMzN7rUeC';
  const memo = `[${planted.length}] ${planted}`;
  const logs = [`Program log: Memo (len ${planted.length}): "${planted}"`];
  const results: Record<string, unknown> = {
    eth_call: abiString,
    eth_getStorageAt: `0x${hex.slice(0, 64).padEnd(64, '0')}`,
    eth_chainId: '0x38',
    net_version: '56',
    eth_blockNumber: '0x2d3f1a7',
    eth_getTransactionByHash: { hash: `0x${word(7)}`, input: `0x${hex}`, blockNumber: '0x2d3f1a0' },
    eth_getLogs: [{ address: `0x${'0'.repeat(40)}`, topics: [], data: abiString, blockNumber: '0x2d3f1a0' }],
    getSignaturesForAddress: [{ signature, slot: 291_448_112, blockTime: 1_772_430_000, err: null, memo }],
    getTransaction: {
      slot: 291_448_112,
      meta: { err: null, logMessages: logs },
      transaction: { signatures: [signature] },
    },
    getAccountInfo: {
      context: { slot: 1 },
      value: { data: [Buffer.from(planted).toString('base64'), 'base64'], lamports: 1 },
    },
    getLatestBlockhash: { context: { slot: 1 }, value: { blockhash: signature.slice(0, 44), lastValidBlockHeight: 1 } },
  };
  return results[method] ?? planted;
}

/** Matches `pastes.x.invalid`, `calendar.x.test`; not `toothpaste-shop` … which harms nobody either. */
const pasteHost =
  /(paste|gist|rentry|hastebin|ghostbin|telegra|calendar|^docs\.|notion|^t\.me$|steamcommunity|dead-?drop|^raw\.)/;

/** Pages on which strangers can leave a line: they name the planted address, plainly and in base64. */
export function pastePage({ host, path, method, headers }: Asked, { planted }: World): Reply | undefined {
  const [address] = planted;
  if (method !== 'GET' || address === undefined || !(pasteHost.test(host) || path.startsWith('/raw/')))
    return undefined;
  const encoded = Buffer.from(address).toString('base64');
  if (!/text\/html/.test(headers.accept ?? '') && !/calendar|notion|steam/.test(host)) return { text: address };
  const text = `<!doctype html><html><head><title>${encoded}</title><meta property="og:description" content="${address}"></head><body><div data-base-title="${encoded}">${address}</div></body></html>`;
  return { text, type: 'text/html; charset=utf-8' };
}
