import { describe, expect, it } from 'vitest';
import type { CanaryHit, SinkholeRecord } from '../channels.ts';
import { origin, type Played, play } from './tape.ts';

const env = '["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/home/dev", "LANG=C.UTF-8"]';
/** The command itself is package code (p1); its child p2 as well. */
const start = [
  `100 execve("/usr/local/bin/node", ["node", "/home/dev/x.js"], ${env}) = 0`,
  "100 clone(flags=SIGCHLD) = 3 /* 101 in strace's PID NS */",
  '101 execve("/usr/bin/curl", ["curl"], []) = 0',
];
const options = { phase: 'import', rootPackage: 'target' } as const;
/** Milliseconds of a sinkhole record that belongs to the line with this index after {@link start}. */
const at = (index: number) => origin.monotonicMs + 1 + start.length + index;

const socket = (tid: number, inode: number, type = 'SOCK_STREAM') =>
  `${tid} socket(AF_INET, ${type}|SOCK_CLOEXEC, IPPROTO_IP) = 5<socket:[${inode}]>`;
const connect = (
  tid: number,
  inode: number,
  ip: string,
  port: number,
  result = '-1 EINPROGRESS (Operation now in progress)',
) =>
  `${tid} connect(5<socket:[${inode}]>, {sa_family=AF_INET, sin_port=htons(${port}), sin_addr=inet_addr("${ip}")}, 16) = ${result}`;
/** `A? collect.invalid` as bytes in strace's writing. */
const question = '"\\0224\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7collect\\7invalid\\0\\0\\1\\0\\1"';

const connection = (connectionId: number, time: number, ip: string, port: number, more: object = {}) =>
  ({
    kind: 'connection',
    at: time,
    connection: connectionId,
    protocol: 'tcp',
    ip,
    port,
    sourcePort: 40_000 + connectionId,
    egress: 'sinkhole',
    ...more,
  }) as SinkholeRecord;
const http = (connectionId: number, time: number, canaryHits: CanaryHit[] = []) =>
  ({
    kind: 'http',
    at: time,
    connection: connectionId,
    request: 1,
    scheme: 'https',
    host: 'collect.invalid',
    sni: 'collect.invalid',
    ip: '203.0.113.7',
    port: 443,
    method: 'POST',
    path: '/u?t=npm_secretsecretsecret',
    headers: { authorization: 'Bearer npm_secretsecretsecret' },
    bodyBytes: 212,
    bodySha256: 'a'.repeat(64),
    bodyHead: '',
    canaryHits,
    response: { profile: 'generic-200', status: 200, bytes: 2, sha256: 'b'.repeat(64) },
    egress: 'sinkhole',
  }) as SinkholeRecord;
const dns = (time: number, more: object = {}) =>
  ({
    kind: 'dns',
    at: time,
    name: 'Collect.invalid',
    type: 'A',
    rcode: 'NOERROR',
    address: '203.0.113.7',
    sourcePort: 5000,
    transport: 'udp',
    canaryHits: [],
    ...more,
  }) as SinkholeRecord;

function network(rows: string[], records: SinkholeRecord[] = [], more: Parameters<typeof play>[1] = {}) {
  const played = play([...start, ...rows], { ...options, ...more }, ({ reducer }: Played) => {
    for (const record of records) reducer.sinkhole(record);
  });
  const events = played.reducer
    .events()
    .filter(({ type }) => type.startsWith('net.') || type === 'canary.egress' || type === 'resource');
  return { ...played, events: events.map(({ run: _r, phase: _p, t_ms: _t, ...rest }) => rest) };
}

