import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { isIP } from 'node:net';
import { bits, explicit, implicit, integer, octets, oid, sequence, set, time, toPem, truth, utf8 } from './der.ts';

/**
 * Certificates of one fixed shape (RFC 5280, ECDSA P-256 with SHA-256), written here and not by a certificate library: those
 * that exist cost 90 to 130 ms of CPU to load, more than a tenth of a whole run, and all that is needed of them is this page.
 */

/** A run's own authority. The leaf key is one for all leafs: they protect nothing. */
export type CertificateAuthority = { certPem: string; keyPem: string; leafKeyPem: string };
export type Leaf = { certPem: string; keyPem: string };

const day = 86_400_000;
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

/**
 * A new authority, unlike any other. Valid from a year before to ten years after `now`, because the sandbox's clock may be
 * set elsewhere.
 */
export function makeCa(options: { commonName?: string; now?: Date } = {}): CertificateAuthority {
  const { commonName = 'Internal Services Root CA', now = new Date() } = options;
  const [authority, leaf] = [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ];
  const certificate = signed(authority.privateKey, {
    issuer: commonName,
    subject: commonName,
    publicKey: authority.publicKey,
    now,
    years: 10,
    extensions: [
      extension('2.5.29.19', true, sequence(truth)),
      extension('2.5.29.15', true, bits(1, Buffer.from([0x06]))),
      extension('2.5.29.14', false, octets(keyIdentifier(authority.publicKey))),
    ],
  });
  return {
    certPem: toPem('CERTIFICATE', certificate),
    keyPem: pemOf(authority.privateKey),
    leafKeyPem: pemOf(leaf.privateKey),
  };
}

/** A server certificate for a host name or an address. A name that cannot stand in a certificate gets one for `invalid`. */
export function issueLeaf(
  ca: CertificateAuthority,
  host: string,
  options: { commonName?: string; now?: Date } = {},
): Leaf {
  const { commonName = 'Internal Services Root CA', now = new Date() } = options;
  const caKey = createPrivateKey(ca.keyPem);
  const publicKey = createPublicKey(ca.leafKeyPem);
  const name = alternativeName(host);
  const certificate = signed(caKey, {
    issuer: commonName,
    subject: host.slice(0, 64).replace(/[^\x20-\x7e]/g, '?'),
    publicKey,
    now,
    years: 3,
    extensions: [
      extension('2.5.29.19', true, sequence()),
      extension('2.5.29.15', true, bits(7, Buffer.from([0x80]))),
      extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
      extension('2.5.29.17', false, sequence(name)),
      extension('2.5.29.14', false, octets(keyIdentifier(publicKey))),
      extension('2.5.29.35', false, sequence(implicit(0, keyIdentifier(createPublicKey(caKey))))),
    ],
  });
  return { certPem: toPem('CERTIFICATE', certificate) + ca.certPem, keyPem: ca.leafKeyPem };
}

type Contents = {
  issuer: string;
  subject: string;
  publicKey: KeyObject;
  now: Date;
  years: number;
  extensions: Buffer[];
};

function signed(key: KeyObject, contents: Contents): Buffer {
  const { issuer, subject, publicKey, now, years, extensions } = contents;
  const validity = sequence(
    time(new Date(now.getTime() - 365 * day)),
    time(new Date(now.getTime() + years * 365 * day)),
  );
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(randomBytes(16)),
    ecdsaWithSha256,
    nameOf(issuer),
    validity,
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  return sequence(body, ecdsaWithSha256, bits(0, sign('sha256', body, key)));
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [truth] : []), octets(value));
}

function alternativeName(host: string): Buffer {
  const version = isIP(host);
  if (version !== 0) return implicit(7, addressBytes(host, version));
  const name = /^[A-Za-z0-9_*-][A-Za-z0-9._*-]{0,252}$/.test(host) ? host : 'invalid';
  return implicit(2, Buffer.from(name, 'latin1'));
}

function addressBytes(address: string, version: number): Uint8Array {
  if (version === 4) return Uint8Array.from(address.split('.'), Number);
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const all = [...first, ...new Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0), ...last];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** RFC 5280 §4.2.1.2, method 1: the digest of the key's bits, for which any digest of it may stand. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
