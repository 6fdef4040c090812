import type { Answer, Asked, Profile, Reply, World } from './answers.ts';
import { cloudMetadata } from './cloud-metadata.ts';
import { chainReader, pastePage } from './dead-drops.ts';
import { nodeHeaders } from './node-headers.ts';
import { elfProgram, scripts, tarArchive, tarGzip, windowsProgram, zipArchive } from './payloads.ts';

/**
 * What the sinkhole answers: enough of each service that a package goes on to show what it came for, and nothing that works.
 * The first profile of the table that answers wins.
 */
export function answerTo(asked: Asked, world: World): Answer {
  for (const { name, answer } of profiles) {
    const reply = answer(asked, world);
    if (reply !== undefined) return toAnswer(name, reply);
  }
  return toAnswer('generic-200', { json: { ok: true, success: true, status: 'ok', message: 'ok', data: {} } });
}

function toAnswer(profile: string, reply: Reply): Answer {
  const body = reply.bytes ?? Buffer.from(reply.json === undefined ? (reply.text ?? '') : JSON.stringify(reply.json));
  const type =
    reply.type ?? (reply.json === undefined ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8');
  return { profile, status: reply.status ?? 200, headers: { 'content-type': type, ...reply.headers }, body };
}

const profiles: readonly Profile[] = [
  { name: 'scripted', answer: scripted },
  { name: 'cloud-metadata', answer: cloudMetadata },
  { name: 'publish-refused', answer: publishRefused },
  { name: 'registry-account', answer: registryAccount },
  { name: 'dead-drop', answer: chainReader },
  { name: 'code-forge', answer: codeForge },
  { name: 'webhook', answer: webhook },
  { name: 'address-lookup', answer: addressLookup },
  { name: 'language-model', answer: languageModel },
  { name: 'node-headers', answer: nodeHeaders },
  { name: 'download', answer: download },
  { name: 'dead-drop', answer: pastePage },
  { name: 'script', answer: extensionlessScript },
  { name: 'generic-200', answer: webPage },
];

function scripted(asked: Asked, { responses }: World): Reply | undefined {
  const found = responses.find(
    ({ host, method, path }) =>
      (host === undefined || host.toLowerCase() === asked.host) &&
      (method === undefined || method === asked.method) &&
      (path.endsWith('*') ? asked.path.startsWith(path.slice(0, -1)) : asked.path === path),
  );
  if (found === undefined) return undefined;
  const type = found.headers['content-type'] ?? 'application/octet-stream';
  return { status: found.status, headers: { ...found.headers }, bytes: Buffer.from(found.bodyBase64, 'base64'), type };
}

/** Uploads of packages: a registry's PUT of a manifest with its archive, an index's multipart form. */
function publishRefused({ method, registry, path, body }: Asked): Reply | undefined {
  const head = body.toString('latin1', 0, 65_536);
  const isManifest = method === 'PUT' && (registry || head.includes('"_attachments"')) && !path.startsWith('/-/user/');
  const isForm = method === 'POST' && (path.includes('/legacy') || /name=":action"\s+file_upload/.test(head));
  if (!isManifest && !isForm) return undefined;
  return {
    status: 403,
    json: { error: 'You do not have permission to publish this package. Are you logged in as the correct user?' },
  };
}

function registryAccount(
  { registry, path, method, query, origin }: Asked,
  { identity, marker }: World,
): Reply | undefined {
  const { user, email, fullName, packages, organisation } = identity;
  if (!registry && !path.startsWith('/-/')) return undefined;
  const owner = { username: user, name: user, email };
  if (path === '/-/whoami') return { json: { username: user } };
  if (path === '/-/npm/v1/user')
    return { json: { name: user, email, email_verified: true, fullname: fullName, tfa: null } };
  if (path === '/-/npm/v1/tokens')
    return { json: { objects: [{ token: 'npm_', key: 'a1', readonly: false, cidr_whitelist: null }], urls: {} } };
  if (path.startsWith('/-/user/'))
    return { status: method === 'PUT' ? 201 : 200, json: { ok: true, id: `org.couchdb.user:${user}`, ...owner } };
  if (path === '/-/v1/search') {
    const wanted = query.get('text') ?? '';
    const mine = wanted.includes(user) || wanted.startsWith('maintainer:') || wanted.startsWith('author:');
    const objects = (mine ? packages : []).map((name) => ({
      package: {
        name,
        version: '1.4.2',
        description: `${name} of ${organisation}`,
        maintainers: [owner],
        publisher: owner,
      },
      downloads: { weekly: 48_210, monthly: 201_377 },
    }));
    return { json: { objects, total: objects.length, time: '2026-03-02T08:11:40.000Z' } };
  }
  if (/^\/-\/(org|team|user)\/[^/]+\/package$/.test(path))
    return { json: Object.fromEntries(packages.map((name) => [name, 'write'])) };
  if (/^\/-\/package\/.+\/(access|collaborators|visibility)$/.test(path))
    return { json: { [user]: 'read-write', public: true } };
  if (path === '/-/ping') return { json: {} };
  if (path.startsWith('/-/npm/v1/security/')) return { json: {} };
  if (path.startsWith('/-/')) return { json: { ok: true } };
  const decoded = path.replace(/%2f/gi, '/').replace(/%40/g, '@');
  const owned = packages.find((name) => decoded === `/${name}` || decoded.startsWith(`/${name}/`));
  if (owned === undefined) return undefined;
  if (path.endsWith('.tgz')) return { bytes: tarGzip(owned, marker), type: 'application/octet-stream' };
  const version = {
    name: owned,
    version: '1.4.2',
    maintainers: [owner],
    dist: { tarball: `${origin}/${owned}/-/${owned}-1.4.2.tgz` },
  };
  return {
    json: { name: owned, 'dist-tags': { latest: '1.4.2' }, maintainers: [owner], versions: { '1.4.2': version } },
  };
}

/** Application interfaces of code forges: repositories, contents, workflows, gists, secrets. */
function codeForge({ host, path, method, query }: Asked, { identity }: World): Reply | undefined {
  const isApi = /^(api\.|git|forge)/.test(host) || path.startsWith('/api/v3/') || path.startsWith('/api/v4/');
  const route = path.replace(/^\/api\/v[34]/, '');
  if (!isApi || !/^\/(user|users|repos|repositories|orgs|gists|graphql|search|projects)(\/|$)/.test(route))
    return undefined;
  const { user, email, fullName, organisation } = identity;
  const owner = { login: user, id: 48_210_377, type: 'User', name: fullName, email };
  const repository = (name: string) => ({
    id: 731_204_118,
    name,
    full_name: `${user}/${name}`,
    private: false,
    owner,
    default_branch: 'main',
    permissions: { admin: true, push: true, pull: true },
    html_url: `https://${host.replace(/^api\./, '')}/${user}/${name}`,
  });
  const headers = { 'x-oauth-scopes': 'repo, workflow, write:packages, gist' };
  const listed = [repository('storefront'), repository('deploy-scripts')];
  if (route === '/graphql') return { headers, json: { data: { viewer: owner } } };
  if (method === 'GET') {
    if (route === '/user') return { headers, json: owner };
    if (route === '/user/emails') return { headers, json: [{ email, primary: true, verified: true }] };
    if (route === '/user/orgs') return { headers, json: [{ login: organisation, id: 5_120_334 }] };
    if (/\/releases(\/latest)?$/.test(route)) return { headers, json: releaseOf(host, route) };
    if (/\/(repos|projects)$/.test(route)) return { headers, json: Number(query.get('page') ?? 1) > 1 ? [] : listed };
    if (/^\/repos\/[^/]+\/[^/]+$/.test(route)) return { headers, json: repository(route.split('/')[3]!) };
    if (/\/secrets$/.test(route)) return { headers, json: { total_count: 1, secrets: [{ name: 'NPM_TOKEN' }] } };
    if (/\/(commits|branches|runs|contents)(\/|$)/.test(route)) return { headers, json: [] };
    return { headers, json: { total_count: 0, items: [] } };
  }
  if (method === 'DELETE') return { headers, status: 204, text: '' };
  const created = {
    ...repository('created'),
    content: { path: route, sha: '0'.repeat(40) },
    commit: { sha: '1'.repeat(40) },
  };
  return { headers, status: method === 'PATCH' ? 200 : 201, json: created };
}

function releaseOf(host: string, route: string): unknown {
  const [, , owner = 'owner', name = 'tool'] = route.split('/');
  const base = `https://${host.replace(/^api\./, '')}/${owner}/${name}/releases/download/v1.0.0`;
  const asset = `${name}_linux_amd64.tar.gz`;
  const release = {
    tag_name: 'v1.0.0',
    name: 'v1.0.0',
    assets: [{ name: asset, browser_download_url: `${base}/${asset}` }],
  };
  return route.endsWith('/latest') ? release : [release];
}

/** Chat services as drop boxes. */
function webhook({ path, method, host }: Asked): Reply | undefined {
  if (/^\/api\/(v\d+\/)?webhooks\//.test(path))
    return method === 'POST' ? { status: 204, text: '' } : { json: { id: '1', type: 1 } };
  if (/^\/bot\d+:[\w-]+\//i.test(path))
    return { json: { ok: true, result: { message_id: 1, date: 1_772_430_000, chat: { id: 1 } } } };
  return host.startsWith('hooks.') && path.startsWith('/services/') ? { text: 'ok' } : undefined;
}

/** Matches `api.ipify.test`, `ip-api.test`, `geoip.x.invalid`; not `shipping.test`. */
const lookupHost =
  /(^|[.-])(ip|api64|ipify|ipinfo|ip-?api|icanhazip|ifconfig|checkip|geoip|freegeoip|ipgeolocation|ipwho|myip)([.-]|$)/;

function addressLookup({ host, path, method, query, headers }: Asked, { geo }: World): Reply | undefined {
  if (method !== 'GET' || !lookupHost.test(host)) return undefined;
  const wantsText =
    !/json|ipgeo|lookup/.test(`${path}${query}`) &&
    !/json/.test(headers.accept ?? '') &&
    !/api|info|geo|who/.test(host);
  if (wantsText) return { text: `${geo.ip}\n` };
  const { ip, country, region, city, timeZone } = geo;
  const place = { country, countryCode: country, country_code: country, country_code2: country, country_name: country };
  return {
    json: {
      ip,
      query: ip,
      status: 'success',
      ...place,
      region,
      regionName: region,
      city,
      timezone: timeZone,
      org: 'AS64500 Example',
    },
  };
}

function languageModel({ path, method }: Asked): Reply | undefined {
  if (method !== 'POST') return undefined;
  if (path.endsWith('/v1/messages'))
    return { json: { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'text', text: 'ok' }] } };
  if (/\/(chat\/completions|api\/generate|api\/chat)$/.test(path)) {
    return {
      json: {
        id: 'c1',
        response: 'ok',
        done: true,
        choices: [{ index: 0, message: { role: 'assistant', content: 'ok' } }],
      },
    };
  }
  return undefined;
}

function download({ path, method }: Asked, { marker }: World): Reply | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const extension = /\.(tar\.\w+|[A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const script = scripts[extension];
  if (script !== undefined) {
    return {
      text: script(marker),
      type: /^[cm]?js$/.test(extension) ? 'application/javascript' : 'text/plain; charset=utf-8',
    };
  }
  const binary: Record<string, () => Buffer> = {
    tgz: () => tarGzip(name, marker),
    'tar.gz': () => tarGzip(name, marker),
    crate: () => tarGzip(name, marker),
    tar: () => tarArchive(name, marker),
    zip: () => zipArchive(name, marker),
    whl: () => zipArchive(name, marker),
    vsix: () => zipArchive(name, marker),
    jar: () => zipArchive(name, marker),
    exe: () => windowsProgram(marker),
    dll: () => windowsProgram(marker),
    node: () => elfProgram(marker),
    so: () => elfProgram(marker),
    elf: () => elfProgram(marker),
    bin: () => elfProgram(marker),
    gz: () => tarGzip(name, marker),
  };
  const looksNative = extension === '' && /(linux|darwin|x64|x86_64|amd64|arm64|aarch64|musl)/i.test(name);
  const make = binary[extension] ?? (looksNative ? binary.elf : undefined);
  return make === undefined ? undefined : { bytes: make(), type: 'application/octet-stream' };
}

/** `curl …/install | sh`, `fetch('…/payload').then(eval)`: a name without extension that is meant to be run. */
function extensionlessScript({ path, method, headers }: Asked, { marker }: World): Reply | undefined {
  if (method !== 'GET') return undefined;
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (name.includes('.')) return undefined;
  const fromShell = /^(curl|wget)\//i.test(headers['user-agent'] ?? '');
  if (fromShell && /install|setup|get|boot|run|script|payload|stage|init|^$/.test(name))
    return { text: scripts.sh!(marker) };
  if (!/payload|stage|loader|inject|script|bundle|implant|dropper/.test(name)) return undefined;
  return { text: scripts.js!(marker), type: 'application/javascript' };
}

function webPage({ method, headers }: Asked): Reply | undefined {
  if (method !== 'GET' || !/text\/html/.test(headers.accept ?? '')) return undefined;
  return {
    text: '<!doctype html><html><head><title>Welcome</title></head><body><p>It works.</p></body></html>',
    type: 'text/html; charset=utf-8',
  };
}