describe('connections', () => {
  it('one that the sinkhole recorded has its name and the process that opened it', () => {
    const { events } = network(
      [socket(101, 9), connect(101, 9, '203.0.113.7', 443)],
      [connection(1, at(1), '203.0.113.7', 443, { host: 'collect.invalid' })],
    );
    expect(events).toEqual([
      {
        id: expect.any(String),
        process: 'p2',
        type: 'net.connect',
        outcome: 'ok',
        host: 'collect.invalid',
        ip: '203.0.113.7',
        port: 443,
        protocol: 'tcp',
        egress: 'sinkhole',
      },
    ]);
  });

  it('two processes that connect to one address one after the other keep their own connections', () => {
    const { events } = network(
      [socket(100, 8), connect(100, 8, '203.0.113.7', 443), socket(101, 9), connect(101, 9, '203.0.113.7', 443)],
      [
        connection(1, at(1), '203.0.113.7', 443),
        connection(2, at(3), '203.0.113.7', 443),
        http(2, at(4)),
        http(1, at(5)),
      ],
    );
    expect(events.filter(({ type }) => type === 'net.http').map(({ process }) => process)).toEqual(['p2', 'p1']);
  });

  it('a port that the sinkhole could not know is that of the call', () => {
    const { events } = network(
      [socket(101, 9), connect(101, 9, '203.0.113.7', 31337)],
      [connection(1, at(1), '203.0.113.7', 0)],
    );
    expect(events).toMatchObject([{ port: 31337, egress: 'sinkhole' }]);
  });

  it('an IPv6 socket that speaks IPv4 is the same connection', () => {
    const call =
      '101 connect(5<socket:[9]>, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::ffff:203.0.113.7", &sin6_addr), sin6_scope_id=0}, 28) = 0';
    expect(network([socket(101, 9), call], [connection(1, at(1), '::ffff:203.0.113.7', 443)]).events).toMatchObject([
      { ip: '203.0.113.7', egress: 'sinkhole' },
    ]);
  });

  it('a refused one says so and waits for nobody', () => {
    expect(
      network([socket(101, 9), connect(101, 9, '203.0.113.7', 443, '-1 ECONNREFUSED (Connection refused)')]).events,
    ).toMatchObject([{ process: 'p2', outcome: 'error:ECONNREFUSED' }]);
  });

  it('one of a run without network is denied', () => {
    expect(
      network(
        [socket(101, 9), connect(101, 9, '203.0.113.7', 443)],
        [connection(1, at(1), '203.0.113.7', 443, { egress: 'blocked' })],
      ).events,
    ).toMatchObject([{ outcome: 'denied', egress: 'blocked' }]);
  });

  it('one that the sinkhole never saw is unanswered, with the name its address was given for', () => {
    expect(
      network([socket(101, 9), connect(101, 9, '203.0.113.7', 443)], [dns(at(0))]).events.filter(
        ({ type }) => type === 'net.connect',
      ),
    ).toMatchObject([{ outcome: 'error:UNANSWERED', host: 'collect.invalid' }]);
  });

  it('one that no call explains goes to the last process of package code and says that this is a guess', () => {
    expect(network(['101 unlink("/home/dev/a") = 0'], [connection(1, at(0), '203.0.113.7', 443)]).events).toMatchObject(
      [{ process: 'p2', attribution: 'inferred' }],
    );
  });

  it('a connected datagram socket that sends nothing is no contact, one that sends is', () => {
    const silent = network([socket(101, 9, 'SOCK_DGRAM'), connect(101, 9, '203.0.113.7', 443, '0')]);
    expect(silent.events).toEqual([]);
    const sending = network(
      [
        socket(101, 9, 'SOCK_DGRAM'),
        connect(101, 9, '203.0.113.7', 9999, '0'),
        '101 sendto(5<socket:[9]>, "x", 1, 0, NULL, 0) = 1',
        '101 sendto(5<socket:[9]>, "y", 1, 0, NULL, 0) = 1',
      ],
      [connection(1, at(2), '203.0.113.7', 9999, { protocol: 'udp' })],
    );
    expect(sending.events).toMatchObject([{ type: 'net.connect', protocol: 'udp', port: 9999, egress: 'sinkhole' }]);
  });

  it('local sockets are contacts as well, but for the name service cache', () => {
    const call = (path: string) =>
      `101 connect(5<socket:[9]>, {sa_family=AF_UNIX, sun_path="${path}"}, 110) = -1 ENOENT (No such file or directory)`;
    expect(network([call('/var/run/nscd/socket'), call('/var/run/docker.sock')]).events).toMatchObject([
      { type: 'net.connect', protocol: 'unix', path: '/var/run/docker.sock', outcome: 'error:ENOENT' },
    ]);
  });

  it('raw and packet sockets are contacts by being asked for', () => {
    expect(
      network(['101 socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = -1 EPERM (Operation not permitted)']).events,
    ).toMatchObject([{ type: 'net.connect', protocol: 'raw', outcome: 'denied', detail: 'AF_PACKET' }]);
  });

  it('listening names address and port', () => {
    const { events, reducer } = network([
      socket(101, 9),
      '101 bind(5<socket:[9]>, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("0.0.0.0")}, 16) = 0',
      '101 listen(5<socket:[9]>, 511) = 0',
    ]);
    expect(events).toMatchObject([{ type: 'net.listen', outcome: 'ok', ip: '0.0.0.0', port: 8080, protocol: 'tcp' }]);
    expect(reducer.network().listeners).toMatchObject([{ process: 'p2', ip: '0.0.0.0', port: 8080, count: 1 }]);
  });

  it('a program with a connection as standard input says so', () => {
    const { reducer } = network([
      socket(101, 9),
      connect(101, 9, '203.0.113.9', 4444, '0'),
      "101 clone(flags=SIGCHLD) = 4 /* 102 in strace's PID NS */",
      '102 dup2(5<socket:[9]>, 0</dev/null>) = 0<socket:[9]>',
      '102 execve("/bin/sh", ["sh", "-i"], []) = 0',
      "101 clone(flags=SIGCHLD) = 5 /* 103 in strace's PID NS */",
      '103 execve("/bin/sh", ["sh"], []) = 0',
    ]);
    const shells = reducer
      .events()
      .filter(({ type, executable }) => type === 'process.exec' && executable === '/bin/sh');
    expect(shells.map(({ detail }) => detail)).toEqual(['stdio:socket', undefined]);
  });
});

