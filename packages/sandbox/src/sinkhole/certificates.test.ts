import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { issueLeaf, makeCa } from './certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
afterAll(() => rmSync(folder, { recursive: true }));
const ca = makeCa();

function verify(certPem: string, purpose: string[]): string {
  writeFileSync(join(folder, 'ca.pem'), ca.certPem);
  writeFileSync(join(folder, 'leaf.pem'), certPem);
  const args = ['verify', '-x509_strict', '-CAfile', join(folder, 'ca.pem'), ...purpose, join(folder, 'leaf.pem')];
  return execFileSync('openssl', args, { encoding: 'utf8' });
}

test.each([
  ['collect.invalid', ['-verify_hostname', 'collect.invalid']],
  ['198.51.100.7', ['-verify_ip', '198.51.100.7']],
  ['2001:db8::7:1', ['-verify_ip', '2001:db8::7:1']],
])('a leaf for %s is accepted under the strictest rules of an independent verifier', (host, purpose) => {
  expect(verify(issueLeaf(ca, host).certPem, ['-purpose', 'sslserver', ...purpose])).toContain('OK');
});

test('a leaf belongs to its key and to its authority only', () => {
  const { certPem, keyPem } = issueLeaf(ca, 'x.invalid');
  const leaf = new X509Certificate(certPem);
  expect(leaf.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
  expect(leaf.verify(new X509Certificate(ca.certPem).publicKey)).toBe(true);
  expect(leaf.verify(new X509Certificate(makeCa().certPem).publicKey)).toBe(false);
});

test('certificates hold under clocks set back a quarter and forward two years', () => {
  const leaf = new X509Certificate(issueLeaf(ca, 'x.invalid').certPem);
  const days = (count: number) => new Date(Date.now() + count * 86_400_000);
  expect(leaf.validFromDate < days(-90)).toBe(true);
  expect(leaf.validToDate > days(730)).toBe(true);
});

test('a name that cannot stand in a certificate still gets one', () => {
  for (const host of ['bad name\0.invalid', '', 'ü'.repeat(300), `${'a'.repeat(400)}.invalid`]) {
    expect(new X509Certificate(issueLeaf(ca, host).certPem).subjectAltName).toBe('DNS:invalid');
  }
});
