import type { Connection } from './runtime.ts';

/** One side of a line protocol. `state` is the talker's own. */
export type Talk = { talker: Talker; state: { mail: boolean; rest: string } };

type Talker = {
  ports: readonly number[];
  /** Said at once, before the client speaks. */
  greeting?: string;
  reply(line: string, state: Talk['state'], connection: Connection): string | undefined;
};

const smtp: Talker = {
  ports: [25, 465, 587, 2525],
  greeting: '220 mail.example ESMTP ready\r\n',
  reply(line, state) {
    if (state.mail) {
      if (line !== '.') return undefined;
      state.mail = false;
      return '250 2.0.0 Ok: queued as 4F1C9A\r\n';
    }
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') return '250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n';
    if (verb === 'AUTH')
      return /^AUTH PLAIN \S/i.test(line) ? '235 2.7.0 Authentication successful\r\n' : '334 VXNlcm5hbWU6\r\n';
    if (verb === 'QUIT') return '221 2.0.0 Bye\r\n';
    if (verb !== 'DATA') return '250 2.1.0 Ok\r\n';
    state.mail = true;
    return '354 End data with <CR><LF>.<CR><LF>\r\n';
  },
};

const ftp: Talker = {
  ports: [21, 2121],
  greeting: '220 FTP server ready\r\n',
  reply(line, _state, { ip, port }) {
    const verb = line.slice(0, 4).toUpperCase().trim();
    // The data connection comes to another door of the same address and is recorded there.
    const passive = `227 Entering Passive Mode (${ip.replaceAll('.', ',')},234,96)\r\n`;
    const replies: Record<string, string> = {
      USER: '331 Please specify the password.\r\n',
      PASS: '230 Login successful.\r\n',
      PASV: ip.includes(':') ? '502 Command not implemented.\r\n' : passive,
      EPSV: port === 0 ? '502 Command not implemented.\r\n' : '229 Entering Extended Passive Mode (|||60000|)\r\n',
      STOR: '150 Ok to send data.\r\n226 Transfer complete.\r\n',
      QUIT: '221 Goodbye.\r\n',
      PWD: '257 "/" is the current directory\r\n',
      SYST: '215 UNIX Type: L8\r\n',
    };
    return replies[verb] ?? '200 Ok.\r\n';
  },
};

const ssh: Talker = {
  ports: [22, 2222, 2022],
  greeting: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n',
  reply: () => undefined,
};

const redis: Talker = {
  ports: [6379],
  reply: (line) =>
    /^ping$/i.test(line) ? '+PONG\r\n' : line.startsWith('*') || /^[a-z]/i.test(line) ? '+OK\r\n' : undefined,
};

/** Mining pools: Stratum of Bitcoin-like pools (`mining.*`) and of CryptoNote pools (`login`), one JSON object a line. */
const stratum: Talker = {
  ports: [],
  reply(line) {
    let call: { id?: unknown; method?: unknown };
    try {
      call = JSON.parse(line) as typeof call;
    } catch {
      // Not a whole object on this line: a pool would say nothing either.
      return undefined;
    }
    const { id = 1, method } = call ?? {};
    const say = (...messages: unknown[]) => messages.map((message) => `${JSON.stringify(message)}\n`).join('');
    const zeros = '0'.repeat(64);
    switch (method) {
      case 'mining.subscribe':
        return say({
          id,
          result: [
            [
              ['mining.set_difficulty', '1'],
              ['mining.notify', '1'],
            ],
            '08000002',
            4,
          ],
          error: null,
        });
      case 'mining.authorize':
        return say(
          { id, result: true, error: null },
          { id: null, method: 'mining.set_difficulty', params: [65_536] },
          {
            id: null,
            method: 'mining.notify',
            params: ['1', zeros, '01', '02', [], '20000000', '1703a30c', '65f0c1a0', true],
          },
        );
      case 'login': {
        const job = {
          blob: '10'.repeat(76),
          job_id: '1',
          target: 'b88d0600',
          height: 3_361_204,
          seed_hash: zeros,
          algo: 'rx/0',
        };
        return say({ id, jsonrpc: '2.0', error: null, result: { id: 'd4f0', job, status: 'OK' } });
      }
      default:
        return method === undefined ? undefined : say({ id, jsonrpc: '2.0', error: null, result: { status: 'OK' } });
    }
  },
};

/** The talker that a port calls for; with `first` bytes, also the one that they show. */
export function talkOf(port: number, first?: Uint8Array): Talk | undefined {
  const byPort = [smtp, ftp, ssh, redis].find(({ ports }) => ports.includes(port));
  const mining =
    first !== undefined && /^\s*\{.*"method"\s*:/.test(Buffer.from(first.subarray(0, 512)).toString('latin1'));
  const talker = byPort ?? (mining ? stratum : undefined);
  return talker === undefined ? undefined : { talker, state: { mail: false, rest: '' } };
}

const maxLineBytes = 4096;

/** What to say to a chunk of lines. A line longer than 4 KiB gets no answer. */
export function replyOf(talk: Talk | undefined, chunk: Buffer, connection: Connection): string | undefined {
  if (talk === undefined) return undefined;
  const lines = (talk.state.rest + chunk.toString('latin1')).split('\n');
  talk.state.rest = (lines.pop() ?? '').slice(-maxLineBytes);
  const replies = lines.map((line) =>
    talk.talker.reply(line.replace(/\r$/, '').slice(0, maxLineBytes), talk.state, connection),
  );
  const text = replies.filter((reply) => reply !== undefined).join('');
  return text === '' ? undefined : text;
}