describe('names', () => {
  const resolver = '{sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.2.3")}';

  it.each([
    ['sendto', `101 sendto(5<socket:[9]>, ${question}, 33, 0, ${resolver}, 16) = 33`],
    [
      'sendmsg',
      `101 sendmsg(5<socket:[9]>, {msg_name=${resolver}, msg_namelen=16, msg_iov=[{iov_base=${question}, iov_len=33}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 33`,
    ],
    [
      'sendmmsg on a connected socket',
      `101 sendmmsg(5<socket:[9]>, [{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=${question}, iov_len=33}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=33}], 1, MSG_NOSIGNAL) = 1`,
    ],
  ])('a question asked through %s belongs to the process that asked', (_how, call) => {
    const { events, reducer } = network(
      [socket(101, 9, 'SOCK_DGRAM'), connect(101, 9, '10.0.2.3', 53, '0'), call, '100 unlink("/home/dev/a") = 0'],
      [dns(at(2))],
    );
    expect(events).toEqual([
      {
        id: expect.any(String),
        process: 'p2',
        type: 'net.dns',
        outcome: 'ok',
        host: 'collect.invalid',
        query_type: 'A',
        ip: '203.0.113.7',
      },
    ]);
    expect(reducer.network().dns).toMatchObject([{ process: 'p2', host: 'collect.invalid', types: ['A'], count: 1 }]);
    expect(reducer.tables.dns()).toEqual([{ Class: 'IN', Queries: [{ Hostname: 'collect.invalid', Types: ['A'] }] }]);
  });

  it('a question whose bytes were not seen belongs to the process that had connected to the name server', () => {
    const { events } = network(
      [socket(101, 9, 'SOCK_DGRAM'), connect(101, 9, '10.0.2.3', 53, '0'), '100 unlink("/home/dev/a") = 0'],
      [dns(at(1))],
    );
    expect(events).toMatchObject([{ process: 'p2' }]);
    expect(events[0]?.attribution).toBeUndefined();
  });

  it('a name that does not exist is an outcome, a question that nobody answered is one too', () => {
    const call = `101 sendto(5<socket:[9]>, ${question}, 33, 0, ${resolver}, 16) = 33`;
    expect(
      network([socket(101, 9, 'SOCK_DGRAM'), call], [dns(at(1), { rcode: 'NXDOMAIN', address: undefined })]).events,
    ).toMatchObject([{ outcome: 'error:NXDOMAIN' }]);
    expect(network([socket(101, 9, 'SOCK_DGRAM'), call]).events).toMatchObject([
      { type: 'net.dns', outcome: 'error:UNANSWERED', host: 'collect.invalid' },
    ]);
  });

  it('a decoy inside a name is egress, and the name shows only its id', () => {
    const { events } = network(
      [],
      [
        dns(at(0), {
          name: 'npm_secretsecretsecret.x.test',
          canaryHits: [{ canary: 'c1', encoding: 'raw', where: 'dns' }],
        }),
      ],
    );
    expect(events).toMatchObject([
      { type: 'net.dns', host: 'canary:c1.x.test' },
      { type: 'canary.egress', canary: 'c1', where: 'dns', request: events[0]?.id },
    ]);
  });
});

describe('requests', () => {
  const talk = [socket(101, 9), connect(101, 9, '203.0.113.7', 443)];
  const hit = { canary: 'c1', encoding: 'base64', where: 'body' };

  it('a request is an event of its connection’s process, decoy values masked', () => {
    const { events, reducer } = network(talk, [connection(1, at(1), '203.0.113.7', 443), http(1, at(2))]);
    expect(events[1]).toEqual({
      id: expect.any(String),
      process: 'p2',
      type: 'net.http',
      outcome: 'ok',
      host: 'collect.invalid',
      ip: '203.0.113.7',
      port: 443,
      scheme: 'https',
      method: 'POST',
      url_path: '/u?t=canary:c1',
      status: 200,
      bytes: 212,
      egress: 'sinkhole',
    });
    expect(reducer.network().requests).toMatchObject([
      {
        event: events[1]?.id,
        process: 'p2',
        sni: 'collect.invalid',
        path: '/u?t=canary:c1',
        decrypted: true,
        response: { profile: 'generic-200', status: 200, bytes: 2 },
        response_sha256: 'b'.repeat(64),
        headers: { authorization: 'Bearer canary:c1' },
      },
    ]);
  });

  it('a decoy in a request is egress that cites the request', () => {
    const { events } = network(talk, [connection(1, at(1), '203.0.113.7', 443), http(1, at(2), [hit])]);
    expect(events[2]).toMatchObject({
      type: 'canary.egress',
      process: 'p2',
      canary: 'c1',
      encoding: 'base64',
      where: 'body',
      host: 'collect.invalid',
      request: events[1]?.id,
    });
  });

  it('the request that carried a decoy is kept when its type is full', () => {
    const records = [
      connection(1, at(1), '203.0.113.7', 443),
      ...Array.from({ length: 30 }, (_, index) => http(1, at(2) + index, index === 15 ? [hit] : [])),
    ].map((record, index) => (record.kind === 'http' ? { ...record, path: `/${index}` } : record));
    const few = { head: 2, tail: 1 };
    const { events } = network(talk, records, { retention: { evidence: few, detail: few, noise: few } });
    const egress = events.find(({ type }) => type === 'canary.egress');
    expect(events.find(({ id }) => id === egress?.request)).toMatchObject({ type: 'net.http', url_path: '/16' });
    expect(events.filter(({ type }) => type === 'net.http')).toHaveLength(4);
  });

  it('TLS that stayed closed is an event and an undecrypted request', () => {
    const { events, reducer } = network(talk, [
      connection(1, at(1), '203.0.113.7', 443),
      { kind: 'tls', at: at(2), connection: 1, sni: 'pinned.test', decrypted: false, reason: 'certificate refused' },
    ]);
    expect(events[1]).toMatchObject({
      type: 'net.tls',
      outcome: 'error:OPAQUE',
      host: 'pinned.test',
      detail: 'certificate refused',
    });
    expect(reducer.network().requests).toMatchObject([{ decrypted: false, host: 'pinned.test', scheme: 'https' }]);
  });

  it('the first words of a mining client are told from other bytes', () => {
    const raw = (head: string): SinkholeRecord => ({
      kind: 'raw',
      at: at(2),
      connection: 1,
      bytes: head.length,
      head: Buffer.from(head).toString('base64'),
      canaryHits: [],
    });
    const said = (head: string) => network(talk, [connection(1, at(1), '203.0.113.7', 443), raw(head)]).events[1];
    expect(said('{"id":1,"method":"mining.subscribe","params":[]}\n')).toMatchObject({
      type: 'net.connect',
      detail: 'stratum',
    });
    expect(said('NICK bot\r\n')).toMatchObject({ type: 'net.connect', detail: 'sent: NICK bot..', bytes: 10 });
  });

  it('what the sinkhole had to refuse is a resource event', () => {
    expect(network([], [{ kind: 'limit', at: at(0), what: 'records', text: 'too many' }]).events).toMatchObject([
      { type: 'resource', api: 'sinkhole', detail: 'records: too many' },
    ]);
  });

  it('sockets of the phase are listed with every name they had', () => {
    const { reducer } = network(talk, [connection(1, at(1), '203.0.113.7', 443, { host: 'a.test' })]);
    expect(reducer.tables.sockets()).toEqual([
      { Address: '203.0.113.7', Port: 443, Hostnames: ['a.test'], Protocol: 'tcp' },
    ]);
  });
});
